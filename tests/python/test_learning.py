"""Agents, networks, learners, replays and cells do what the library does."""

import math

import numpy as np
from support import TINY, Case, main, need

import libarq

KINDS = tuple(next(row.range for row in libarq.parameters() if row.name == "network").split("|"))


def play(agent, steps, seed=3):
    """A world of random observations, made of the seed; returns what the agent did."""
    random = np.random.default_rng(seed)
    done = []
    agent.begin(random.random(6, np.float32))
    for step in range(steps):
        action = agent.act()
        ended = step % 17 == 16
        events = agent.observe(random.random(), random.random(6, np.float32), ended and step % 2 == 0, ended)
        done.append((action, int(events)))
        if ended:
            agent.begin(random.random(6, np.float32))
    return done


class Agents(Case):
    def test_the_loop(self):
        agent = libarq.Agent(6, 3, **TINY)
        done = play(agent, 400)
        self.assertEqual({action for action, _ in done}, {0, 1, 2})
        events = [libarq.Events(event) for _, event in done]
        self.assertEqual(sum(libarq.Events.EPISODE_END in event for event in events), 400 // 17)
        self.assertGreater(sum(libarq.Events.UPDATED in event for event in events), 30)
        self.assertTrue(libarq.Events.EXPLORED in events[0])
        self.assertEqual(agent.metric("steps"), 400)
        self.assertFalse(math.isnan(agent.metric("loss", 0)))
        with self.assertRaisesRegex(libarq.NotFoundError, "td_error"):
            agent.metric("lossy")

    def test_the_order_of_calls(self):
        agent = libarq.Agent(6, 3, **TINY)
        with self.assertRaises(libarq.OrderError):
            agent.act()
        agent.begin(np.zeros(6, np.float32))
        with self.assertRaises(libarq.OrderError):
            agent.observe(0.0, np.zeros(6, np.float32))
        self.assertEqual(agent.act(), agent.act())
        agent.observe(0.0, np.zeros(6, np.float32), action=2)

    def test_a_saved_agent_goes_on_bit_for_bit(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                settings = {**TINY, "network": kind}
                if kind not in ("arq", "ad"):
                    settings.pop("heads")  # they have no attention
                first, second = libarq.Agent(6, 3, **settings), libarq.Agent(6, 3, **settings)
                play(first, 300)
                first.save(self.folder / "agent.safetensors")
                second.load(self.folder / "agent.safetensors")
                self.assertEqual(play(first, 300, 5), play(second, 300, 5))
                for name, tensor in first.network.tensors.as_dict().items():
                    self.assertEqual(tensor.tobytes(), second.network.tensors[name].tobytes(), name)

    def test_checkpoints_open_with_safetensors(self):
        load_file = need("safetensors.numpy").load_file
        agent = libarq.Agent(6, 3, **TINY)
        play(agent, 200)
        for save in (agent.save, agent.network.save):
            save(self.folder / "saved.safetensors")
            found = load_file(self.folder / "saved.safetensors")
            for name, tensor in agent.network.tensors.as_dict().items():
                matches = [key for key in found if key.endswith(name)]
                self.assertTrue(any(np.array_equal(found[key], tensor) for key in matches), (name, list(found)[:9]))

    def test_a_missing_file_leaves_the_agent(self):
        agent = libarq.Agent(6, 3, **TINY)
        with self.assertRaises(libarq.FileError):
            agent.load(self.folder / "nothing")
        with self.assertRaises(libarq.FileError):
            agent.save(self.folder / "no" / "folder")
        (self.folder / "bad").write_bytes(b"\x08\0\0\0\0\0\0\0notjson!")
        with self.assertRaises(libarq.FormatError):
            agent.load(self.folder / "bad")
        play(agent, 20)


class Networks(Case):
    def test_acting_is_the_best_of_q(self):
        network = libarq.Network((2, 5), 4, widths=[16, 16], heads=2)
        first, second = network.activations(3), network.activations(3)
        random = np.random.default_rng(1)
        for _ in range(5):
            observations = random.random((3, 2, 5), np.float32)
            q = network.q(first, observations)
            self.assertEqual(q.tobytes(), network.q(first, observations).tobytes())
            self.assertEqual(network.act(second, observations).tolist(), q.argmax(axis=1).tolist())
            for episode in range(3):
                first.advance(episode)
        per_cell = np.mean([first.q(cell, 1) for cell in range(2)], axis=0)
        self.assertTrue(np.allclose(per_cell, q[1], rtol=1e-6))
        self.assertEqual(first.h(1, 2).shape, (16,))
        self.assertEqual(first.y(0, 0).shape[0], 4)
        self.assertEqual(first.previous(0, 0).shape, (16,))

    def test_one_episode_needs_no_first_dimension(self):
        network = libarq.Network(5, 2, **TINY)
        activations = network.activations()
        row = np.ones(5, np.float32)
        self.assertEqual(network.q(activations, row).tobytes(), network.q(activations, row[None]).tobytes())

    def test_files_and_copies(self):
        network = libarq.Network(libarq.ObservationSpec.bits(3, 3), 2, **TINY)
        network.save(self.folder / "n.safetensors")
        opened = libarq.Network.open(self.folder / "n.safetensors")
        copy = network.copy()
        for other in (opened, copy):
            self.assertEqual(other.observation.kind, libarq.ObservationKind.BIT)
            self.assertEqual((other.actions, other.cells, other.parameter("widths")), (2, 1, (8,)))
            for name, tensor in network.tensors.as_dict().items():
                self.assertEqual(tensor.tobytes(), other.tensors[name].tobytes())
        name = next(iter(network.tensors))
        network.tensors[name] = network.tensors[name] + np.float32(1)
        self.assertNotEqual(network.tensors[name].tobytes(), copy.tensors[name].tobytes())
        copy.load(self.folder / "n.safetensors")
        with self.assertRaises(libarq.ShapeError):
            libarq.Network(4, 2, **TINY).load(self.folder / "n.safetensors")
        text = str(libarq.inspect(self.folder / "n.safetensors"))
        self.assertIn("arq network of 1 cells, 9 bit values, 2 actions", text)
        self.assertIn(name, text)


class Learners(Case):
    def test_replay_and_learner_are_the_agent(self):
        """The parts driven by hand learn what their own metric says they learn: the loss falls on a fixed batch."""
        network = libarq.Network(4, 2, widths=16, heads=2)
        learner = libarq.Learner(network, batch=32, learning_rate=1e-2, gamma=0.0)
        replay = libarq.Replay(4, 1000, window=learner.window, seed=5)
        random = np.random.default_rng(2)
        for _ in range(20):
            replay.begin(random.random(4, np.float32))
            for step in range(20):
                replay.add(int(random.integers(2)), 1.0, random.random(4, np.float32), terminated=step == 19)
        self.assertEqual((len(replay), replay.eligible), (400, 400))
        sample = replay.sample(32)
        self.assertEqual(sample.observations.shape, (32, learner.window + 1, 4))
        learner.update_from(sample)
        first = learner.metric("loss")
        for _ in range(150):
            learner.update_from(sample)
        learner.sync()
        self.assertLess(learner.metric("loss"), first / 4)
        self.assertEqual(learner.metric("updates"), 151)
        learner.save(self.folder / "l.safetensors")
        learner.load(self.folder / "l.safetensors")
        with self.assertRaisesRegex(libarq.BusyError, "learner"):
            libarq.Learner(network)

    def test_samples_are_what_was_stored(self):
        replay = libarq.Replay(libarq.ObservationSpec.bits(12), 100, window=3, seed=1)
        rows = np.random.default_rng(4).integers(0, 2, (10, 12)).astype(np.bool_)
        replay.begin(rows[0])
        for i in range(9):
            replay.add(i, i / 2, rows[i + 1], False, i == 8)
        sample = replay.sample(9, distinct=True)
        seen = replay.observation.decode(sample.observations)
        for row, action, length in zip(seen, sample.actions, sample.lengths):
            self.assertEqual(length, min(3, action + 1))
            expected = [rows[max(0, action - 2 + i)] for i in range(3)] + [rows[action + 1]]
            self.assertTrue(np.array_equal(row, expected))
        self.assertEqual(sorted(sample.rewards.tolist()), [i / 2 for i in range(9)])
        self.assertFalse(sample.terminated.any())
        again = replay.sample(9, out=sample)
        self.assertIs(again.observations, sample.observations)
        with self.assertRaises(libarq.OrderError):
            replay.sample(10, distinct=True)
        replay.save(self.folder / "r.safetensors")
        other = libarq.Replay(libarq.ObservationSpec.bits(12), 100, window=3, seed=9)
        other.load(self.folder / "r.safetensors")
        self.assertEqual(other.sample(5).actions.tolist(), replay.sample(5).actions.tolist())


class Cells(Case):
    def test_forward_and_update(self):
        cell = libarq.Cell(5, 16, 3, heads=2, batch=10, learning_rate=1e-2)
        x = np.random.default_rng(1).random((10, 5), np.float32)
        every = cell.forward(x)
        self.assertEqual((every.h.shape, every.q.shape), ((10, 16), (10, 3)))
        actions = np.arange(10, dtype=np.int32) % 3
        one = cell.forward(x, actions)
        self.assertEqual(one.q.tobytes(), every.q[np.arange(10), actions].tobytes())
        self.assertEqual(one.y.tobytes(), every.y[np.arange(10), actions].tobytes())
        targets = np.full(10, 0.7, np.float32)
        first = cell.update(x, actions, targets)
        self.assertAlmostEqual(first, float(np.mean((one.q - targets) ** 2)), places=5)
        for _ in range(300):
            last = cell.update(x, actions, targets)
        self.assertLess(last, first / 10)
        cell.save(self.folder / "c.safetensors")
        other = libarq.Cell(5, 16, 3, heads=2, batch=10, seed=9)
        self.assertNotEqual(other.forward(x).q.tobytes(), cell.forward(x).q.tobytes())
        other.load(self.folder / "c.safetensors")
        self.assertEqual(other.forward(x).q.tobytes(), cell.forward(x).q.tobytes())
        self.assertEqual(cell.tensors.shapes()["fc_h.kernel"][1], 16)


if __name__ == "__main__":
    main()
