"""Trainings: the same results as the program arq, logs, callbacks and evaluation."""

import contextlib
import csv
import io
import os
import subprocess

import numpy as np
from support import TRAINING, Case, Corridor, main, need

import libarq

GAME = "minatar/breakout"


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Trainings(Case):
    def test_it_is_what_the_program_trains(self):
        program = os.environ.get("ARQ_PROGRAM")
        if not program:
            self.skipTest("the program arq was not built (option tools)")
        flags = [part for name, value in TRAINING.items() for part in (f"--{name}", str(value))]
        theirs, ours = self.folder / "program", self.folder / "python"
        subprocess.run([program, "train", GAME, "--steps", "2500", "--seed", "4", *flags, "--quiet", "--threads", "1",
                        "--out", theirs], check=True, timeout=120, stdout=subprocess.DEVNULL)
        with libarq.train(GAME, seed=4, total_steps=2500, out=ours, progress=False, **TRAINING) as training:
            mean = training.evaluation.mean
        for name in ("network.safetensors", "episodes.csv"):
            self.assertEqual((theirs / name).read_bytes(), (ours / name).read_bytes(), name)
        for a, b in zip(read(theirs / "log.csv"), read(ours / "log.csv")):
            self.assertEqual(*({name: text for name, text in row.items() if "seconds" not in name} for row in (a, b)))
        for a, b in zip(read(theirs / "result.csv"), read(ours / "result.csv")):
            self.assertEqual((a.pop("player"), a.keys()), (b.pop("player"), b.keys()))
            self.assertTrue(np.allclose(list(map(float, a.values())), list(map(float, b.values())), rtol=1e-12))
        self.assertEqual(float(read(ours / "result.csv")[0]["mean"]), mean)
        lines = [(folder / "config.txt").read_text().split("  #") for folder in (theirs, ours)]
        self.assertEqual(lines[0][0], lines[1][0])
        said = subprocess.run([program, "eval", ours], check=True, timeout=60, capture_output=True, text=True).stdout
        self.assertIn(f"{mean:.3f}", said)

    def test_many_environments_are_what_the_program_trains(self):
        program = os.environ.get("ARQ_PROGRAM")
        if not program:
            self.skipTest("the program arq was not built (option tools)")
        settings = {"widths": 8, "heads": 1, "batch": 16, "experience": "rollout", "rollout": 64, "evaluation_episodes": 6}
        flags = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        theirs, ours = self.folder / "program", self.folder / "python"
        subprocess.run([program, "train", GAME, "--environments", "7", "--steps", "3001", "--seed", "4", *flags, "--quiet",
                        "--out", theirs], check=True, timeout=120, stdout=subprocess.DEVNULL)
        libarq.train(GAME, environments=7, seed=4, total_steps=3001, out=ours, progress=False, **settings).close()
        for name in ("config.txt", "network.safetensors", "episodes.csv"):
            self.assertEqual((theirs / name).read_bytes(), (ours / name).read_bytes(), name)
        for name in ("steps", "episodes", "mean_return"):
            a, b = ([row[name] for row in read(folder / "log.csv")] for folder in (theirs, ours))
            self.assertEqual(a, b, name)

    def test_logs_are_read_by_pandas(self):
        pandas = need("pandas")
        libarq.train(GAME, total_steps=2500, out=self.folder, evaluate=False, progress=False, **TRAINING).close()
        log = pandas.read_csv(self.folder / "log.csv")
        self.assertEqual(log["steps"].tolist(), [2000, 2500])
        self.assertEqual({str(kind) for kind in log.dtypes} - {"int64", "float64"}, set())
        self.assertFalse(log["loss_cell0"].isna().any())
        episodes = pandas.read_csv(self.folder / "episodes.csv")
        self.assertEqual(list(episodes), ["step", "return", "length", "end", "instance"])
        self.assertTrue((episodes["length"].cumsum() == episodes["step"]).all())

    def test_parts_make_the_whole(self):
        whole = libarq.train(GAME, total_steps=1500, evaluate=False, progress=False, **TRAINING)
        parts = libarq.Training(GAME, total_steps=1500, progress=False, log_every=77, **TRAINING)
        for steps in (1, 300, 10, 5000):
            parts.learn(steps)
        self.assertTrue(parts.complete)
        self.assertEqual(whole.episodes, parts.episodes)
        for name, tensor in whole.network.tensors.as_dict().items():
            self.assertEqual(tensor.tobytes(), parts.network.tensors[name].tobytes())
        self.assertEqual(parts.learn().run.steps, 1500)

    def test_evaluation_does_not_change_training(self):
        plain = libarq.Training(GAME, total_steps=1200, progress=False, **TRAINING).learn()
        judged = libarq.Training(GAME, total_steps=1200, progress=False, **TRAINING)
        for _ in range(3):
            judged.learn(400)
            judged.evaluate(episodes=2)
        for name, tensor in plain.network.tensors.as_dict().items():
            self.assertEqual(tensor.tobytes(), judged.network.tensors[name].tobytes())
        self.assertEqual(len(judged.evaluation.returns), 2)

    def test_a_run_is_not_overwritten_unasked(self):
        libarq.train(GAME, total_steps=50, out=self.folder, progress=False, **TRAINING)
        with self.assertRaisesRegex(FileExistsError, "force=True"):
            libarq.train(GAME, total_steps=50, out=self.folder, progress=False, **TRAINING)
        libarq.train(GAME, total_steps=50, out=self.folder, force=True, progress=False, **TRAINING)
        again = libarq.evaluate(self.folder)
        self.assertEqual(again.mean, float(read(self.folder / "result.csv")[0]["mean"]))
        self.assertEqual(libarq.inspect(self.folder).environment, GAME)

    def test_callbacks_hear_and_may_raise(self):
        class Listener(libarq.Callback):
            def __init__(self):
                self.heard = []

            def on_start(self, training):
                self.heard.append("start")

            def on_episode(self, training, episode):
                self.heard.append(episode)
                if len(self.heard) == 5:
                    raise ZeroDivisionError

            def on_row(self, training, row):
                self.heard.append(row["steps"])

            def on_stop(self, training):
                self.heard.append("stop")

        listener = Listener()
        training = libarq.Training(GAME, total_steps=700, log_every=500, callbacks=[listener], progress=False, **TRAINING)
        with self.assertRaises(ZeroDivisionError):
            training.learn()
        self.assertEqual(listener.heard[0], "start")
        self.assertEqual(listener.heard[-1], "stop")
        stopped = training.run.steps
        self.assertGreater(stopped, 0)
        training.learn()
        self.assertEqual(training.run.steps, 700)
        self.assertEqual([one for one in listener.heard if isinstance(one, float)], [500, 700])
        fresh = libarq.Training(GAME, total_steps=700, progress=False, **TRAINING).learn()
        self.assertEqual(training.episodes, fresh.episodes)

    def test_an_environment_in_python(self):
        own = Corridor(length=3, limit=10)
        training = libarq.train(own, total_steps=3000, progress=False, **TRAINING)
        self.assertEqual(training.name, "Corridor")
        self.assertEqual(training.evaluation.mean, 1.0)
        self.assertEqual(training.evaluation.lengths.max(), 3)
        self.assertLess(training.random_evaluation.mean, 1.0)
        half = libarq.Training(Corridor(), total_steps=3000, progress=False, **TRAINING).learn(100)
        with self.assertRaisesRegex(ValueError, "second"):
            half.evaluate()
        half.evaluate(Corridor())

    def test_wrong_environments(self):
        with self.assertRaisesRegex(TypeError, "env is an int; accepted: an id"):
            libarq.train(7)
        with self.assertRaises(libarq.NotFoundError):
            libarq.train("minatar/chess")
        with self.assertRaisesRegex(ValueError, "say env"):
            network = libarq.Network(4, 2)
            network.save(self.folder / "n")
            libarq.evaluate(self.folder / "n")

    def test_truncation_bootstraps_and_termination_does_not(self):
        """One state, reward 1 at each step, gamma 1/2: Q is 2 where episodes are cut, 1 where they end."""

        class Once:
            spec = libarq.EnvironmentSpec(libarq.ObservationSpec.floats(2), libarq.Discrete(2))

            def __init__(self, terminated):
                self.terminated = terminated

            def reset(self, seed):
                return np.ones(2, np.float32)

            def step(self, action):
                return np.ones(2, np.float32), 1.0, self.terminated, not self.terminated

        for terminated, expected in ((True, 1.0), (False, 2.0)):
            settings = {**TRAINING, "gamma": 0.5, "learning_rate": 1e-2, "target_period": 50, "recurrent": False,
                        "exploration_steps": 100, "train_period": 2}
            training = libarq.train(Once(terminated), total_steps=6000, evaluate=False, progress=False, **settings)
            network = training.network
            q = network.q(network.activations(), np.ones(2, np.float32)).max()
            self.assertAlmostEqual(float(q), expected, delta=0.15)


class Evaluations(Case):
    def test_it_is_the_library_s_own(self):
        """Hearing of episodes changes nothing, and a thread, which Ctrl-C does not reach, gives the same."""
        import threading

        network = libarq.Network(libarq.ObservationSpec.bits(10, 10, 4), 3, **TRAINING)
        plan = {"episodes": 7, "epsilon": 0.3, "seed": 12}
        heard = []
        main_thread = libarq.evaluate(network, GAME, on_episode=lambda *one: heard.append(one), **plan)
        other = []
        thread = threading.Thread(target=lambda: other.append(libarq.evaluate(network, GAME, **plan)))
        thread.start()
        thread.join()
        self.assertEqual(main_thread.returns.tolist(), other[0].returns.tolist())
        self.assertEqual(main_thread.lengths.tolist(), other[0].lengths.tolist())
        heard.sort()  # side by side the shortest ends first
        self.assertEqual([one[1] for one in heard], main_thread.returns.tolist())
        self.assertEqual([one[0] for one in heard], list(range(7)))
        self.assertEqual([one[2] for one in heard], main_thread.lengths.tolist())

    def test_who_hears_of_episodes_may_raise(self):
        def stop(index, total_reward, length):
            if index == 2:
                raise ArithmeticError("that is enough")

        for env in (GAME, Corridor(length=4, limit=20)):
            with self.assertRaisesRegex(ArithmeticError, "that is enough"):
                libarq.evaluate("random", env, episodes=10, on_episode=stop)
            self.assertEqual(len(libarq.evaluate("random", env, episodes=2).returns), 2)

    def test_what_does_not_fit_is_refused(self):
        with self.assertRaises(libarq.ShapeError):
            libarq.evaluate(libarq.Network(4, 2), GAME)
        with self.assertRaises(libarq.ArgumentError):
            libarq.evaluate("random", GAME, epsilon=2.0)
        self.assertIn("mean return", str(libarq.evaluate("random", GAME, episodes=3)))
        capped = libarq.evaluate("random", "minatar/freeway", episodes=2, max_steps=9)
        self.assertEqual(capped.lengths.tolist(), [9, 9])


class Progress(Case):
    def test_a_bar(self):
        need("tqdm")
        shown = io.StringIO()
        with contextlib.redirect_stderr(shown):
            libarq.train(GAME, total_steps=1500, evaluate=False, progress=True, **TRAINING)
        last = shown.getvalue().strip().split("\r")[-1]
        self.assertRegex(last, r"minatar/breakout: 100%.*1\.50k/1\.50k.*epsilon")


if __name__ == "__main__":
    main()
