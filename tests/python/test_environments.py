"""Environments and batches: the same games whichever way they are stepped."""

import os

import numpy as np
from support import Case, draw_action, games, main

import libarq

GAMES = games()


class Games(Case):
    def test_the_built_in_games_are_known(self):
        for id in ("minatar/breakout", "minatar/seaquest", "classic/cartpole", "classic/frozenlake"):
            self.assertIn(id, GAMES)
        options = {option.name: option for option in libarq.environments()[0].options}
        self.assertEqual(options["sticky"].default, 0.1)
        self.assertIs(options["ramping"].default, True)
        self.assertIn("minimal", options["actions"].choices)

    def test_a_plugin_that_cannot_be_loaded_hides_no_other(self):
        (self.folder / "arq_broken.so").write_bytes(b"no shared object")
        path = f"{self.folder}:{os.environ['ARQ_PLUGIN_PATH']}"
        code = "import libarq; print(len(libarq.environments()))"
        result = self.run_python(code, env={**os.environ, "ARQ_PLUGIN_PATH": path})
        self.assertEqual(result.stdout.strip(), str(len(libarq.environments())), result.stderr)
        self.assertIn("arq_broken.so cannot be used", result.stderr)

    def test_observations_are_of_the_declared_form(self):
        for id in GAMES:
            with self.subTest(id=id), libarq.Environment.open(id) as env:
                spec = env.spec.observation
                observation = env.reset(1)
                if spec.kind is libarq.ObservationKind.DISCRETE:
                    self.assertIs(type(observation), int)
                else:
                    self.assertEqual((observation.shape, observation.dtype), (spec.shape, spec.dtype))
                action = draw_action(env.spec.actions, np.random.default_rng(1))
                again, reward, terminated, truncated = env.step(action)
                self.assertEqual([type(x) for x in (reward, terminated, truncated)], [float, bool, bool])
                self.assertEqual(type(again), type(observation))

    def test_a_seed_decides_everything(self):
        def play(seed):
            with libarq.Environment.open("minatar/seaquest") as env:
                seen = [env.reset(seed).tobytes()]
                for action in np.random.default_rng(5).integers(0, 6, 60):
                    observation, reward, terminated, truncated = env.step(action)
                    seen.append((observation.tobytes(), reward))
                    if terminated or truncated:
                        env.reset()
                return seen

        self.assertEqual(play(3), play(3))
        self.assertNotEqual(play(3), play(4))

    def test_options(self):
        with libarq.Environment.open("minatar/breakout", sticky=0, ramping=False) as env:
            self.assertEqual(env.id, "minatar/breakout?sticky=0&ramping=false")
        with libarq.Environment.open("minatar/breakout?actions=full") as env:
            self.assertEqual(env.spec.actions, libarq.Discrete(6))
        with self.assertRaisesRegex(libarq.ArgumentError, "sticky"):
            libarq.Environment.open("minatar/breakout", sticky=7)

    def test_step_needs_a_reset(self):
        with libarq.Environment.open("classic/cartpole") as env:
            with self.assertRaises(libarq.OrderError):
                env.step(0)
            env.reset(1)
            with self.assertRaises(libarq.ArgumentError):
                env.step(2)
            with self.assertRaises(TypeError):
                env.step(0.0)
            while not env.step(0)[2]:
                pass
            with self.assertRaises(libarq.OrderError):
                env.step(0)

    def test_a_state_goes_on_bit_for_bit(self):
        for id in GAMES:
            with self.subTest(id=id), libarq.Environment.open(id) as env, libarq.Environment.open(id) as other:
                random = np.random.default_rng(1)
                env.reset(9)
                env.step(draw_action(env.spec.actions, random))
                other.load(env.save())
                for _ in range(5):
                    action = draw_action(env.spec.actions, random)
                    ours, theirs = env.step(action), other.step(action)
                    self.assertTrue(np.array_equal(ours[0], theirs[0]))
                    self.assertEqual(ours[1:], theirs[1:])
                    if ours[2] or ours[3]:
                        break
                with self.assertRaises(libarq.FormatError):
                    other.load(b"nonsense")

    def test_pictures_and_names(self):
        with libarq.Environment.open("minatar/breakout") as env:
            env.reset(1)
            picture = env.render(4)
            self.assertEqual((picture.shape, picture.dtype), ((40, 40, 3), np.uint8))
            self.assertGreater(len(np.unique(picture)), 1)
            self.assertTrue(all(env.action_name(i) for i in range(3)))
            self.assertIsNotNone(env.observation_name(0))
            self.assertIsNone(env.observation_name(99))

    def test_a_time_limit_truncates(self):
        with libarq.Environment.open("minatar/freeway").time_limit(3) as env:
            env.reset(1)
            self.assertEqual([env.step(0)[2:] for _ in range(3)], [(False, False), (False, False), (False, True)])


class Batches(Case):
    def test_a_batch_is_its_instances_stepped_one_by_one(self):
        count, seed = 5, 11
        for id in GAMES:
            with self.subTest(id=id), libarq.EnvironmentBatch(id, count) as batch:
                envs = [libarq.Environment.open(id) for _ in range(count)]
                together = batch.reset(seed).copy()
                alone = [env.reset(seed + i) for i, env in enumerate(envs)]
                self.assertTrue(np.array_equal(together, np.array(alone)))
                random = np.random.default_rng(seed)
                for _ in range(60):
                    actions = np.array([draw_action(batch.spec.actions, random) for _ in range(count)])
                    actions = actions.astype(np.int32) if actions.ndim == 1 else actions
                    together, rewards, terminated, truncated = batch.step(actions)
                    alone = [env.step(action) for env, action in zip(envs, actions)]
                    self.assertTrue(np.array_equal(together, np.array([one[0] for one in alone])))
                    self.assertEqual(rewards.tolist(), [one[1] for one in alone])
                    self.assertEqual(terminated.tolist(), [one[2] for one in alone])
                    self.assertEqual(truncated.tolist(), [one[3] for one in alone])
                    ended = terminated | truncated
                    if ended.any():
                        with self.assertRaises(libarq.OrderError):
                            batch.step(actions)
                        batch.reset(None, ended)
                        for i in np.flatnonzero(ended):
                            envs[i].reset()

    def test_a_batch_of_environments_steps_those_that_are_inside_an_episode(self):
        envs = [libarq.Environment.open("minatar/breakout").time_limit(i + 1) for i in range(4)]
        with libarq.EnvironmentBatch.of(envs) as batch:
            with self.assertRaises(libarq.ClosedError):
                envs[0].reset()
            self.assertEqual((batch.id, len(batch)), ("", 4))
            actions = np.zeros(4, np.int32)
            with self.assertRaises(libarq.OrderError):
                batch.step_masked(actions)
            batch.reset(7)
            for step in range(1, 5):
                *_, truncated = batch.step_masked(actions)
                self.assertEqual(truncated.tolist(), [step >= i + 1 for i in range(4)])
                self.assertEqual(batch.statuses.tolist(), [0] * 4)
            mask = np.array([False, True, False, False])
            with self.assertRaisesRegex(libarq.OrderError, "instance 1 has ended"):
                batch.step_masked(actions, mask)
            batch.reset(None, mask)
            batch.step_masked(actions, mask)
            with self.assertRaises(libarq.Error):
                libarq.EnvironmentBatch.of([batch[0]])
        with self.assertRaises(libarq.Error):
            libarq.EnvironmentBatch.of([])

    def test_ids_have_wrappers_and_batches_are_wrapped(self):
        with libarq.EnvironmentBatch("minatar/breakout|time_limit=9", 3, sticky=0) as batch:
            self.assertEqual(batch.id, "minatar/breakout?sticky=0|time_limit=9")
            self.assertEqual(batch.spec.time_limit, 9)
            with self.assertRaises(libarq.UnsupportedError):
                batch.bang_bang()
            limited = batch.time_limit(4)
            self.assertTrue(batch.closed)
            self.assertEqual(limited.spec.time_limit, 4)
            limited.reset(1)
            limited.step(np.zeros(3, np.int32))
            limited.close()

    def test_learning_wraps_box_actions_and_says_so(self):
        class Still:
            spec = libarq.EnvironmentSpec(libarq.ObservationSpec.floats(1), libarq.Box(np.zeros(3), np.ones(3)))

            def reset(self, seed):
                return np.zeros(1, np.float32)

            def step(self, action):
                return np.zeros(1, np.float32), 0.0, False, False

        with self.assertLogs("libarq", "INFO") as logs:
            with libarq.Training(Still(), preset="replay-fast") as training:
                self.assertEqual(training.env.spec.actions.count, 8)
        self.assertIn("3 components, each at its low or high bound: 8 actions", logs.output[0])

    def test_an_instance_that_raises_keeps_no_other_from_its_step(self):
        class Lever:
            spec = libarq.EnvironmentSpec(libarq.ObservationSpec.floats(1), libarq.Box(np.array([-1.0]), np.array([1.0])))

            def __init__(self, breaks):
                self.breaks = breaks
                self.steps = 0

            def reset(self, seed):
                return np.zeros(1, np.float32)

            def step(self, action):
                self.steps += 1
                if self.breaks and self.steps == 2:
                    raise ValueError("the lever broke")
                return action.astype(np.float32), float(action[0]), False, False

        levers = [Lever(i == 1) for i in range(3)]
        with libarq.EnvironmentBatch.of([libarq.Environment.from_python(lever) for lever in levers]) as batch:
            batch.reset(1)
            actions = np.array([[0.5], [-1.0], [0.25]])
            self.assertEqual(batch.step(actions)[1].tolist(), [0.5, -1, 0.25])
            with self.assertRaisesRegex(ValueError, "the lever broke"):
                batch.step_masked(actions)
            self.assertEqual([status != 0 for status in batch.statuses], [False, True, False])
            self.assertEqual([lever.steps for lever in levers], [2, 2, 2])
            coded = batch.bang_bang()
            coded.reset(1)
            self.assertEqual(coded.step(np.array([0, 1, 1], np.int32))[1].tolist(), [-1, 1, 1])
            coded.close()

    def test_instances_are_lent_only(self):
        with libarq.EnvironmentBatch("minatar/breakout", 3) as batch:
            batch.reset(1)
            one = batch[2]
            self.assertEqual(one.render(2).shape, (20, 20, 3))
            with self.assertRaises(libarq.Error):
                one.step(0)
            one.close()
            batch.step(np.zeros(3, np.int32))
            self.assertEqual(len(batch), 3)
            lent = batch[0]
        with self.assertRaises(libarq.ClosedError):
            lent.reset()

    def test_steps_make_no_python_object_per_instance(self):
        """The time of a step grows with the library's work alone: what Python allocates does not depend on count."""
        import tracemalloc

        def blocks(count):
            with libarq.EnvironmentBatch("minatar/freeway", count) as batch:
                batch.reset(1)
                actions = np.zeros(count, np.int32)
                batch.step(actions)
                tracemalloc.start()
                before = tracemalloc.take_snapshot()
                results = [batch.step(actions) for _ in range(5)]
                after = tracemalloc.take_snapshot()
                tracemalloc.stop()
                del results
                return sum(stat.count_diff for stat in after.compare_to(before, "filename"))

        few, many = blocks(4), blocks(1024)
        self.assertLess(many, few + 20)


if __name__ == "__main__":
    main()
