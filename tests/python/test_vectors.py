"""Trainings in Gymnasium's vector environments: every autoreset mode, factories in processes, failures."""

import os
import signal

import numpy as np
from support import Case, main, need_for_all
from test_many import ROLLOUT, tensors

import libarq

gymnasium = need_for_all("gymnasium")
from gymnasium.vector import AutoresetMode, VectorEnv  # noqa: E402

from libarq.gymnasium.worlds import VectorWorlds  # noqa: E402

SETTINGS = {**ROLLOUT, "preset": None, "evaluation_episodes": 10, "progress": False}
MODES = tuple(AutoresetMode)


class Corridors(VectorEnv):
    """Corridors of different lengths, made by hand: 1.5 at the end, cut after `limit` steps. The observation is the
    place, and how many episodes the instance has begun."""

    def __init__(self, mode, lengths=(2, 3, 4), limit=9):
        self.num_envs = len(lengths)
        self.metadata = {"autoreset_mode": mode}
        self.lengths, self.limit, self.mode = np.array(lengths), limit, mode
        self.single_observation_space = gymnasium.spaces.Box(-100, 100, (2,), np.float32)
        self.single_action_space = gymnasium.spaces.Discrete(2, start=5)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, self.num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, self.num_envs)
        self.place, self.steps, self.begun = np.zeros((3, self.num_envs), np.int64)
        self.over = np.ones(self.num_envs, np.bool_)
        self.played = 0
        self.seeds = []
        self.break_at = None

    def look(self):
        return np.stack([self.place, self.begun], axis=1).astype(np.float32)

    def begin(self, mask):
        self.place[mask] = self.steps[mask] = 0
        self.begun[mask] += 1
        self.over[mask] = False

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        self.begin(np.ones(self.num_envs, np.bool_) if options is None else options["reset_mask"])
        return self.look(), {}

    def step(self, actions):
        assert actions.dtype == self.single_action_space.dtype and set(actions) <= {5, 6}
        resetting = self.over.copy()
        assert self.mode is AutoresetMode.NEXT_STEP or not resetting.any()
        if self.played == self.break_at:
            self.break_at = None
            raise ConnectionError("the corridor is closed")
        self.played += int((~resetting).sum())
        self.place += np.where(actions == 6, 1, -1) * ~resetting
        self.steps += ~resetting
        terminated = (self.place >= self.lengths) & ~resetting
        truncated = (self.steps == self.limit) & ~terminated & ~resetting
        self.over = terminated | truncated
        rewards, infos = np.where(terminated, 1.5, 0.0), {}
        if self.mode is AutoresetMode.NEXT_STEP:
            rewards[resetting] = 77.0  # no part of any episode
            self.begin(resetting)
        elif self.mode is AutoresetMode.SAME_STEP and self.over.any():
            finals = np.full(self.num_envs, None, dtype=object)
            for i in np.flatnonzero(self.over):
                finals[i] = self.look()[i]
            infos = {"final_obs": finals, "_final_obs": self.over.copy()}
            self.begin(self.over.copy())
        return self.look(), rewards, terminated, truncated, infos


class Modes(Case):
    def test_each_mode_gives_final_and_first_observations(self):
        for mode in MODES:
            with self.subTest(mode=mode):
                worlds = VectorWorlds(Corridors(mode))
                seen, ended = worlds.reset(7), 0
                self.assertEqual(worlds.env.seeds, [7])
                for _ in range(40):
                    playing = worlds.playing.copy()
                    before = seen
                    outcome = worlds.step(np.ones(3, np.int32))
                    ends = (outcome.terminated | outcome.truncated) & playing
                    self.assertTrue((outcome.observations[playing] == before[playing] + [1, 0]).all())
                    self.assertTrue((outcome.observations[ends, 0] == worlds.env.lengths[ends]).all())
                    self.assertTrue((outcome.first[outcome.begun] == before[outcome.begun] * [0, 1] + [0, 1]).all())
                    seen = np.where(outcome.begun[:, None], outcome.first, outcome.observations)
                    ended += int(ends.sum())
                self.assertGreater(ended, 20)

    def test_a_training_sees_only_what_was_played(self):
        networks = {}
        for mode in MODES:
            with self.subTest(mode=mode):
                env = Corridors(mode)
                training = libarq.train(env, total_steps=900, evaluate=False, **SETTINGS)
                self.assertEqual(training.run.instances, 3)
                self.assertEqual((training.run.steps, training.agent.metric("steps")), (env.played, env.played))
                self.assertGreaterEqual(env.played, 900)
                for i in range(3):
                    own = [episode for episode in training.episodes if episode.instance == i]
                    self.assertEqual(len(own), env.begun[i] - (not env.over[i]))
                    for episode in own:
                        good = episode.end == "terminated"
                        self.assertEqual(episode.total_reward, 1.5 * good)
                        self.assertTrue(env.lengths[i] <= episode.length <= 9 if good else episode.length == 9)
                self.assertEqual({episode.end for episode in training.episodes}, {"terminated", "truncated"})
                steps = [episode.step for episode in training.episodes]
                self.assertEqual(steps, sorted(steps))
                self.assertEqual(training.run.metric("episodes"), len(training.episodes))
                self.assertEqual(training.run.mean_return, training.returns[-100:].mean())
                networks[mode] = tensors(training.network)
                training.close()
        self.assertEqual(networks[AutoresetMode.SAME_STEP], networks[AutoresetMode.DISABLED])

    def test_one_instance_learns_as_the_environment_alone(self):
        alone = libarq.train(gymnasium.make("CartPole-v1"), total_steps=600, evaluate=False, **SETTINGS)
        for mode in MODES:
            env = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")], autoreset_mode=mode)
            training = libarq.train(env, total_steps=600, evaluate=False, **SETTINGS)
            self.assertEqual(training.episodes, alone.episodes)
            self.assertEqual(tensors(training.network), tensors(alone.network))

    def test_libarq_s_own_games_learn_the_same_through_gymnasium(self):
        import libarq.gymnasium as games

        native = libarq.train("minatar/breakout", environments=4, total_steps=2000, evaluate=False, **SETTINGS)
        through = libarq.train(games.GameVectorEnv("minatar/breakout", 4), total_steps=2000, evaluate=False, **SETTINGS)
        self.assertEqual(native.episodes, through.episodes)
        self.assertEqual(tensors(native.network), tensors(through.network))
        ours, theirs = native.run.metrics(), through.run.metrics()
        for name in ours:
            if "seconds" not in name:
                np.testing.assert_equal(theirs[name], ours[name], name)

    def test_evaluation_is_side_by_side(self):
        for mode in MODES:
            training = libarq.Training(Corridors(mode), total_steps=300, **SETTINGS)
            with self.assertRaisesRegex(ValueError, "second"):
                training.learn(100).evaluate()
            training.evaluate(Corridors(mode), episodes=6, seed=3)
            score = training.learn().evaluate()
            self.assertEqual((len(score.returns), score.environments), (12, 3))  # 10, and every instance as many
            chance = training.random_evaluation
            self.assertEqual(len(chance.returns), 12)
            for i, length in enumerate((2, 3, 4)):
                good = chance.returns[i::3] > 0
                self.assertTrue((chance.lengths[i::3][good] >= length).all())
                self.assertTrue((chance.lengths[i::3][~good] == 9).all())
            with self.assertRaisesRegex(ValueError, "episodes is 10; accepted: a multiple of 3"):
                training.evaluate(episodes=10)
            cut = libarq.evaluate(training, Corridors(mode, limit=1000), episodes=9, max_steps=5, epsilon=1.0)
            self.assertEqual(cut.lengths.max(), 5)
            with self.assertRaises(libarq.ShapeError):
                libarq.evaluate(libarq.Network(3, 2), Corridors(mode), episodes=3)

    def test_box_actions_become_discrete(self):
        env = gymnasium.make_vec("MountainCarContinuous-v0", num_envs=2, max_episode_steps=50)
        training = libarq.train(env, total_steps=200, **SETTINGS)
        self.assertEqual(training.env.spec.actions, libarq.Discrete(2))
        self.assertEqual([episode.end for episode in training.episodes], ["truncated"] * 4)

    def test_what_it_raises_comes_out_and_learning_goes_on(self):
        for mode in MODES:
            env = Corridors(mode)
            env.break_at = 12
            training = libarq.Training(env, total_steps=200, **SETTINGS)
            with self.assertRaisesRegex(ConnectionError, "the corridor is closed"):
                while True:
                    training.learn(1)
            self.assertEqual(training.episodes[-1].end, "failed")
            failed = sum(episode.end == "failed" for episode in training.episodes)
            training.learn()
            self.assertGreaterEqual(training.run.steps, 200)
            self.assertEqual(training.run.metric("episodes"), len(training.episodes) - failed)
            self.assertEqual(len(training.returns), len(training.episodes) - failed)

    def test_broken_promises_are_named(self):
        class Bare(Corridors):
            def step(self, actions):
                return (*super().step(actions)[:4], {})

        with self.assertRaisesRegex(ValueError, r"instance \d has ended, and infos has no final_obs of it"):
            libarq.train(Bare(AutoresetMode.SAME_STEP), **SETTINGS)

        class Counts(Corridors):
            def step(self, actions):
                seen, rewards, terminated, *rest = super().step(actions)
                return seen, rewards, terminated.astype(np.int64), *rest

        with self.assertRaisesRegex(TypeError, "terminated of the vector environment has dtype int64; accepted: bool"):
            libarq.train(Counts(AutoresetMode.NEXT_STEP), **SETTINGS)

        class Wide(Corridors):
            def look(self):
                return np.zeros((self.num_envs, 3), np.float32)

        with self.assertRaisesRegex(ValueError, r"shape \(3, 3\); accepted: \(3, 2\)"):
            libarq.train(Wide(AutoresetMode.NEXT_STEP), **SETTINGS)
        with self.assertRaisesRegex(ValueError, "'autoreset_mode'.* is 'Sometimes'; accepted: .*NEXT_STEP"):
            libarq.train(Corridors("Sometimes"), **SETTINGS)


def cartpole():
    return gymnasium.make("CartPole-v1")


class Factories(Case):
    def test_each_runs_in_a_process(self):
        with libarq.Training([cartpole] * 3, total_steps=600, **SETTINGS) as training:
            self.assertEqual((training.name, training.run.instances), ("cartpole", 3))
            processes = training.env.env.processes
            self.assertEqual(len({process.pid for process in processes} | {os.getpid()}), 4)
            training.learn(100)
            for process in processes:  # as a terminal does: Ctrl-C is for the training to hear
                os.kill(process.pid, signal.SIGINT)
            training.learn()
            training.evaluate(episodes=3)
            steps, episodes, weights = training.run.steps, training.episodes, tensors(training.network)
        self.assertFalse(any(process.is_alive() for process in processes))
        mode = AutoresetMode.SAME_STEP
        env = gymnasium.vector.SyncVectorEnv([cartpole] * 3, autoreset_mode=mode)
        same = libarq.train(env, total_steps=600, evaluate=False, **SETTINGS)
        self.assertEqual((same.run.steps, same.episodes), (steps, episodes))
        self.assertEqual(tensors(same.network), weights)

    def test_wrong_ones(self):
        for env, text in (([cartpole, cartpole()], r"env\[1\] is a .*; accepted: a function"), ([], "env is an empty list")):
            with self.assertRaisesRegex(TypeError, text):
                libarq.Training(env, **SETTINGS)


if __name__ == "__main__":
    main()
