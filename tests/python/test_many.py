"""One agent in several instances side by side: own loops, runs and trainings over batches."""

import numpy as np
from support import TINY, Case, main

import libarq

ROLLOUT = {"widths": 8, "heads": 1, "batch": 16, "experience": "rollout", "rollout": 64, "exploration_steps": 1000}
COUNT = 5


def tensors(network):
    return {name: tensor.tobytes() for name, tensor in network.tensors.as_dict().items()}


class Batch:
    """A world of random observations for each of `count` instances; every 13 to 17 steps one ends."""

    def __init__(self, count, seed=3):
        self.random = np.random.default_rng(seed)
        self.lengths = 13 + np.arange(count) % 5
        self.at = np.zeros(count, np.int64)

    def observe(self):
        return self.random.random((len(self.at), 6), np.float32)

    def step(self, mask):
        self.at += mask
        ended = mask & (self.at == self.lengths)
        self.at[ended] = 0
        return self.random.random(len(self.at)), self.observe(), ended & (self.lengths % 2 == 0), ended


def play(agent, steps, seed=3):
    """Returns the actions; in every third step one instance pauses."""
    world = Batch(agent.instances, seed)
    agent.begin_many(world.observe())
    done = []
    for step in range(steps):
        mask = np.ones(agent.instances, np.bool_)
        mask[step % agent.instances] = step % 3 != 0
        actions = agent.act_many(mask=mask)
        rewards, observations, terminated, truncated = world.step(mask)
        agent.observe_many(rewards, observations, terminated, truncated, mask=mask)
        agent.begin_many(world.observe(), mask=terminated | truncated)
        done.append(actions)
    return np.array(done)


class Agents(Case):
    def test_a_masked_loop(self):
        for settings in (ROLLOUT, {**ROLLOUT, "minibatches_per_step": 1}):
            agent = libarq.Agent(6, 3, instances=COUNT, **settings)
            self.assertEqual(agent.instances, COUNT)
            done = play(agent, 300)
            paused = sum(step % 3 == 0 for step in range(300))
            self.assertEqual(agent.metric("steps"), 300 * COUNT - paused)
            self.assertEqual((done == -1).sum(), paused)
            self.assertEqual(set(done.ravel().tolist()), {-1, 0, 1, 2})
            self.assertGreater(agent.metric("updates"), 10)
            again = libarq.Agent(6, 3, instances=COUNT, context=libarq.Context(threads=3), **settings)
            self.assertTrue(np.array_equal(play(again, 300), done))
            self.assertEqual(tensors(agent.network), tensors(again.network))
            self.assertEqual(agent.activations.q(cell=0, episode=COUNT - 1).shape, (3,))

    def test_one_instance_is_the_loop_of_one(self):
        for settings in (TINY, ROLLOUT):
            one, many = libarq.Agent(6, 3, **settings), libarq.Agent(6, 3, instances=1, **settings)
            random = np.random.default_rng(2)
            first = random.random((1, 6), np.float32)
            one.begin(first[0])
            many.begin_many(first)
            for step in range(300):
                self.assertEqual(one.act(), many.act_many()[0])
                reward, seen, end = random.random(), random.random((1, 6), np.float32), step % 7 == 6
                mine = one.observe(reward, seen[0], False, end)
                ends = np.array([end])
                self.assertEqual(many.observe_many(np.array([reward]), seen, np.zeros(1, np.bool_), ends), mine)
                if end:
                    one.begin(seen[0])
                    many.begin_many(seen)
            self.assertEqual(tensors(one.network), tensors(many.network))

    def test_it_goes_on_in_the_middle_of_a_rollout(self):
        first, second = (libarq.Agent(6, 3, instances=COUNT, **ROLLOUT) for _ in range(2))
        play(first, 133)
        first.save(self.folder / "agent.safetensors")
        second.load(self.folder / "agent.safetensors")
        self.assertTrue(np.array_equal(play(first, 100, seed=5), play(second, 100, seed=5)))
        self.assertEqual(tensors(first.network), tensors(second.network))

    def test_a_batch_s_arrays_fit_as_they_are(self):
        games = libarq.EnvironmentBatch("minatar/breakout", 8)
        agent = libarq.Agent(games.spec.observation, games.spec.actions.count, instances=8, **ROLLOUT)
        games.reset(1)
        agent.begin_many(games.raw_observations)
        actions, ended = np.zeros(8, np.int32), 0
        for _ in range(100):
            self.assertIs(agent.act_many(out=actions), actions)
            games.step_raw(actions)
            events = agent.observe_many(games.rewards, games.raw_observations, games.terminated, games.truncated)
            mask = (games.terminated | games.truncated) != 0
            ended += int(mask.sum())
            self.assertEqual(libarq.Events.EPISODE_END in events, bool(mask.any()))
            games.reset(None, mask)
            agent.begin_many(games.raw_observations, mask=mask)
        self.assertEqual(agent.metric("episodes"), ended)
        self.assertGreater(ended, 8)

    def test_actions_of_one_s_own(self):
        agent = libarq.Agent(6, 3, instances=2, **ROLLOUT)
        world = Batch(2)
        agent.begin_many(world.observe())
        agent.act_many()
        no = np.zeros(2, np.bool_)
        agent.observe_many(np.zeros(2), world.observe(), no, no, actions=np.array([2, -1], np.int32))
        agent.act_many()
        with self.assertRaisesRegex(libarq.ArgumentError, "3"):
            agent.observe_many(np.zeros(2), world.observe(), no, no, actions=np.array([0, 3], np.int32))

    def test_what_does_not_fit_names_itself(self):
        agent = libarq.Agent(6, 3, instances=4, **ROLLOUT)
        seen, no, gained = np.zeros((4, 6), np.float32), np.zeros(4, np.bool_), np.zeros(4)
        for call, kind, text in (
            (lambda: agent.begin_many(seen[:3]), ValueError, r"observations has shape \(3, 6\); accepted: \(4, 6\)"),
            (lambda: agent.begin_many(seen.astype(float)), TypeError, "observations has dtype float64.*float32"),
            (lambda: agent.begin_many(seen, mask=[True] * 4), TypeError, "mask is a list; accepted: a numpy.ndarray of bool"),
            (lambda: agent.begin_many(seen, mask=np.ones(4, np.uint8)), TypeError, "mask has dtype uint8; accepted: bool"),
            (lambda: agent.act_many(mask=no[:2]), ValueError, r"mask has shape \(2,\); accepted: \(4,\)"),
            (lambda: agent.act_many(out=np.zeros(4, np.int64)), TypeError, "out has dtype int64; accepted: int32"),
            (lambda: agent.act_many(out=np.zeros(5, np.int32)), ValueError, r"out has shape \(5,\)"),
            (lambda: agent.observe_many(gained[:1], seen, no, no), ValueError, r"rewards has shape \(1,\)"),
            (lambda: agent.observe_many(seen[:, 0], seen, no, no), TypeError, "rewards has dtype float32.*float64"),
            (lambda: agent.observe_many(gained, seen, gained, no), TypeError, "terminated has dtype float64; accepted: bool"),
            (lambda: agent.observe_many(gained, seen, no, no[:3]), ValueError, r"truncated has shape \(3,\)"),
            (lambda: agent.observe_many(gained, seen.T, no, no), ValueError, r"next_observations has shape \(6, 4\)"),
            (lambda: agent.observe_many(gained, seen, no, no, actions=no), TypeError, "actions has dtype bool; accepted: int32"),
            (lambda: libarq.Agent(6, 3, instances=0), ValueError, r"instances is 0; accepted: 1 \.\. 65536"),
            (lambda: libarq.Agent(6, 3, instances=2.0), TypeError, "instances is a float; accepted: an int"),
            (lambda: agent.act_many(), libarq.OrderError, "instance"),
            (lambda: agent.begin(seen[0]), libarq.OrderError, "many"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(kind, text):
                call()
        agent.begin_many(seen)
        agent.act_many()
        bad = gained.copy()
        bad[2] = np.nan
        with self.assertRaisesRegex(libarq.ArgumentError, "instance 2"):
            agent.observe_many(bad, seen, no, no)


if __name__ == "__main__":
    main()
