"""Playing in the terminal, and recording."""

import os
import re
import signal
import unittest

from support import MISBEHAVING, TINY, Case

ENTER = "\x1b[?1049h"
LEAVE = "\x1b[?25h\x1b[?1049l"


class Play(Case):
    def train(self):
        self.arq("train", "minatar/breakout", *TINY, "--steps", "200", "--out", "run", "--quiet")

    def check_restored(self, terminal):
        self.assertIn(LEAVE, terminal.output)
        self.assertNotIn(ENTER, terminal.output.rpartition(LEAVE)[2])
        self.assertEqual(terminal.mode(), terminal.before)

    def test_a_person_plays_twice(self):
        with self.terminal("play", "minatar/breakout", "--fps", "60", "--seed", "1") as terminal:
            terminal.wait_for(ENTER)
            terminal.wait_for("minatar/breakout  score 0")
            self.assertNotEqual(terminal.mode(), terminal.before)
            terminal.type("d\x1b[Ca\x1b[Dp")
            terminal.wait_for("paused")
            terminal.type("p")
            head = terminal.wait_for("game over: score")
            self.assertIn("\u2580", head)
            self.assertIn("0 none 1 left 2 right", head)
            terminal.type(" ")
            self.assertIn("  best ", terminal.wait_for("step 0\x1b"))
            terminal.wait_for("game over: score")
            terminal.type("q")
            self.assertEqual(terminal.wait_end(), 0)
            self.check_restored(terminal)
            self.assertIn("2 games, best score", terminal.output)

    def test_keys_are_actions(self):
        def columns_of_paddle(keys):
            with self.terminal("play", "minatar/breakout?sticky=0", "--wait", "--seed", "1", columns=24, rows=10,
                               env={"COLORTERM": ""}) as terminal:
                terminal.wait_for("step 0")
                for step, key in enumerate(keys, 1):
                    terminal.type(key)
                    terminal.wait_for(f"step {step}\x1b")
                terminal.output = ""
                terminal.type("?")  # means nothing: draws again
                terminal.wait_for("step ")
                terminal.type("p")
                lines = terminal.wait_for("paused").split("\r\n")
                terminal.type("q")
                self.assertEqual(terminal.wait_end(), 0)
                return next(line for line in reversed(lines) if "\u2580" in line)
        left = columns_of_paddle(["a", "\x1b[D"])
        self.assertEqual(left, columns_of_paddle(["1", "\x1bOD"]))
        self.assertNotEqual(left, columns_of_paddle(["d", "2"]))

    def test_the_world_waits_where_nothing_cannot_be_done(self):
        with self.terminal("play", "classic/frozenlake", "--fps", "60", "--seed", "1") as terminal:
            terminal.wait_for("step 0")
            terminal.read(0.5)
            self.assertNotIn("step 1", terminal.output)
            terminal.type("s")
            terminal.wait_for("step 1")
            terminal.type("q")
            self.assertEqual(terminal.wait_end(), 0)

    def test_an_agent_is_shown(self):
        self.train()
        with self.terminal("play", "run", "--fps", "60", "--episodes", "1", "--seed", "1",
                           env={"LC_ALL": "C"}) as terminal:
            self.assertEqual(terminal.wait_end(), 0)
            self.assertIn("Q: ", terminal.output)
            self.assertNotIn("\u2580", terminal.output)
            self.check_restored(terminal)
            self.assertIn("1 game, best score", terminal.output)

    def test_signals_restore_the_terminal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV):
            with self.subTest(number), self.terminal("play", "minatar/breakout") as terminal:
                terminal.wait_for("step 1")
                terminal.signal(number)
                self.assertEqual(terminal.wait_end(), -number)
                self.check_restored(terminal)

    def test_failing_environments_restore_the_terminal(self):
        with self.terminal("play", MISBEHAVING + "?fault=crash", "--fps", "60") as terminal:
            self.assertEqual(terminal.wait_end(), -signal.SIGABRT)
            self.check_restored(terminal)
        with self.terminal("play", MISBEHAVING + "?fault=reward", "--fps", "60") as terminal:
            self.assertEqual(terminal.wait_end(), 1)
            self.check_restored(terminal)
            self.assertRegex(terminal.output, r"arq play: misbehaving/world.*reward is (-)?nan")

    def test_without_a_terminal(self):
        self.refused(2, "arq play: it needs a terminal; without one: arq eval RUN, or arq play RUN --record FILE.gif",
                     "play", "minatar/breakout")
        self.refused(2, "arq play: --record shows an agent: name a run or a network's file",
                     "play", "minatar/breakout", "--record", "a.gif")

    def tool(self, content):
        """A stand-in for ffmpeg, alone in its PATH."""
        os.makedirs(self.path("bin"), exist_ok=True)
        with open(self.path("bin", "ffmpeg"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + content)
        os.chmod(self.path("bin", "ffmpeg"), 0o755)
        return {"PATH": self.path("bin")}

    def test_recording_with_a_tool(self):
        self.train()
        tool = self.tool('[ "$1" = -version ] && exit 0\nfor last; do :; done\nexec /bin/cat > "$last"\n')
        output = self.arq("play", "run", "--record", "a b.gif", "--episodes", "2", env=tool).stdout
        frames = int(re.match(r"(\d+) frames in a b.gif\n", output)[1])
        with open(self.path("a b.gif"), "rb") as file:
            self.assertEqual(file.read(), b"".join(file_content for file_content in self.pictures(frames)))

    def pictures(self, frames):
        """The same episodes as numbered pictures."""
        self.arq("play", "run", "--record", "same.ppm", "--episodes", "2")
        names = sorted(name for name in os.listdir(self.folder) if name.startswith("same-"))
        self.assertEqual(names, [f"same-{i + 1:05}.ppm" for i in range(frames)])
        for name in names:
            with open(self.path(name), "rb") as file:
                content = file.read()
            self.assertEqual(content[:15], b"P6\n320 320\n255\n")
            self.assertEqual(len(content), 15 + 320 * 320 * 3)
            yield content

    def test_recording_with_a_tool_that_fails(self):
        self.train()
        tool = self.tool('[ "$1" = -version ] && exit 0\nexit 3\n')
        done = self.arq("play", "run", "--record", "a.gif", env=tool, code=1)
        self.assertIn("arq play: ffmpeg could not write a.gif (exit code 3)\n", done.stderr)

    def test_recording_without_a_tool(self):
        self.train()
        os.mkdir(self.path("nothing"))
        done = self.arq("play", "run", "--record", "a.gif", env={"PATH": self.path("nothing")})
        self.assertEqual(done.stderr, "arq play: warning: a.gif needs ffmpeg or ImageMagick, which is not installed: "
                                      "writing numbered .ppm pictures instead\n")
        self.assertIn("frames from a-00001.ppm on", done.stdout)
        self.refused(2, "arq play: --record is 'a.avi'; accepted: a file that ends in .gif, .mp4, .png or .ppm",
                     "play", "run", "--record", "a.avi")


if __name__ == "__main__":
    unittest.main()
