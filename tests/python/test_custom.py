"""Environments in Python: what their methods return and raise."""

import gc
import traceback

import numpy as np
from support import TINY, Case, Corridor, main

import libarq


class Failure(Exception):
    pass


class Faulty(Corridor):
    """Raises, or returns something wrong, from one method."""

    def __init__(self, method, what):
        super().__init__()
        self.method, self.what = method, what

    def fault(self, method):
        if method == self.method:
            if isinstance(self.what, BaseException):
                raise self.what
            return self.what
        return None

    def reset(self, seed):
        wrong = self.fault("reset")
        return super().reset(seed) if wrong is None else wrong

    def step(self, action):
        wrong = self.fault("step")
        return super().step(action) if wrong is None else wrong

    def close(self):
        self.fault("close")
        super().close()


class Bridge(Case):
    def test_it_is_stepped_as_it_is_in_python(self):
        own = Corridor(limit=6)
        with libarq.Environment.from_python(own) as env:
            self.assertEqual(env.reset(5).tolist(), [0.0])
            self.assertEqual(own.seeds, [5])
            self.assertEqual([env.step(1)[1:] for _ in range(4)],
                             [(0.0, False, False)] * 3 + [(1.0, True, False)])
            env.reset()
            self.assertEqual(own.seeds, [5, None])
            self.assertEqual([env.step(0)[3] for _ in range(6)], [False] * 5 + [True])
            self.assertEqual(env.spec, own.spec)
        self.assertEqual(own.closed, 1)

    def test_what_a_method_raises_comes_out_of_the_call(self):
        for failure in (Failure("mine"), KeyboardInterrupt(), SystemExit(3), RecursionError()):
            with libarq.Environment.from_python(Faulty("reset", failure)) as env:
                with self.assertRaises(type(failure)) as caught:
                    env.reset(1)
                self.assertIs(caught.exception, failure)
            with libarq.Environment.from_python(Faulty("step", failure)) as env:
                env.reset(1)
                run = libarq.Run(env, **TINY)
                try:
                    run.advance(10)
                    self.fail("nothing was raised")
                except type(failure) as caught:
                    self.assertIs(caught, failure)
                    frames = [frame.name for frame in traceback.extract_tb(caught.__traceback__)]
                    self.assertIn("fault", frames)
                with self.assertRaises(type(failure)):
                    libarq.evaluate("random", env, episodes=2)

    def test_what_close_raises_is_not_lost(self):
        env = libarq.Environment.from_python(Faulty("close", Failure("mine")))
        with self.assertRaisesRegex(Failure, "mine"):
            env.close()
        self.assertTrue(env.closed)
        env.close()

    def test_an_environment_nobody_holds_is_closed(self):
        own = Corridor()
        libarq.Environment.from_python(own)
        gc.collect()
        self.assertEqual(own.closed, 1)

    def test_wrong_results_are_named(self):
        for method, result, kind, text in (
            ("reset", [0.0], TypeError, "observation is a list; accepted: a numpy.ndarray of float32"),
            ("reset", np.zeros(1), TypeError, "observation has dtype float64"),
            ("step", (np.zeros(2, np.float32), 0.0, False, False), ValueError, r"observation has shape \(2,\)"),
            ("step", (np.zeros(1, np.float32), "much", False, False), TypeError, "the reward of step is a str; accepted: a number"),
            ("step", (np.zeros(1, np.float32), 0.0, False), ValueError, "unpack"),
            ("step", (np.zeros(1, np.float32), np.nan, False, False), libarq.EnvironmentBroken, "reward"),
            ("step", (np.full(1, np.inf, np.float32), 0.0, False, False), libarq.EnvironmentBroken, "observation"),
        ):
            with self.subTest(method=method, result=result), libarq.Environment.from_python(
                Faulty(method, result)
            ) as env:
                with self.assertRaisesRegex(kind, text):
                    env.reset(1)
                    env.step(0)

    def test_a_run_goes_on_after_an_exception(self):
        class Sometimes(Corridor):
            calls = 0

            def step(self, action):
                Sometimes.calls += 1
                if Sometimes.calls == 30:
                    raise Failure("once")
                return super().step(action)

        with libarq.Environment.from_python(Sometimes()) as env:
            run = libarq.Run(env, **TINY)
            with self.assertRaises(Failure):
                while True:
                    run.advance(1)
            self.assertEqual(run.steps, 29)
            self.assertEqual(run.agent.metric("replay_size"), 29)
            run.advance(1)
            self.assertEqual(run.steps, 30)

    def test_missing_parts(self):
        with self.assertRaisesRegex(TypeError, "spec is a NoneType"):
            env = Corridor()
            env.spec = None
            libarq.Environment.from_python(env)
        with self.assertRaises(libarq.ArgumentError):
            env = Corridor()
            env.spec = libarq.EnvironmentSpec(libarq.ObservationSpec.floats(1), libarq.Discrete(0))
            libarq.Environment.from_python(env)

    def test_every_kind_of_observation(self):
        for spec, value in (
            (libarq.ObservationSpec.bits(2, 5), np.arange(10).reshape(2, 5) % 3 == 0),
            (libarq.ObservationSpec.bytes(2, 2), np.array([[0, 255], [7, 8]], np.uint8)),
            (libarq.ObservationSpec(libarq.ObservationKind.F64, 2), np.array([0.1, -4.0])),
            (libarq.ObservationSpec.discrete(6), 5),
        ):
            class Still:
                pass

            Still.spec = libarq.EnvironmentSpec(spec, libarq.Discrete(1))
            Still.reset = lambda self, seed, value=value: value
            Still.step = lambda self, action, value=value: (value, 0.0, False, False)
            with self.subTest(kind=spec.kind), libarq.Environment.from_python(Still()) as env:
                self.assertTrue(np.array_equal(env.reset(1), value))
                self.assertTrue(np.array_equal(env.step(0)[0], value))

    def test_box_actions(self):
        heard = []

        class Reach:
            spec = libarq.EnvironmentSpec(
                libarq.ObservationSpec.floats(1), libarq.Box(np.array([-2.0, 0.0]), np.array([1.0, 3.0]))
            )

            def reset(self, seed):
                return np.zeros(1, np.float32)

            def step(self, action):
                heard.append(action.tolist())
                return np.zeros(1, np.float32), 0.0, False, False

        env = libarq.Environment.from_python(Reach())
        env.reset(1)
        env.step(np.array([0.5, 2.0]))
        with self.assertRaises(libarq.ArgumentError):
            env.step(np.array([5.0, 2.0]))
        with env.bang_bang() as discrete:
            self.assertEqual(discrete.spec.actions, libarq.Discrete(4))
            discrete.reset(1)
            for action in range(4):
                discrete.step(action)
        self.assertEqual(heard, [[0.5, 2.0], [-2.0, 0.0], [1.0, 0.0], [-2.0, 3.0], [1.0, 3.0]])

    def test_optional_methods(self):
        class Full(Corridor):
            def save(self):
                return bytes([self.at, self.steps])

            def load(self, state):
                self.at, self.steps = state

            def render(self, cell_size):
                return np.full((cell_size, 2 * cell_size, 3), self.at, np.uint8)

            def action_name(self, index):
                return {0: "left"}[index]

        with libarq.Environment.from_python(Full()) as env, libarq.Environment.from_python(Full()) as other:
            for one in (env, other):
                one.reset(1)
            env.step(1)
            other.load(env.save())
            self.assertEqual(other.step(1)[0].tolist(), [0.5])
            self.assertEqual(other.render(3).shape, (3, 6, 3))
            self.assertEqual(env.action_name(0), "left")
            self.assertIsNone(env.observation_name(0))
            with self.assertRaises(KeyError):
                env.action_name(1)
        with libarq.Environment.from_python(Corridor()) as env:
            env.reset(1)
            with self.assertRaises(libarq.UnsupportedError):
                env.save()

    def test_the_checker(self):
        self.assertEqual(libarq.check_environment(Corridor), [])

        class Random(Corridor):
            def step(self, action):
                observation, reward, terminated, truncated = super().step(action)
                return observation, float(np.random.random()), terminated, truncated

        self.assertTrue(any("seed" in line or "reward" in line for line in libarq.check_environment(Random)))
        lines = libarq.check_environment(lambda: Faulty("step", Failure("mine")))
        self.assertTrue(any("Failure: mine" in line for line in lines), lines)
        with self.assertRaises(KeyboardInterrupt):
            libarq.check_environment(lambda: Faulty("step", KeyboardInterrupt()))
        libarq.Environment.open("minatar/breakout").reset(1)

    def test_a_log_that_raises(self):
        def log(level, text):
            raise Failure(text)

        context = libarq.Context(log=log)
        network = libarq.Network(3, 2, context=context, **TINY)
        learner = libarq.Learner(network, batch=8, learning_rate=0)
        wide = learner.window + 1
        batch = (np.random.default_rng(0).random((8, wide, 3), np.float32), np.zeros(8, np.int32),
                 np.ones(8, np.float32), np.ones(8, np.uint8))
        learner.update(*batch)
        for name, values in network.tensors.as_dict().items():
            network.tensors[name] = 0 * values
        # The library warns of a cell whose outputs have collapsed, in the update that finds it.
        with self.assertRaisesRegex(Failure, "spread"):
            for _ in range(200):
                learner.update(*batch)
        learner.update(*batch)


if __name__ == "__main__":
    main()
