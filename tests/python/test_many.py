"""One agent in several instances side by side: own loops, runs and trainings over batches."""

import csv

import numpy as np
from support import TINY, Case, Corridor, main

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
        for settings in (TINY, ROLLOUT, {**ROLLOUT, "minibatches_per_step": 1}):
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

    def test_transposed_observations_are_those_they_say(self):
        plain, transposed = (libarq.Agent(6, 3, instances=COUNT, **ROLLOUT) for _ in range(2))
        for agent, order in ((plain, "C"), (transposed, "F")):
            random = np.random.default_rng(4)
            agent.begin_many(np.array(random.random((COUNT, 6), np.float32), order=order))
            for _ in range(100):
                agent.act_many()
                seen = np.array(random.random((COUNT, 6), np.float32), order=order)
                agent.observe_many(random.random(COUNT), seen, np.zeros(COUNT, np.bool_), np.zeros(COUNT, np.bool_))
        self.assertGreater(plain.metric("updates"), 10)
        self.assertEqual(tensors(plain.network), tensors(transposed.network))

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


class Trainings(Case):
    SETTINGS = {**ROLLOUT, "preset": None, "evaluation_episodes": 10, "progress": False}

    def test_an_id_and_how_many(self):
        heard = []

        class Listener(libarq.Callback):
            def on_episode(self, training, episode):
                heard.append(episode)
                if len(heard) == 3:
                    raise ZeroDivisionError

        where = {"environments": 16, "out": self.folder, "total_steps": 5000, "log_every": 1000, **self.SETTINGS}
        training = libarq.Training("minatar/breakout", callbacks=[Listener()], **where)
        with self.assertRaises(ZeroDivisionError):
            training.learn()
        training.learn().evaluate()
        self.assertEqual((training.run.instances, training.run.steps), (16, 5008))
        self.assertEqual(len(training.episodes), training.run.metric("episodes"))
        self.assertEqual({episode.instance for episode in training.episodes}, set(range(16)))
        for i in range(16):
            own = [episode for episode in training.episodes if episode.instance == i]
            lengths = np.cumsum([episode.length for episode in own])
            self.assertEqual((16 * lengths).tolist(), [episode.step for episode in own])
        with open(self.folder / "episodes.csv", encoding="utf-8", newline="") as file:
            rows = [(int(row["step"]), float(row["return"]), int(row["length"]), row["end"], int(row["instance"]))
                    for row in csv.DictReader(file)]
        self.assertEqual(rows, [tuple(episode) for episode in training.episodes])
        with open(self.folder / "log.csv", encoding="utf-8", newline="") as file:
            steps = [int(row["steps"]) for row in csv.DictReader(file)]
        self.assertLess(set(steps) - {training.run.steps}, set(range(0, 5008, 16)))
        self.assertTrue({1008, 2000, 3008, 4000, 5008} <= set(steps))
        self.assertIn("\nenvironments = 16\n", (self.folder / "config.txt").read_text())
        self.assertEqual((training.evaluation.environments, len(training.evaluation.returns)), (10, 10))
        again = libarq.evaluate(self.folder)
        self.assertEqual(again.returns.tolist(), training.evaluation.returns.tolist())
        self.assertLess(len(heard), len(training.episodes))

    def test_threads_and_the_caller_s_own_batch_change_nothing(self):
        plan = {"total_steps": 3000, "evaluate": False, **self.SETTINGS}
        one = libarq.train("minatar/freeway", environments=6, **plan)
        with libarq.EnvironmentBatch("minatar/freeway", 6, context=libarq.Context(threads=3)) as batch:
            other = libarq.train(batch, **plan)
            self.assertIs(other.env, batch)
            self.assertEqual(tensors(one.network), tensors(other.network))
            self.assertEqual(one.episodes, other.episodes)
            other.close()
            batch.reset(1)  # it stays the caller's
        run = libarq.Run(libarq.EnvironmentBatch("minatar/freeway", 6), **{**ROLLOUT, "total_steps": 3000})
        while run.advance(700):
            pass
        self.assertEqual(tensors(run.agent.network), tensors(one.network))

    def test_environments_in_python(self):
        corridors = [Corridor(length=2 + i, limit=9) for i in range(3)]
        for threads in (1, 2):
            context = libarq.Context(threads=threads)
            batch = libarq.EnvironmentBatch.of([libarq.Environment.from_python(one, context=context) for one in corridors])
            training = libarq.train(batch, total_steps=900, **self.SETTINGS)
            self.assertEqual(len(training.evaluation.returns), 12)
            self.assertEqual({episode.instance for episode in training.episodes}, {0, 1, 2})
            training.close()
            batch.close()

    def test_one_that_fails_loses_only_its_episode(self):
        class Breaks(Corridor):
            steps_left = 25

            def step(self, action):
                self.steps_left -= 1
                if self.steps_left == 0:
                    raise ConnectionError("cut off")
                return super().step(action)

        for threads in (1, 2):
            context = libarq.Context(threads=threads)
            worlds = [Corridor(limit=9), Breaks(limit=9), Corridor(limit=9)]
            batch = libarq.EnvironmentBatch.of([libarq.Environment.from_python(one, context=context) for one in worlds])
            training = libarq.Training(batch, total_steps=300, **self.SETTINGS)
            with self.assertRaisesRegex(ConnectionError, "cut off"):
                training.learn()
            failed = [episode for episode in training.episodes if episode.end == "failed"]
            self.assertEqual([episode.instance for episode in failed], [1])
            training.learn()
            self.assertEqual(training.run.metric("episodes"), len(training.episodes) - 1)
            self.assertEqual(len(training.returns), len(training.episodes) - 1)

    def test_every_episode_of_an_evaluation_is_heard(self):
        heard = {}
        network = libarq.Network(libarq.ObservationSpec.bits(10, 10, 4), 3, **ROLLOUT)
        batch = libarq.EnvironmentBatch("minatar/breakout", 4)
        score = libarq.evaluate(network, batch, episodes=12, seed=5, on_episode=lambda i, *one: heard.update({i: one}))
        self.assertEqual(heard, dict(enumerate(zip(score.returns.tolist(), score.lengths.tolist()))))
        byid = libarq.evaluate(network, "minatar/breakout", episodes=4, seed=5)
        self.assertEqual(byid.returns.tolist(), score.returns[:4].tolist())
        with self.assertRaisesRegex(libarq.ArgumentError, "episodes is 10 for 4 instances"):
            libarq.evaluate(network, batch, episodes=10)
        batch.reset(1)

    def test_how_many_is_never_guessed(self):
        batch = libarq.EnvironmentBatch("minatar/breakout", 4)
        for env, environments, kind, text in (
            ("minatar/breakout", 0, ValueError, r"environments is 0; accepted: 1 \.\. 65536"),
            ("minatar/breakout", 2.5, TypeError, "environments is a float; accepted: an int"),
            (batch, 5, ValueError, "environments is 5, but env is 4 of them; accepted: 4 or None"),
            (Corridor(), 2, ValueError, "environments is 2, but env is 1 of them; accepted: 1 or None"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(kind, text):
                libarq.train(env, environments=environments, **self.SETTINGS)
        libarq.Training(batch, environments=4, **self.SETTINGS).close()
        with self.assertRaisesRegex(TypeError, "env is a str; accepted: a libarq.Environment or EnvironmentBatch"):
            libarq.Run("minatar/breakout")


if __name__ == "__main__":
    main()
