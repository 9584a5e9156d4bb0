"""libarq's games in Gymnasium, and Gymnasium's environments in libarq."""

import os
import subprocess
import warnings

import numpy as np
from support import SOURCE, TRAINING, Case, draw_action, main, need, need_for_all
from support import games as known_games

import libarq

gymnasium = need_for_all("gymnasium")
import libarq.gymnasium as games  # noqa: E402

GAMES = known_games()
BREAKOUT = "libarq/minatar-breakout-v0"


class Single(Case):
    def test_gymnasium_s_checker_has_nothing_to_say(self):
        from gymnasium.utils.env_checker import check_env

        for id in GAMES:
            with self.subTest(id=id), warnings.catch_warnings():
                warnings.simplefilter("error")
                env = gymnasium.make(games.gymnasium_id(id), render_mode="rgb_array")
                check_env(env.unwrapped)
                env.close()

    def test_it_is_libarq_s_game(self):
        for id in GAMES:
            env, own = gymnasium.make(games.gymnasium_id(id)), libarq.Environment.open(id)
            self.assertTrue(np.array_equal(env.reset(seed=5)[0], own.reset(5)))
            random = np.random.default_rng(1)
            for _ in range(20):
                action = draw_action(own.spec.actions, random)
                observation, reward, terminated, truncated, _ = env.step(action)
                expected = own.step(action)
                self.assertTrue(np.array_equal(observation, expected[0]))
                self.assertIn(observation, env.observation_space)
                self.assertEqual((reward, terminated, truncated), expected[1:])
                if terminated or truncated:
                    break
            env.close()

    def test_options_and_pictures(self):
        env = gymnasium.make(BREAKOUT, sticky=0, actions="full", render_mode="rgb_array", cell_size=3)
        self.assertEqual(env.action_space.n, 6)
        env.reset(seed=1)
        self.assertEqual(env.render().shape, (30, 30, 3))
        with self.assertRaisesRegex(ValueError, "render_mode"):
            games.GameEnv("minatar/breakout", render_mode="human")

    def test_the_import_in_the_id(self):
        code = (
            "import gymnasium\n"
            f"env = gymnasium.make('libarq.gymnasium:{BREAKOUT}')\n"
            "print(env.reset(seed=1)[0].shape)"
        )
        self.assertEqual(self.assert_runs(code).strip(), "(10, 10, 4)")


BOX_PLUGIN = """
#include <arq/env.h>
#include <stdlib.h>
#include <string.h>
static arq_status spec(void *self, arq_env_spec *spec)
{
    static const double low[] = {-1, -1}, high[] = {1, 1};
    spec->observation_kind = ARQ_OBSERVATION_F32;
    spec->observation_size = 2;
    spec->action_kind = ARQ_ACTION_BOX;
    spec->action_count = 2;
    spec->action_low = low;
    spec->action_high = high;
    return ARQ_OK;
}
static arq_status reset(void *self, const uint64_t *seed, void *observation)
{
    memset(observation, 0, 8);
    return ARQ_OK;
}
static arq_status step(void *self, const double *action, void *observation, double *reward, int32_t *terminated,
                       int32_t *truncated)
{
    ((float *)observation)[0] = (float)action[0];
    ((float *)observation)[1] = (float)action[1];
    *reward = action[0];
    *terminated = *truncated = 0;
    return ARQ_OK;
}
static arq_status create(void *user, const double *options, void **self, char *error, size_t size)
{
    *self = malloc(1);
    return *self == NULL ? ARQ_E_NOMEM : ARQ_OK;
}
static const arq_env_methods methods = {.struct_size = sizeof methods, .spec = spec, .reset = reset, .step_box = step,
                                        .destroy = free};
static const arq_env_type type = {.struct_size = sizeof type, .id = "box/echo", .doc = "Shows the action",
                                  .methods = &methods, .create = create};
static const arq_env_type *const types[] = {&type};
static const arq_plugin plugin = {.struct_size = sizeof plugin, .abi_version = ARQ_ABI_VERSION, .name = "box",
                                  .version = "1", .type_count = 1, .types = types};
ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi)
{
    return &plugin;
}
"""


class Vector(Case):
    def test_every_vector_mode_takes_our_ids(self):
        for mode in ("sync", "async", "vector_entry_point"):
            worlds = gymnasium.make_vec(BREAKOUT, num_envs=2, vectorization_mode=mode, sticky=0)
            worlds.reset(seed=[1, 2])
            self.assertEqual(worlds.step(worlds.action_space.sample())[1].shape, (2,))
            worlds.close()

    def test_box_actions_of_a_vector(self):
        (self.folder / "box.c").write_text(BOX_PLUGIN)
        path = self.folder / "arq_box.so"
        compiler = os.environ["CC"].split()
        include = SOURCE / "include"
        subprocess.run([*compiler, "-fPIC", "-shared", f"-I{include}", self.folder / "box.c", "-o", path], check=True)
        make = [lambda: games.GameEnv(str(path))] * 2
        actions = np.array([[0.25, -1], [1, 0.5]])
        for worlds in (games.GameVectorEnv(str(path), 2), gymnasium.vector.SyncVectorEnv(make)):
            worlds.reset(seed=1)
            for given in (actions, actions.astype(np.float32)):
                observations, rewards, *_ = worlds.step(given)
                self.assertTrue(np.array_equal(observations, actions))
                self.assertTrue(np.array_equal(rewards, actions[:, 0]))
            worlds.close()

    def test_actions_are_not_cut(self):
        worlds = games.GameVectorEnv("minatar/breakout", 2)
        worlds.reset(seed=1)
        worlds.step([1, 2])
        worlds.step(np.array([1, 2], np.uint8))
        with self.assertRaisesRegex(TypeError, "actions is a numpy.ndarray of float64 .*; accepted: integers"):
            worlds.step(np.array([1.9, 1.0]))
        with self.assertRaisesRegex(ValueError, r"actions has shape \(1, 2\); accepted: \(2,\)"):
            worlds.step(np.array([[1, 1]]))

    def test_the_autoreset_mode_is_declared(self):
        modes = gymnasium.vector.AutoresetMode
        self.assertEqual(gymnasium.make_vec(BREAKOUT, num_envs=2).metadata["autoreset_mode"], modes.SAME_STEP)
        disabled = gymnasium.make_vec(BREAKOUT, num_envs=2, autoreset_mode="Disabled")
        self.assertEqual(disabled.metadata["autoreset_mode"], modes.DISABLED)
        with self.assertRaisesRegex(ValueError, "SAME_STEP or DISABLED"):
            games.GameVectorEnv("minatar/breakout", 2, autoreset_mode=modes.NEXT_STEP)

    def test_same_step_is_gymnasium_s_own(self):
        """Gymnasium's SyncVectorEnv over single environments, in the same mode, sees the same."""
        mode = gymnasium.vector.AutoresetMode.SAME_STEP
        for id in ("minatar/breakout", "classic/cartpole", "classic/frozenlake"):
            ours = games.GameVectorEnv(id, 4)
            theirs = gymnasium.vector.SyncVectorEnv([lambda id=id: games.GameEnv(id)] * 4, autoreset_mode=mode)
            self.assertEqual(ours.observation_space, theirs.observation_space)
            self.assertEqual(ours.action_space, theirs.action_space)
            self.assertTrue(np.array_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0]))
            random = np.random.default_rng(2)
            ended = 0
            for _ in range(150):
                actions = random.integers(0, ours.single_action_space.n, 4)
                a, b = ours.step(actions), theirs.step(actions)
                for mine, other in zip(a[:4], b[:4]):
                    self.assertTrue(np.array_equal(mine, other))
                    self.assertEqual(mine.dtype, other.dtype)
                self.assertIn(a[0], ours.observation_space)
                if "final_obs" in b[4]:
                    self.assertTrue(np.array_equal(a[4]["_final_obs"], b[4]["_final_obs"]))
                    for i in np.flatnonzero(b[4]["_final_obs"]):
                        self.assertTrue(np.array_equal(a[4]["final_obs"][i], b[4]["final_obs"][i]))
                        ended += 1
                else:
                    self.assertEqual(a[4], {})
            self.assertGreater(ended, 0)
            ours.close()
            self.assertTrue(ours.batch.closed)

    def test_disabled_resets_by_mask(self):
        env = games.GameVectorEnv("classic/cartpole", 3, autoreset_mode="Disabled")
        env.reset(seed=1)
        while True:
            observations, _, terminated, _, infos = env.step(np.zeros(3, np.int64))
            self.assertEqual(infos, {})
            if terminated.any():
                break
        after, _ = env.reset(options={"reset_mask": terminated})
        self.assertTrue(np.array_equal(after[~terminated], observations[~terminated]))
        self.assertFalse(np.array_equal(after[terminated], observations[terminated]))

    def test_pictures_and_wrappers(self):
        env = gymnasium.make_vec(BREAKOUT, num_envs=3, render_mode="rgb_array", cell_size=2)
        env = gymnasium.wrappers.vector.RecordEpisodeStatistics(env)
        env.reset(seed=1)
        self.assertEqual(len(env.render()), 3)
        for _ in range(100):
            env.step(env.action_space.sample())
        self.assertGreater(env.episode_count, 0)
        env.close()


class Foreign(Case):
    def test_spaces(self):
        spaces = gymnasium.spaces

        class Any(gymnasium.Env):
            def __init__(self, observation, action):
                self.observation_space, self.action_space = observation, action
                self.observation_space.seed(1)

            def reset(self, *, seed=None, options=None):
                return self.observation_space.sample(), {}

            def step(self, action):
                assert self.action_space.contains(action), action
                return self.observation_space.sample(), 0.0, False, False, {}

        kinds = libarq.ObservationKind
        two = spaces.Discrete(2)
        for observation, kind, size in (
            (spaces.Box(-1, 1, (2, 3), np.float32), kinds.F32, 6),
            (spaces.Box(-np.inf, np.inf, (3,), np.float64), kinds.F64, 3),
            (spaces.Box(0, 255, (4, 4, 3), np.uint8), kinds.U8, 48),
            (spaces.Box(0, 1, (4, 4), np.uint8), kinds.BIT, 16),
            (spaces.Box(-5, 5, (2,), np.int64), kinds.F32, 2),
            (spaces.MultiBinary((2, 2)), kinds.BIT, 4),
            (spaces.Discrete(5, start=3), kinds.DISCRETE, 5),
            (spaces.Tuple((spaces.Discrete(3), spaces.Box(0, 1, (2,)))), kinds.F32, 5),
            (spaces.Dict(a=spaces.Discrete(3), b=spaces.MultiDiscrete([2, 4])), kinds.F32, 9),
        ):
            with self.subTest(observation=observation):
                env = games.from_gymnasium(Any(observation, two))
                self.assertEqual((env.spec.observation.kind, env.spec.observation.size), (kind, size))
                env.reset(1)
                env.step(1)
        one = spaces.Box(0, 1, (1,))
        games.from_gymnasium(Any(one, spaces.Discrete(3, start=-1))).reset(1)
        shifted = games.from_gymnasium(Any(one, spaces.Discrete(3, start=-1)))
        shifted.reset(1)
        shifted.step(0)
        box = games.from_gymnasium(Any(one, spaces.Box(-1, 1, (2, 2), np.float32))).bang_bang()
        self.assertEqual(box.spec.actions.count, 16)
        box.reset(1)
        box.step(5)
        for observation, action in ((one, spaces.MultiDiscrete([2, 2])), (spaces.Sequence(two), two)):
            with self.assertRaisesRegex(libarq.UnsupportedError, "space .*accepted"):
                games.from_gymnasium(Any(observation, action))
        with self.assertRaisesRegex(libarq.UnsupportedError, "bound"):
            libarq.train(Any(one, spaces.Box(-np.inf, np.inf, (2,))), progress=False)
        with self.assertRaisesRegex(TypeError, "VectorEnv"):
            games.from_gymnasium(gymnasium.make_vec("CartPole-v1", num_envs=2))

    def test_truncation_is_kept_apart(self):
        env = games.from_gymnasium(gymnasium.make("CartPole-v1", max_episode_steps=5))
        env.reset(seed=1)
        self.assertEqual([env.step(i % 2)[2:] for i in range(5)], [(False, False)] * 4 + [(False, True)])
        env = games.from_gymnasium(gymnasium.make("CartPole-v1"))
        env.reset(seed=1)
        ends = [env.step(0)[2:] for _ in range(8)]
        while ends[-1] == (False, False):
            ends.append(env.step(0)[2:])
        self.assertEqual(ends[-1], (True, False))

    def test_cartpole_is_learned(self):
        """Far beyond a player that acts at random (about 22); seed and all else fixed, so that it cannot wobble."""
        settings = {"rollout": 256, "epochs": 4, "batch": 64, "td_lambda": 0.9, "exploration_steps": 8000,
                    "evaluation_episodes": 20}
        env = gymnasium.make("CartPole-v1")
        with libarq.train(env, total_steps=20000, progress=False, **settings) as training:
            self.assertGreater(training.evaluation.mean, 100)
            self.assertLess(training.random_evaluation.mean, 40)
        env.reset()  # it stays the caller's
        env.close()

    def test_box_actions_train(self):
        env = gymnasium.make("MountainCarContinuous-v0", max_episode_steps=50)
        training = libarq.train(env, total_steps=500, progress=False, **TRAINING)
        self.assertEqual(training.env.spec.actions, libarq.Discrete(2))
        self.assertEqual(len(training.episodes), 10)

    def test_lunar_lander_trains(self):
        need("Box2D")
        training = libarq.train(gymnasium.make("LunarLander-v3"), total_steps=1500, progress=False, **TRAINING)
        self.assertEqual(training.env.spec.observation.size, 8)
        self.assertGreater(len(training.episodes), 5)

    def test_ids_of_gymnasium_are_told_apart(self):
        with self.assertRaisesRegex(libarq.NotFoundError, r"give gymnasium\.make\('CartPole-v1'\)"):
            libarq.train("CartPole-v1")
        with libarq.Training(gymnasium.make("CartPole-v1"), progress=False, **TRAINING) as training:
            self.assertEqual(training.name, "CartPole-v1")

    def test_what_an_environment_raises_comes_out(self):
        class Broken(gymnasium.Wrapper):
            def step(self, action):
                raise ConnectionError("the robot is off")

        with self.assertRaisesRegex(ConnectionError, "the robot is off"):
            libarq.train(Broken(gymnasium.make("CartPole-v1")), total_steps=10, progress=False, **TRAINING)


class StableBaselines(Case):
    def test_it_trains_on_breakout(self):
        sb3 = need("stable_baselines3")
        need("torch").set_num_threads(1)
        from stable_baselines3.common.evaluation import evaluate_policy

        env = gymnasium.make(BREAKOUT)
        model = sb3.PPO("MlpPolicy", env, n_steps=256, batch_size=128, seed=1, device="cpu")
        before = {name: tensor.clone() for name, tensor in model.policy.state_dict().items()}
        model.learn(1024)
        self.assertEqual(model.num_timesteps, 1024)
        self.assertTrue(any(not before[name].equal(tensor) for name, tensor in model.policy.state_dict().items()))
        mean, _ = evaluate_policy(model, env, n_eval_episodes=5, warn=False)
        self.assertGreaterEqual(mean, 0.0)

    def test_its_own_checker(self):
        need("stable_baselines3")
        from stable_baselines3.common.env_checker import check_env

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(games.GameEnv("classic/cartpole"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whatever has three dimensions it takes for a picture
            check_env(games.GameEnv("minatar/breakout"))


if __name__ == "__main__":
    main()
