"""Runs the arq program: alone, and on a terminal of its own."""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

ARQ = os.environ["ARQ_PROGRAM"]
MISBEHAVING = os.environ["ARQ_MISBEHAVING"]

# A network that learns nothing much, but soon.
TINY = ["--preset", "replay-fast", "--widths", "8", "--heads", "1", "--batch", "8", "--learning_starts", "100",
        "--train-period", "8", "--replay_capacity", "5000", "--exploration_steps", "1000", "--evaluation_episodes", "5",
        "--threads", "1"]

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class Case(unittest.TestCase):
    """A test in a folder of its own, which is gone afterwards."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="arq-test-")
        self.addCleanup(shutil.rmtree, folder)
        self.folder = folder

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def read(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def arq(self, *words, code=0, env=None):
        """Runs the program without a terminal; its output must be plain text."""
        done = subprocess.run([ARQ, *words], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, f"arq {' '.join(words)}\n{done.stdout}\n{done.stderr}")
        self.assertNotRegex(done.stdout + done.stderr, CONTROL)
        return done

    def refused(self, code, text, *words):
        """The program says just this line."""
        done = self.arq(*words, code=code)
        self.assertEqual(done.stderr, text + "\n")

    @contextlib.contextmanager
    def terminal(self, *words, columns=80, rows=24, env=None):
        terminal = Terminal([ARQ, *words], self.folder, columns, rows, env or {})
        try:
            yield terminal
        finally:
            terminal.close()


class Terminal:
    """A program on a pseudo terminal."""

    def __init__(self, words, folder, columns, rows, env):
        try:
            self.outer, self.inner = pty.openpty()
        except OSError as error:  # such as a chroot without /dev/pts
            raise unittest.SkipTest(f"no pseudo terminal can be had here: {error}") from error
        fcntl.ioctl(self.inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.inner)
        self.output = ""
        self.process = subprocess.Popen(words, cwd=folder, stdin=self.inner, stdout=self.inner, stderr=self.inner,
                                        start_new_session=True,
                                        env={**os.environ, "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor", **env},
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def mode(self):
        return termios.tcgetattr(self.inner)

    def type(self, keys):
        os.write(self.outer, keys.encode())

    def read(self, seconds):
        if select.select([self.outer], [], [], seconds)[0]:
            self.output += os.read(self.outer, 65536).decode(errors="replace")

    def wait_for(self, text, seconds=60):
        """Reads until the text has come, and forgets what was up to its end."""
        end = time.monotonic() + seconds
        while text not in self.output:
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} did not come, but {self.output[-2000:]!r}")
            self.read(0.1)
        head, _, self.output = self.output.partition(text)
        return head

    def wait_end(self, seconds=60):
        """Its exit code; everything it wrote is in output."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"it does not end; {self.output[-2000:]!r}")
            self.read(0.05)
        while select.select([self.outer], [], [], 0.05)[0]:
            self.read(0)
        return self.process.returncode

    def signal(self, number):
        self.process.send_signal(number)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.outer)
        os.close(self.inner)
