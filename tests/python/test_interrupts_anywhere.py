"""Wherever a KeyboardInterrupt falls, no handle stays locked, and nothing is left half done.

Two kinds of tests: one tries the instructions of the package during a call, the other random moments of time.
LIBARQ_INTERRUPTS says how many of the latter (100 by default; from 1000 on every instruction is tried, not every
seventh), LIBARQ_INTERRUPTS_SEED which.
"""

import gc
import os
import random
import signal
import sys
import time
import unittest
from pathlib import Path

import numpy as np
from support import TINY, Case, Corridor, main

import libarq
from libarq import _handle, _interrupts

PACKAGE = str(Path(libarq.__file__).parent)
COUNT = int(os.environ.get("LIBARQ_INTERRUPTS", "100"))
SEED = int(os.environ.get("LIBARQ_INTERRUPTS_SEED", random.randrange(2**32)))
KINDS = 7  # of random tests, which share the interrupts
STRIDE = 1 if COUNT >= 1000 else 7  # of the instructions that are tried


def press(frame=None):
    """Does what Python does when Ctrl-C was pressed."""
    signal.getsignal(signal.SIGINT)(signal.SIGINT, frame)


def is_in_finalizer(frame):
    """Python swallows what a finalizer raises: there is no way to let an interrupt through before it has begun to wait."""
    while frame is not None:
        if frame.f_code is _handle._release_quietly.__code__:
            return not _interrupts.is_whole()
        frame = frame.f_back
    return False


def interrupt_at(instruction, call):
    """Presses Ctrl-C before this instruction of the package; returns whether the call has so many, and what it raised."""
    seen = 0

    def trace(frame, event, argument):
        nonlocal seen
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and not is_in_finalizer(frame):
            seen += 1
            if seen == instruction:
                sys.settrace(None)
                press(frame)
        return trace

    raised = None
    sys.settrace(trace)
    try:
        call()
        sys.settrace(None)
        if seen >= instruction:
            time.sleep(1)  # one that fell into a finalizer comes right after it
    except KeyboardInterrupt as exception:
        raised = exception
    finally:
        sys.settrace(None)
    return seen >= instruction, raised


class Anywhere(Case):
    def setUp(self):
        super().setUp()
        self.log = []
        self.context = libarq.Context(log=lambda level, text: self.log.append(text))
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def tearDown(self):
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        gc.collect()
        self.context.close()
        self.assertEqual(self.log, [])  # nothing is left that the library knows and the package does not

    def children(self, wanted=None):
        if len(self.context._resource.children) != wanted:
            gc.collect()
        libarq.Config(context=self.context).close()  # frees what was dropped while a finalizer was interrupted
        return len(self.context._resource.children)


class Instructions(Anywhere):
    """The traceback of an interrupt is kept while its handle is used, as an interactive Python does."""

    def try_all(self, call, after):
        kept = []
        instruction = 1 - STRIDE
        while True:
            instruction += STRIDE
            reached, raised = interrupt_at(instruction, call)
            if not reached:
                break
            self.assertIsNotNone(raised, f"the interrupt at instruction {instruction} was lost")
            kept.append(raised)
            try:
                after()
            except Exception as exception:
                self.fail(f"after an interrupt at instruction {instruction}: {exception!r}")
        self.assertGreater(instruction, 10)
        return instruction

    def make_agent(self, **settings):
        agent = libarq.Agent(2, 3, context=self.context, **{**TINY, **settings})
        agent.begin(np.zeros(2, np.float32))
        return agent

    def test_act_and_observe(self):
        agent = self.make_agent()

        def step():
            agent.act()
            agent.observe(0.5, np.ones(2, np.float32))

        self.try_all(step, step)
        self.assertEqual(agent.metric("replay_size"), agent.metric("steps"))

    def test_calls_of_an_agent(self):
        agent = self.make_agent()
        path = self.folder / "agent"
        self.try_all(lambda: agent.save(path), lambda: agent.save(path))
        self.try_all(lambda: agent.load(path), lambda: agent.load(path))
        self.try_all(lambda: agent.metric("steps"), agent.act)
        self.try_all(lambda: agent.network.cells, lambda: agent.network.cells)
        self.try_all(lambda: agent.activations.episodes, lambda: agent.activations.episodes)

    def test_a_network_and_its_activations(self):
        network = libarq.Network(2, 3, context=self.context, **TINY)
        activations = network.activations(2)
        rows = np.ones((2, 2), np.float32)
        expected = network.q(activations, rows)
        self.try_all(
            lambda: network.q(activations, rows),
            lambda: self.assertEqual(network.q(activations, rows).tobytes(), expected.tobytes()),
        )
        self.try_all(lambda: network.act(activations, rows), lambda: network.act(activations, rows))
        self.try_all(lambda: activations.begin(1), lambda: activations.begin(1))
        name = next(iter(network.tensors))
        values = network.tensors[name]
        self.try_all(lambda: network.tensors.set({name: values}), lambda: network.parameter("widths"))
        network.close()  # nobody is in it
        self.assertTrue(network.closed)

    def test_an_environment(self):
        env = libarq.Environment.open("minatar/breakout", context=self.context)
        env.reset(1)
        self.try_all(env.save, lambda: env.load(env.save()))
        self.try_all(lambda: env.reset(1), lambda: env.reset(2))
        self.try_all(lambda: env.step(0), lambda: env.reset(1))
        self.try_all(lambda: env.render(2), lambda: env.action_name(0))

    def test_an_environment_in_python(self):
        env = libarq.Environment.from_python(Corridor(), context=self.context)

        def play():
            env.reset(1)
            env.step(1)

        self.try_all(play, play)

    def test_a_batch(self):
        games = libarq.EnvironmentBatch("minatar/breakout", 3, context=self.context)
        self.try_all(lambda: games.reset(1), lambda: games.reset(1))
        actions = np.zeros(3, np.int32)
        self.try_all(lambda: games.step_masked(actions), lambda: games.reset(1))
        self.try_all(lambda: games[0].action_name(0), lambda: games[0].action_name(0))

    def assert_makes_nothing_or_all(self, make):
        """What an interrupted call made in the library is freed again."""
        before = self.children()
        instruction = 1 - STRIDE
        reached = True
        while reached:
            instruction += STRIDE
            reached, raised = interrupt_at(instruction, make)
            self.assertEqual(reached, raised is not None)
            if raised is not None:
                raised.__traceback__ = None  # its frames have the handles
            del raised
            self.assertEqual(self.children(before), before, f"after an interrupt at instruction {instruction}")
        self.assertGreater(instruction, 10)

    def test_making(self):
        config = libarq.Config(context=self.context, **TINY)
        network = libarq.Network(2, 3, config=config, context=self.context)
        path = self.folder / "network"
        network.save(path)
        self.assert_makes_nothing_or_all(lambda: libarq.Config("fast", context=self.context, gamma=0.9))
        self.assert_makes_nothing_or_all(lambda: libarq.Network(2, 3, config=config, context=self.context))
        self.assert_makes_nothing_or_all(lambda: libarq.Network.open(path, context=self.context))
        self.assert_makes_nothing_or_all(network.copy)
        self.assert_makes_nothing_or_all(network.activations)
        self.assert_makes_nothing_or_all(lambda: libarq.Environment.open("minatar/breakout", context=self.context))
        self.assert_makes_nothing_or_all(lambda: libarq.Replay(2, 100, context=self.context))

    def test_wrapping_moves_or_leaves(self):
        for instruction in range(1, 400, STRIDE):
            env = libarq.Environment.open("minatar/breakout", context=self.context)
            made = []
            interrupt_at(instruction, lambda: made.append(env.time_limit(3)))
            if made:
                made[0].reset(1)
                self.assertTrue(env.closed)
            elif not env.closed:  # closed: the wrapper was made, and dropped with the interrupt
                env.reset(1)
                env.time_limit(3).reset(1)

    def test_closing(self):
        for instruction in range(1, 400, STRIDE):
            network = libarq.Network(2, 3, context=self.context, **TINY)
            learner = libarq.Learner(network, **TINY)
            interrupt_at(instruction, network.close)
            self.assertEqual(network.closed, learner.closed)
            network.close()
            self.assertTrue(learner.closed)

    def test_a_finalizer_lets_it_through_later(self):
        network = [libarq.Network(2, 3, context=self.context, **TINY)]
        resource = network[0]._resource
        destroy = resource.destroy

        def destroy_slowly(pointer):
            press()
            destroy(pointer)

        resource.destroy = destroy_slowly
        with self.assertRaises(KeyboardInterrupt):
            network.clear()
            time.sleep(5)
        self.assertIsNone(resource.gate.pointer)


class RandomMoments(Anywhere):
    def setUp(self):
        super().setUp()
        self.random = random.Random(f"{SEED} {self.id()}")
        signal.signal(signal.SIGALRM, lambda number, frame: press(frame))
        self.addCleanup(signal.signal, signal.SIGALRM, signal.SIG_DFL)
        self.interrupts = self.lost = 0

    def press_during(self, call, within):
        """None if it fell into the first instructions of a finalizer, from where nothing comes out."""
        try:
            signal.setitimer(signal.ITIMER_REAL, self.random.uniform(1e-6, within))
            end = time.monotonic() + 1
            while time.monotonic() < end:
                call()
        except KeyboardInterrupt as exception:
            return exception
        self.lost += 1
        self.assertLess(self.lost, 3 + COUNT / 50)
        return None

    def interrupt(self, call, within, after, count=COUNT // KINDS + 1):
        """Runs the call again and again, and each time an interrupt comes out of it `after`."""
        for _ in range(count):
            kept = None
            while kept is None:
                kept = self.press_during(call, within)
            self.interrupts += 1
            with self.subTest(seed=SEED, interrupt=self.interrupts):
                after()
            del kept

    def test_an_agent(self):
        agent = libarq.Agent(2, 3, context=self.context, **{**TINY, "learning_starts": 16})
        agent.begin(np.zeros(2, np.float32))
        path = self.folder / "agent"

        def step():
            agent.act()
            agent.observe(0.5, np.ones(2, np.float32))
            agent.metric("loss")

        def after():
            step()
            self.assertEqual(min(agent.metric("steps"), TINY["replay_capacity"]), agent.metric("replay_size"))
            agent.save(path)
            other = libarq.Agent(2, 3, context=self.context, **{**TINY, "learning_starts": 16})
            other.load(path)
            self.assertEqual(other.act(), agent.act())

        self.interrupt(step, 0.003, after)

    def test_saving_an_agent(self):
        agent = libarq.Agent(2, 3, context=self.context, **TINY)
        agent.begin(np.zeros(2, np.float32))
        agent.act()
        path = self.folder / "agent"
        agent.save(path)
        content = path.read_bytes()
        self.interrupt(lambda: agent.save(path), 0.003, lambda: self.assertEqual(path.read_bytes(), content))
        agent.save(path)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["agent"])

    def test_a_network_and_its_activations(self):
        network = libarq.Network(2, 3, context=self.context, **TINY)
        rows = np.ones((4, 2), np.float32)
        activations = network.activations(4)
        expected = network.q(activations, rows)

        def use():
            network.q(activations, rows)
            activations.h(0, 2)
            network.copy().close()
            network.activations(4)

        def after():
            self.assertEqual(network.q(activations, rows).tobytes(), expected.tobytes())
            self.assertEqual(activations.episodes, 4)
            activations.begin(0)

        self.interrupt(use, 0.003, after)
        self.assertEqual(self.children(2), 2)  # all copies are gone

    def test_an_environment(self):
        env = libarq.Environment.open("minatar/breakout", context=self.context)
        other = libarq.Environment.open("minatar/breakout", context=self.context)
        env.reset(1)
        other.reset(2)

        def use():
            _, _, terminated, truncated = env.step(1)
            if terminated or truncated:
                env.reset()

        def after():
            state = env.save()
            other.load(state)
            try:
                self.assertEqual(env.step(1)[1:], other.step(1)[1:])
            except libarq.OrderError:  # it ended in the step that was interrupted
                pass
            env.reset()

        self.interrupt(use, 0.002, after)

    def test_an_environment_in_python(self):
        own = Corridor(length=50)
        env = libarq.Environment.from_python(own, context=self.context)
        env.reset(1)

        def use():
            if env.step(1)[2]:
                env.reset()

        def after():
            # A step in Python was made as a whole, or not at all.
            self.assertEqual(own.at, own.steps)
            env.reset()
            env.step(1)

        self.interrupt(use, 0.002, after)

    def train(self, settings, folder, interrupts, within=0):
        training = libarq.Training("minatar/breakout", preset=None, out=folder, context=self.context, **settings)
        while not training.complete:
            try:
                if self.interrupts < interrupts:
                    signal.setitimer(signal.ITIMER_REAL, self.random.uniform(1e-6, within))
                training.learn()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                self.interrupts += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        tables = [[line.split(",")[1:] for line in (folder / "episodes.csv").read_text().splitlines()]]
        tensors = {name: tensor.tobytes() for name, tensor in training.network.tensors.as_dict().items()}
        training.close()
        return training.episodes, tensors, tables

    def test_a_training(self):
        count = 2 * COUNT // KINDS + 1
        settings = {**TINY, "total_steps": 60 * count, "progress": False}
        began = time.monotonic()
        whole = self.train(settings, self.folder / "whole", 0)
        within = (time.monotonic() - began) / 4  # of this machine, so that several fall into it
        stopped = self.train(settings, self.folder / "stopped", count, within)
        self.assertGreater(self.interrupts, 0)
        self.assertEqual(stopped, whole)


if __name__ == "__main__":
    print(f"{COUNT} interrupts at random moments, seed {SEED}")
    main()
