"""Trainings that are stopped or killed and go on."""

import csv
import os
import signal
import subprocess
import sys
import time
import unittest
from unittest import mock

from support import TRAINING, Case, Corridor, main, need

import libarq

PROGRAM = os.environ.get("ARQ_PROGRAM")
GAME = "minatar/breakout"
REPLAY = {**TRAINING, "progress": False}
ROLLOUT = {"preset": None, "experience": "rollout", "rollout": 64, "widths": 8, "heads": 1, "batch": 8,
           "evaluation_episodes": 5, "progress": False}

SCRIPT = """
import sys
import libarq
libarq.train({game!r}, out={out!r}, resume=True, checkpoint=0.02, **{settings!r})
"""


class StopAt(libarq.Callback):
    """Stops like Ctrl-C, between two steps."""

    def __init__(self, steps):
        self.steps = steps

    def on_steps(self, training):
        if training.run.steps >= self.steps:
            os.kill(os.getpid(), signal.SIGINT)
            self.steps = float("inf")


class Resume(Case):
    def same(self, one, other):
        for name in ("config.txt", "network.safetensors", "episodes.csv", "result.csv"):
            self.assertEqual((self.folder / one / name).read_bytes(), (self.folder / other / name).read_bytes(), name)
        self.assertEqual(self.rows(one), self.rows(other))

    def rows(self, run):
        """Of log.csv, without the columns that are times."""
        with open(self.folder / run / "log.csv", encoding="utf-8", newline="") as file:
            return [{name: value for name, value in row.items() if "seconds" not in name}
                    for row in csv.DictReader(file)]

    def test_a_training_that_was_stopped_is_one_that_was_not(self):
        for name, settings in (("replay", REPLAY), ("rollout", {**ROLLOUT, "environments": 3})):
            with self.subTest(name):
                settings = {**settings, "total_steps": 6600}
                whole = libarq.train(GAME, out=self.folder / f"{name}-whole", **settings)
                for callbacks in ([StopAt(2500)], [StopAt(4700)]):
                    with self.assertRaises(libarq.Interrupted) as caught:
                        libarq.train(GAME, out=self.folder / name, resume=True, callbacks=callbacks, **settings)
                    caught.exception.training.close()
                training = libarq.resume(self.folder / name, progress=False)
                self.assertEqual(training.resumed, libarq.Resumed.RESUMED)
                self.assertEqual(training.episodes, whole.episodes)
                self.same(f"{name}-whole", name)

    def start(self, out, settings):
        script = SCRIPT.format(game=GAME, out=str(self.folder / out), settings=settings)
        process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def stop(self, process, out, number, rows):
        end = time.monotonic() + 120
        log = self.folder / out / "log.csv"
        while process.poll() is None and time.monotonic() < end:
            if (self.folder / out / "checkpoint" / "run.safetensors").exists() and len(log.read_text().split("\n")) > rows:
                break
            time.sleep(0.01)
        self.assertIsNone(process.poll(), "the training was over before it could be stopped")
        process.send_signal(number)
        self.assertEqual(process.communicate(timeout=60)[1], "")
        self.assertEqual(process.returncode, -number)

    def test_a_training_that_was_killed_is_one_that_was_not(self):
        settings = {**REPLAY, "total_steps": 60000}
        libarq.train(GAME, out=self.folder / "whole", **settings).close()
        for number, rows in ((signal.SIGKILL, 3), (signal.SIGTERM, 6), (signal.SIGHUP, 9)):
            self.stop(self.start("run", settings), "run", number, rows)
        libarq.resume(self.folder / "run", progress=False).close()
        self.same("whole", "run")

    @unittest.skipUnless(PROGRAM, "the program arq was not built (option tools)")
    def test_the_program_goes_on_with_ours_and_we_with_its(self):
        settings = {**ROLLOUT, "total_steps": 6600}
        libarq.train(GAME, out=self.folder / "whole", **settings).close()
        with self.assertRaises(libarq.Interrupted):
            libarq.train(GAME, out=self.folder / "ours", callbacks=[StopAt(3100)], **settings)
        subprocess.run([PROGRAM, "train", "--resume", str(self.folder / "ours"), "--quiet", "--threads", "1"], check=True,
                       stdout=subprocess.DEVNULL, timeout=120)
        self.assertEqual(self.rows("ours"), self.rows("whole"))
        for name in ("config.txt", "network.safetensors", "episodes.csv"):
            self.assertEqual((self.folder / "ours" / name).read_bytes(), (self.folder / "whole" / name).read_bytes())
        flags = [f"--{name}={value}" for name, value in settings.items() if name not in ("preset", "progress")]
        for steps in ("3000", "6600"):
            folder = self.folder / steps
            subprocess.run([PROGRAM, "train", GAME, "--preset", "replay-fast", *flags, "--total_steps", steps, "--out", folder,
                            "--quiet", "--threads", "1"], check=True, stdout=subprocess.DEVNULL, timeout=120)
        training = libarq.resume(self.folder / "3000", total_steps=6600, progress=False)
        self.assertEqual(training.resumed, libarq.Resumed.RESUMED)
        self.same("6600", "3000")

    def test_what_may_change_and_what_not(self):
        libarq.train(GAME, out=self.folder / "run", total_steps=500, **ROLLOUT).close()
        with self.assertRaisesRegex(libarq.ShapeError, "gamma is 0.99 in the file, 0.5 in this agent"):
            libarq.resume(self.folder / "run", gamma=0.5, progress=False)
        config = (self.folder / "run" / "config.txt").read_text()
        self.assertIn("total_steps = 500", config)
        training = libarq.resume(self.folder / "run", learning_rate=0.01, total_steps=900, progress=False)
        self.assertEqual((training.run.steps, training.config["learning_rate"]), (900, 0.01))
        config = (self.folder / "run" / "config.txt").read_text()
        self.assertIn("learning_rate = 0.01  # set\n", config)
        self.assertIn("gamma = 0.99  # default\n", config)
        self.assertIn(f"environment = {GAME}\n", config)
        resumable = {row.name for row in libarq.parameters() if row.resume}
        self.assertTrue({"learning_rate", "total_steps", "replay_capacity"} <= resumable)
        self.assertFalse({"gamma", "seed", "widths"} & resumable)

    def test_resume_begins_where_there_is_nothing(self):
        training = libarq.train(GAME, out=self.folder / "new", resume=True, total_steps=300, **ROLLOUT)
        self.assertEqual(training.resumed, libarq.Resumed(0))
        self.assertTrue((self.folder / "new" / "checkpoint" / "run.safetensors").exists())
        again = libarq.train(GAME, out=self.folder / "new", resume=True, total_steps=300, **ROLLOUT)
        self.assertEqual((again.resumed, again.run.steps), (libarq.Resumed.RESUMED, 300))
        with self.assertRaisesRegex(FileExistsError, "holds a run already"):
            libarq.train(GAME, out=self.folder / "new", total_steps=300, **ROLLOUT)
        with self.assertRaisesRegex(TypeError, "resume needs out"):
            libarq.Training(GAME, resume=True, **ROLLOUT)
        with self.assertRaises(libarq.FileError):
            libarq.resume(self.folder / "nothing")
        (self.folder / "new" / "checkpoint" / "run.safetensors").unlink()
        with self.assertRaisesRegex(FileExistsError, "holds a run already"):
            libarq.train(GAME, out=self.folder / "new", resume=True, total_steps=300, **ROLLOUT)
        libarq.train(GAME, out=self.folder / "new", force=True, total_steps=100, **ROLLOUT)
        self.assertEqual(len(self.rows("new")), 1)

    def test_save_is_of_the_whole_training(self):
        with libarq.Training(GAME, total_steps=900, **ROLLOUT) as training:
            training.learn(400)
            training.save(self.folder / "kept")
            with self.assertRaisesRegex(ValueError, r"network.save\(\)"):
                training.save(self.folder / "n.safetensors")
            with self.assertRaisesRegex(TypeError, "folder is missing"):
                training.save()
            training.learn()
            with libarq.Checkpoint.open(self.folder / "kept") as saved, libarq.Environment.open(GAME) as env:
                self.assertEqual((saved.instances, saved.text("none")), (1, None))
                run = libarq.Run(env, config=saved.config())
                self.assertEqual(run.resumed, libarq.Resumed(0))
                run.load(self.folder / "kept")
                self.assertEqual((run.steps, run.resumed), (400, libarq.Resumed.RESUMED))
                while run.advance(900):
                    pass
                for name, tensor in training.network.tensors.as_dict().items():
                    self.assertEqual(tensor.tobytes(), run.agent.network.tensors[name].tobytes(), name)

    def test_checkpoints(self):
        with libarq.Environment.open(GAME) as env:
            run = libarq.Run(env, **TRAINING)
            run.advance(50)
            copied = libarq.Checkpoint.copy(run, self.folder / "c", replay=False)
            with self.assertRaisesRegex(libarq.BusyError, "earlier checkpoint"):
                libarq.Checkpoint.copy(run, self.folder / "c")
            copied.set_text("name", "valü")
            with self.assertRaises(libarq.ArgumentError):
                copied.set_text("name", "other")
            copied.write()
            copied.close()
            with libarq.Checkpoint.open(self.folder / "c") as saved:
                self.assertEqual(saved.text("name"), "valü")
                with self.assertRaises(libarq.OrderError):
                    saved.write()
            run.load(self.folder / "c")
            self.assertIn(libarq.Resumed.NEW_REPLAY, run.resumed)
            with self.assertRaisesRegex(libarq.OrderError, "belongs to a run"):
                run.agent.load(self.folder / "c" / "run.safetensors")
            run.save(self.folder / "c")
            run.load(self.folder / "c")
            self.assertEqual(run.resumed, libarq.Resumed.RESUMED)
        with self.assertRaisesRegex(TypeError, "Checkpoint.copy"):
            libarq.Checkpoint()

    def test_an_environment_without_a_state_begins_a_new_episode(self):
        settings = {**ROLLOUT, "total_steps": 400}
        with self.assertRaises(libarq.Interrupted) as caught:
            libarq.train(Corridor(60), out=self.folder / "run", callbacks=[StopAt(203)], evaluate=False, **settings)
        stopped = caught.exception.training.run.steps
        with self.assertLogs("libarq", "WARNING") as logged:
            training = libarq.resume(self.folder / "run", Corridor(60), evaluate=False, progress=False)
        self.assertIn("no saved state and begin a new episode", logged.output[0])
        self.assertIn(libarq.Resumed.NEW_EPISODES, training.resumed)
        failed = [episode for episode in training.episodes if episode.end == "failed"]
        self.assertEqual([episode.step for episode in failed], [stopped])
        lengths = [episode.length for episode in training.episodes]
        self.assertEqual([episode.step for episode in training.episodes],
                         [sum(lengths[:i + 1]) for i in range(len(lengths))])
        with open(self.folder / "run" / "episodes.csv", encoding="utf-8", newline="") as file:
            self.assertEqual([int(row["step"]) for row in csv.DictReader(file)],
                             [episode.step for episode in training.episodes])

    def test_rows_are_on_the_disk_before_the_checkpoint_that_counts_on_them(self):
        settled, checkpoints = set(), []
        flush, write = os.fsync, libarq.Checkpoint.write

        def watched_flush(file):
            settled.add(os.fstat(file).st_ino)
            flush(file)

        def watched_write(checkpoint):
            checkpoints.append(frozenset(settled))
            settled.clear()
            write(checkpoint)

        with mock.patch("os.fsync", watched_flush), mock.patch.object(libarq.Checkpoint, "write", watched_write):
            libarq.train(GAME, out=self.folder / "run", **{**REPLAY, "total_steps": 4000}, checkpoint=0.02)
        tables = {(self.folder / "run" / name).stat().st_ino for name in ("log.csv", "episodes.csv")}
        self.assertGreaterEqual(len(checkpoints), 2)
        for of_one in checkpoints:
            self.assertLessEqual(tables, of_one)

    def test_a_vector_environment_begins_new_episodes(self):
        gymnasium = need("gymnasium")
        settings = {**ROLLOUT, "total_steps": 900}

        def worlds():
            return gymnasium.make_vec("CartPole-v1", num_envs=3)

        with self.assertRaises(libarq.Interrupted) as caught:
            libarq.train(worlds(), out=self.folder / "run", callbacks=[StopAt(401)], evaluate=False, **settings)
        stopped = caught.exception.training
        with self.assertLogs("libarq", "WARNING") as logged:
            training = libarq.resume(self.folder / "run", worlds(), evaluate=False, progress=False, total_steps=1200)
        self.assertIn(f"resumed after {stopped.run.steps} steps", logged.output[0])
        self.assertEqual(training.resumed, libarq.Resumed.RESUMED | libarq.Resumed.NEW_EPISODES)
        self.assertEqual(training.run.steps, 1200)
        self.assertGreater(training.agent.metric("updates"), stopped.agent.metric("updates"))
        self.assertEqual(training.episodes[: len(stopped.episodes)], stopped.episodes)
        played = sum(episode.length for episode in training.episodes)
        self.assertLessEqual(played, 1200)
        self.assertEqual({episode.step for episode in training.episodes if episode.end == "failed"}, {stopped.run.steps})
        with open(self.folder / "run" / "episodes.csv", encoding="utf-8", newline="") as file:
            self.assertEqual([int(row["length"]) for row in csv.DictReader(file)],
                             [episode.length for episode in training.episodes])
        files = os.listdir(self.folder / "run" / "checkpoint")
        self.assertEqual(sorted(files), ["agent-1200.safetensors", "run.json"])
        with self.assertRaisesRegex(libarq.ShapeError, "gamma is 0.99 in the file, 0.5 in this agent"):
            libarq.resume(self.folder / "run", worlds(), gamma=0.5, progress=False)
        with self.assertRaisesRegex(libarq.ShapeError, "instances is 3 in the file, 2 in this run"):
            libarq.resume(self.folder / "run", gymnasium.make_vec("CartPole-v1", num_envs=2), progress=False)
        (self.folder / "run" / "checkpoint" / "run.json").write_text("[]")
        with self.assertRaisesRegex(ValueError, "no checkpoint of a training in a vector environment"):
            libarq.resume(self.folder / "run", worlds(), progress=False)

    def test_a_checkpoint_that_cannot_be_written_stops_nothing(self):
        class Block(libarq.Callback):
            def on_start(self, training):
                (training.out / "checkpoint").write_text("no folder")

        with self.assertLogs("libarq", "WARNING") as logged, self.assertRaises(libarq.FileError):
            libarq.train(GAME, out=self.folder / "run", callbacks=[Block()], checkpoint=0.01, total_steps=30000, **ROLLOUT)
        self.assertIn("the training goes on", logged.output[0])
        self.assertEqual(self.rows("run")[-1]["steps"], "30000")


if __name__ == "__main__":
    main()
