"""Ctrl-C stops long calls and loses nothing."""

import os
import signal
import threading
import time

import numpy as np
from support import TINY, TRAINING, Case, Corridor, main

import libarq


def interrupt_after(seconds):
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


class Interrupts(Case):
    def setUp(self):
        super().setUp()
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        self.addCleanup(lambda: self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler))

    def assert_stops(self, call):
        interrupt_after(0.3)
        began = time.perf_counter()
        with self.assertRaises(KeyboardInterrupt) as caught:
            while True:
                call()
        self.assertLess(time.perf_counter() - began, 3)
        return caught.exception

    def test_a_training_goes_on_where_it_was(self):
        settings = {**TRAINING, "total_steps": 40000, "progress": False}
        stopped = libarq.Training("minatar/breakout", out=self.folder / "run", **settings)
        interrupt_after(0.2)
        with self.assertRaises(libarq.Interrupted) as caught:
            stopped.learn()
        self.assertIs(caught.exception.training, stopped)
        self.assertIn(f"the network is saved in {self.folder / 'run'}; learn()", str(caught.exception))
        steps = stopped.run.steps
        self.assertTrue(0 < steps < 40000, steps)
        self.assertTrue((self.folder / "run" / "network.safetensors").exists())
        log = (self.folder / "run" / "episodes.csv").read_text().splitlines()
        self.assertEqual(len(log), len(stopped.episodes) + 1)
        stopped.learn()
        whole = libarq.Training("minatar/breakout", **settings).learn()
        self.assertEqual(stopped.episodes, whole.episodes)
        for name, tensor in whole.network.tensors.as_dict().items():
            self.assertEqual(tensor.tobytes(), stopped.network.tensors[name].tobytes())

    def test_an_interrupted_evaluation_leaves_the_training(self):
        class Interrupt(libarq.Callback):
            def on_stop(self, training):
                interrupt_after(0.3)

        settings = {**TRAINING, "total_steps": 200, "progress": False, "evaluation_episodes": 10**6}
        with self.assertRaisesRegex(libarq.Interrupted, r"after 200 steps; evaluate\(\) of") as caught:
            libarq.train("minatar/breakout", callbacks=[Interrupt()], **settings)
        self.assertTrue(caught.exception.training.complete)
        self.assertEqual(len(caught.exception.training.evaluate(episodes=3).returns), 3)

    def test_a_run_of_an_environment_in_python_loses_no_step(self):
        class Slow(Corridor):
            def step(self, action):
                time.sleep(0.001)
                return super().step(action)

        own = Slow()
        env = libarq.Environment.from_python(own)
        run = libarq.Run(env, **TINY)
        self.assert_stops(lambda: run.advance(100000))
        # The step in hand was finished: the agent has every one the environment made.
        self.assertEqual(run.agent.metric("replay_size"), run.steps)
        episodes = run.metric("episodes")
        steps = own.steps
        run.advance(1)
        self.assertTrue(own.steps == steps + 1 or run.metric("episodes") == episodes + 1 or own.steps == 1)
        self.assertEqual(own.seeds.count(1), 1)

    def test_an_evaluation(self):
        network = libarq.Network(libarq.ObservationSpec.bits(10, 10, 7), 3, widths=[128, 128], heads=4)
        self.assert_stops(lambda: libarq.evaluate(network, "minatar/freeway", episodes=10**6, max_steps=10**6))
        libarq.evaluate(network, "minatar/freeway", episodes=1, max_steps=10)

    def test_an_evaluation_of_an_environment_in_python(self):
        class Endless(Corridor):
            def step(self, action):
                return np.zeros(1, np.float32), 0.0, False, False

        self.assert_stops(lambda: libarq.evaluate("random", Endless(), episodes=10**6))

    def test_a_second_interrupt_stops_a_step_that_hangs(self):
        class Hangs(Corridor):
            def step(self, action):
                time.sleep(30)
                return super().step(action)

        env = libarq.Environment.from_python(Hangs())
        run = libarq.Run(env, **TINY)
        interrupt_after(0.2)
        interrupt_after(0.4)
        began = time.perf_counter()
        with self.assertRaises(KeyboardInterrupt):
            run.advance(10)
        self.assertLess(time.perf_counter() - began, 5)
        self.assertEqual(run.steps, 0)


if __name__ == "__main__":
    main()
