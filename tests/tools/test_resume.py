"""Runs that are stopped or killed and go on."""

import csv
import os
import signal
import subprocess
import time
import unittest

from support import ARQ, MISBEHAVING, TINY, Case

ROLLOUT = ["--preset", "replay-fast", "--widths", "8", "--heads", "1", "--batch", "8", "--experience", "rollout",
           "--rollout", "64", "--evaluation_episodes", "5", "--threads", "1"]


class Resume(Case):
    def rows(self, *parts):
        """Without the columns that are times."""
        with open(self.path(*parts), encoding="utf-8", newline="") as file:
            return [{name: value for name, value in row.items() if "seconds" not in name}
                    for row in csv.DictReader(file)]

    def bytes(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def start(self, *words):
        process = subprocess.Popen([ARQ, "train", *words], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def rows_so_far(self, run):
        try:
            return len(self.rows(run, "log.csv"))
        except FileNotFoundError:  # not begun, or an older run's that is just removed
            return 0

    def stop(self, process, run, number, rows):
        """Sends the signal once the log has so many rows and there is a checkpoint of about that time."""
        end = time.monotonic() + 60
        while process.poll() is None:
            self.assertLess(time.monotonic(), end)
            if os.path.exists(self.path(run, "checkpoint", "run.safetensors")) and self.rows_so_far(run) >= rows:
                break
            time.sleep(0.005)
        time.sleep(0.01)
        self.assertIsNone(process.poll(), "the training was over before it could be stopped")
        process.send_signal(number)
        self.assertEqual(process.communicate(timeout=60)[1], "")
        self.assertEqual(process.returncode, -number)

    def same_run(self, one, other):
        for name in ("config.txt", "network.safetensors", "episodes.csv", "result.csv"):
            self.assertEqual(self.bytes(one, name), self.bytes(other, name), name)
        self.assertEqual(self.rows(one, "log.csv"), self.rows(other, "log.csv"))

    def test_a_run_that_was_stopped_and_killed_is_one_that_was_not(self):
        for name, flags, steps in (("replay", TINY, "60000"), ("rollout", ROLLOUT, "60000"),
                                   ("many", [*ROLLOUT, "--environments", "5", "--minibatches_per_step", "1"], "100000")):
            with self.subTest(name):
                words = ["minatar/breakout", *flags, "--steps", steps, "--quiet"]
                self.arq("train", *words, "--out", f"{name}-whole")
                self.stop(self.start(*words, "--out", name, "--checkpoint", "0.01"), name, signal.SIGTERM, 2)
                self.stop(self.start("--resume", name, "--checkpoint", "0.01"), name, signal.SIGKILL, 6)
                self.arq("train", "--resume", name, "--quiet")
                self.same_run(f"{name}-whole", name)

    def test_a_complete_run_becomes_longer(self):
        self.arq("train", "minatar/breakout", *ROLLOUT, "--steps", "5000", "--out", "whole")
        self.arq("train", "minatar/breakout", *ROLLOUT, "--steps", "3000", "--out", "longer")
        said = self.arq("train", "--resume", "longer", "--steps", "5000").stdout
        self.assertIn("resumed after 3000 steps\n", said)
        self.same_run("whole", "longer")
        replay = ["minatar/breakout", *TINY, "--quiet"]
        self.arq("train", *replay, "--steps", "5000", "--out", "whole-replay")
        self.arq("train", *replay, "--steps", "3000", "--out", "kept", "--keep-replay")
        self.arq("train", *replay, "--steps", "3000", "--out", "left")
        self.assertLess(sum(map(os.path.getsize, self.files("left"))), sum(map(os.path.getsize, self.files("kept"))))
        self.arq("train", "--resume", "kept", "--steps", "5000", "--quiet")
        self.same_run("whole-replay", "kept")
        said = self.arq("train", "--resume", "left", "--steps", "5000").stdout
        self.assertIn("resumed after 3000 steps; the replay was not kept and fills anew\n", said)
        self.assertEqual([row["steps"] for row in self.rows("left", "log.csv")], ["2000", "4000", "5000"])

    def files(self, run):
        folder = self.path(run, "checkpoint")
        return [os.path.join(folder, name) for name in os.listdir(folder)]

    def test_what_may_change_and_what_not(self):
        self.arq("train", "minatar/breakout", *ROLLOUT, "--steps", "1000", "--out", "run", "--environments", "3", "--quiet")
        config = self.read("run", "config.txt")
        for flags, text in ((["--gamma", "0.5"], "gamma is 0.99 in the file, 0.5 in this agent"),
                            (["--environments", "4"], "instances is 3 in the file, 4 in this agent")):
            self.refused(1, f"arq train: run/checkpoint/run.safetensors: {text}", "train", "--resume", "run", *flags)
        self.assertEqual(self.read("run", "config.txt"), config)
        self.arq("train", "--resume", "run", "--learning_rate", "0.01", "--steps", "2000", "--quiet")
        self.assertIn("learning_rate = 0.01  # set\n", self.read("run", "config.txt"))
        self.assertIn("total_steps = 2000  # set\n", self.read("run", "config.txt"))
        self.assertIn("heads = 1  # set\n", self.read("run", "config.txt"))
        self.assertIn("environments = 3\n", self.read("run", "config.txt"))

    def test_refusals(self):
        self.refused(2, "arq train: the environment's id, such as minatar/breakout, is missing", "train")
        for flag in ("--out", "--preset"):
            self.refused(2, f"arq train: --resume and {flag} exclude each other", "train", "--resume", "run", flag, "x")
        for flag in ("--force", "--no-save"):
            self.refused(2, f"arq train: --resume and {flag} exclude each other", "train", "--resume", "run", flag)
        self.refused(1, "arq train: cannot open none/checkpoint/run.safetensors: No such file or directory",
                     "train", "--resume", "none")

    def test_rows_that_are_missing_are_noticed(self):
        self.arq("train", "minatar/breakout", *ROLLOUT, "--steps", "3000", "--out", "run", "--quiet")
        size = os.path.getsize(self.path("run", "episodes.csv"))
        os.truncate(self.path("run", "episodes.csv"), size - 20)
        done = self.arq("train", "--resume", "run", "--steps", "4000", code=1)
        self.assertIn(f"run/episodes.csv has {size - 20} bytes; its run's checkpoint knows {size}: rows are missing",
                      done.stderr)

    def test_force_removes_the_checkpoint_of_another_run(self):
        self.arq("train", "minatar/breakout", *ROLLOUT, "--steps", "1000", "--out", "run", "--quiet")
        self.stop(self.start("minatar/breakout", *ROLLOUT, "--steps", "1e9", "--out", "run", "--force", "--seed", "5"),
                  "run", signal.SIGKILL, 2)
        process = self.start("--resume", "run")
        self.stop(process, "run", signal.SIGTERM, 3)
        self.assertIn("seed = 5  # set\n", self.read("run", "config.txt"))

    def test_a_plugin_that_only_the_run_names_is_not_loaded(self):
        self.arq("train", f"{MISBEHAVING}?fault=none", *ROLLOUT, "--steps", "500", "--out", "run", "--quiet")
        done = self.arq("train", "--resume", "run", "--steps", "800", code=1)
        self.assertIn("which is loaded only when you name it", done.stderr)
        self.arq("train", "--resume", "run", "--steps", "800", "--quiet", "--trust")
        said = self.arq("train", MISBEHAVING, "--resume", "run", "--steps", "900").stdout
        self.assertIn("resumed after 800 steps", said)

    def test_an_environment_without_a_state_begins_a_new_episode(self):
        self.arq("train", MISBEHAVING, *ROLLOUT, "--steps", "505", "--out", "run", "--quiet")
        done = self.arq("train", MISBEHAVING, "--resume", "run", "--steps", "900")
        self.assertIn("1 of 1 environments have no saved state and begin a new episode", done.stderr)
        self.assertIn("resumed after 505 steps; new episodes begin", done.stdout)
        lengths = [int(row["length"]) for row in self.rows("run", "episodes.csv")]
        steps = [int(row["step"]) for row in self.rows("run", "episodes.csv")]
        self.assertEqual(steps, [sum(lengths[:i + 1]) for i in range(len(lengths))])
        self.assertIn("505", [row["step"] for row in self.rows("run", "episodes.csv") if row["end"] == "failed"])


if __name__ == "__main__":
    unittest.main()
