"""Handles: freed once, in any order; closed ones and ones in use are refused."""

import gc
import logging
import pickle
import threading
import time

import numpy as np
from support import TINY, Case, Corridor, main

import libarq
from libarq._handle import Handle

FLAT = np.zeros(4, np.float32)


def every_handle(context):
    """One of each kind, made from this context."""
    config = libarq.Config("small", context=context, **TINY)
    env = libarq.Environment.open("minatar/breakout", context=context)
    network = libarq.Network(4, 2, config=config, context=context)
    run = libarq.Run(env, config=config)
    return {
        "config": config,
        "env": env,
        "batch": libarq.EnvironmentBatch("minatar/breakout", 3, context=context),
        "own": libarq.Environment.from_python(Corridor(), context=context),
        "network": network,
        "learner": libarq.Learner(network, config=config),
        "activations": network.activations(2),
        "cell": libarq.Cell(4, 8, 2, config=config, context=context),
        "replay": libarq.Replay(4, 100, context=context),
        "agent": libarq.Agent(4, 2, config=config, context=context),
        "run": run,
        "checkpoint": libarq.Checkpoint.copy(run, "nowhere"),
    }


class Log:
    """Collects the log, where a context that is destroyed too early complains."""

    def __init__(self):
        self.lines = []

    def __call__(self, level, text):
        self.lines.append((level, text))


CALLS = {
    "config": [lambda h: h["seed"], lambda h: h.set(seed=1), lambda h: h.origin("seed")],
    "env": [lambda h: h.reset(1), lambda h: h.step(0), lambda h: h.save(), lambda h: h.render(),
            lambda h: h.action_name(0), lambda h: h.time_limit(5)],
    "batch": [lambda h: h.reset(1), lambda h: h.step(np.zeros(3, np.int32)), lambda h: h[0]],
    "own": [lambda h: h.reset(1)],
    "network": [lambda h: h.cells, lambda h: h.copy(), lambda h: h.save("x"), lambda h: h.load("x"),
                lambda h: h.tensors.shapes(), lambda h: h.activations(), lambda h: h.parameter("seed")],
    "learner": [lambda h: h.sync(), lambda h: h.metric("loss"), lambda h: h.save("x"), lambda h: h.load("x")],
    "activations": [lambda h: h.begin(), lambda h: h.advance(), lambda h: h.h(), lambda h: h.q()],
    "cell": [lambda h: h.outputs, lambda h: h.forward(np.zeros((1, 4), np.float32)), lambda h: h.tensors.shapes()],
    "replay": [lambda h: len(h), lambda h: h.eligible, lambda h: h.sample(1), lambda h: h.begin(FLAT),
               lambda h: h.add(0, 0.0, FLAT), lambda h: h.save("x")],
    "agent": [lambda h: h.begin(FLAT), lambda h: h.act(), lambda h: h.observe(0.0, FLAT), lambda h: h.network,
              lambda h: h.metric("steps"), lambda h: h.activations, lambda h: h.save("x"), lambda h: h.load("x")],
    "run": [lambda h: h.advance(1), lambda h: h.agent, lambda h: h.metrics(), lambda h: h.steps, lambda h: h.save("x"),
            lambda h: h.load("x"), lambda h: h.resumed, lambda h: libarq.Checkpoint.copy(h, "x")],
    "checkpoint": [lambda h: h.write(), lambda h: h.set_text("a", "b"), lambda h: h.text("a"), lambda h: h.config(),
                   lambda h: h.instances],
}


class Lifetimes(Case):
    def test_a_closed_handle_is_refused_everywhere(self):
        with libarq.Context() as context:
            handles = every_handle(context)
            for name, handle in handles.items():
                handle.close()
                self.assertTrue(handle.closed)
                self.assertIn("closed", repr(handle))
                for i, call in enumerate(CALLS[name]):
                    with self.subTest(handle=name, call=i), self.assertRaisesRegex(libarq.ClosedError, "is closed"):
                        call(handle)
                handle.close()
                with self.assertRaises(libarq.ClosedError), handle:
                    pass

    def test_handles_may_go_in_any_order(self):
        names = list(every_handle(libarq.default_context()))
        random = np.random.default_rng(7)
        for order in (names, names[::-1], *(random.permutation(names) for _ in range(10))):
            log = Log()
            context = libarq.Context(log=log)
            handles = every_handle(context)
            for name in order:
                handles[str(name)].close()
            context.close()
            self.assertEqual([line for line in log.lines if line[0] >= logging.ERROR], [], list(order))

    def test_handles_may_be_let_go_of_in_any_order(self):
        for first in ("context", *CALLS):
            log = Log()
            context = libarq.Context(log=log)
            handles = every_handle(context)
            if first == "context":
                del context
            else:
                del handles[first], context
            gc.collect()
            handles.clear()
            gc.collect()
            self.assertEqual([line for line in log.lines if line[0] >= logging.ERROR], [], first)

    def test_closing_a_context_closes_what_was_made_from_it(self):
        log = Log()
        context = libarq.Context(log=log)
        handles = every_handle(context)
        context.close()
        self.assertTrue(all(handle.closed for handle in handles.values()))
        self.assertEqual(log.lines, [])

    def test_borrowed_handles_go_with_their_owner(self):
        with libarq.Environment.open("minatar/breakout") as env:
            run = libarq.Run(env, **TINY)
            agent, network, activations = run.agent, run.agent.network, run.agent.activations
            network.close()
            network = agent.network
            self.assertEqual(network.cells, 1)
            run.close()
            self.assertTrue(agent.closed and network.closed and activations.closed)
            self.assertFalse(env.closed)
            run = libarq.Run(env, **TINY)
        self.assertTrue(run.closed)

    def test_parts_outlive_the_names_of_their_owners(self):
        network = libarq.Run(libarq.Environment.open("classic/cartpole"), **TINY).agent.network
        gc.collect()
        self.assertEqual(network.cells, 1)

    def test_a_wrapper_takes_its_environment_over(self):
        own = Corridor()
        env = libarq.Environment.from_python(own)
        limited = env.time_limit(2)
        self.assertTrue(env.closed)
        limited.reset(0)
        limited.step(0)
        self.assertEqual(limited.step(0)[2:], (False, True))
        self.assertEqual(own.closed, 0)
        limited.close()
        self.assertEqual(own.closed, 1)
        with libarq.Environment.open("minatar/breakout") as env:
            run = libarq.Run(env, **TINY)
            with self.assertRaisesRegex(libarq.BusyError, "lent"):
                env.time_limit(3)
            self.assertFalse(run.closed)

    def test_a_failed_wrapper_leaves_the_environment(self):
        with libarq.Environment.open("minatar/breakout") as env:
            with self.assertRaises(libarq.ArgumentError):
                env.time_limit(0)
            with self.assertRaises(libarq.UnsupportedError):
                env.bang_bang()
            env.reset(0)

    def test_handles_cannot_be_copied_or_pickled(self):
        import copy

        for handle in every_handle(libarq.default_context()).values():
            with self.assertRaisesRegex(TypeError, "cannot be pickled"):
                pickle.dumps(handle)
            with self.assertRaisesRegex(TypeError, "cannot be copied"):
                copy.copy(handle)
        for handle, text in (
            (libarq.Agent(2, 3), r"an Agent cannot be pickled: make it .* uses it; save\(\) and load\(\) move what it holds"),
            (libarq.Config(), r"a Config cannot be pickled: make it in the process that uses it$"),
        ):
            with self.assertRaisesRegex(TypeError, text):
                pickle.dumps(handle)

    def test_nothing_is_left_at_the_end_of_a_process(self):
        out = self.assert_runs(
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "import libarq, test_handles, logging\n"
            "context = libarq.Context(log=lambda level, text: print(level, text))\n"
            "handles = test_handles.every_handle(context)\n"
            "cycle = [handles, context]; cycle.append(cycle)\n",
            __file__.rpartition("/")[0],
        )
        self.assertEqual(out, "")

    def test_all_kinds_are_tested(self):
        kinds = {type(handle) for handle in every_handle(libarq.default_context()).values()}

        def below(cls):
            for sub in cls.__subclasses__():
                yield sub
                yield from below(sub)

        leaves = {cls for cls in below(Handle) if not cls.__subclasses__()} - {libarq.Context}
        self.assertEqual(kinds, leaves)


class Threads(Case):
    def slow_environment(self, inside, leave):
        class Slow(Corridor):
            def step(self, action):
                inside.set()
                leave.wait(30)
                return super().step(action)

        env = libarq.Environment.from_python(Slow())
        env.reset(0)
        return env

    def test_a_handle_in_use_is_refused_and_cannot_be_closed(self):
        inside, leave = threading.Event(), threading.Event()
        env = self.slow_environment(inside, leave)
        thread = threading.Thread(target=lambda: env.step(1))
        thread.start()
        inside.wait(30)
        for call in (env.reset, lambda: env.step(0), env.save, env.close, env.context.close):
            with self.assertRaisesRegex(libarq.BusyError, "in use"):
                call()
        leave.set()
        thread.join()
        self.assertFalse(env.closed)
        self.assertFalse(env.context.closed)
        env.step(1)
        env.close()

    def test_a_run_holds_its_environment_and_agent(self):
        inside, leave = threading.Event(), threading.Event()
        env = self.slow_environment(inside, leave)
        run = libarq.Run(env, **TINY)
        agent = run.agent
        thread = threading.Thread(target=lambda: run.advance(1))
        thread.start()
        inside.wait(30)
        for call in (env.reset, agent.act, run.close, env.close, lambda: run.metric("steps")):
            with self.assertRaises(libarq.BusyError):
                call()
        leave.set()
        thread.join()
        self.assertEqual(run.steps, 1)

    def test_an_environment_cannot_use_what_runs_it(self):
        heard = []

        class Nosy(Corridor):
            def step(self, action):
                for call in (run.agent, run.close, env.reset) if callable(run) else (run.close, env.reset):
                    try:
                        call()
                    except libarq.BusyError as error:
                        heard.append(error)
                return super().step(action)

        env = libarq.Environment.from_python(Nosy())
        run = libarq.Run(env, **TINY)
        self.assertEqual(run.advance(2), 2)
        self.assertEqual(len(heard), 4)

    def test_closing_inside_a_callback_is_refused(self):
        refused = []

        class Closes(Corridor):
            def step(self, action):
                for handle in handles:
                    try:
                        handle.close()
                    except libarq.BusyError:
                        refused.append(handle)
                return super().step(action)

        env = libarq.Environment.from_python(Closes())
        run = libarq.Run(env, **TINY)
        handles = [run, run.agent, env, env.context]
        run.advance(5)
        self.assertEqual(len(refused), 4 * run.steps)
        network = run.agent.network.copy()
        handles = [network, env, env.context]
        libarq.evaluate(network, env, episodes=1, max_steps=3)
        self.assertFalse(network.closed or env.closed)
        self.assertEqual(refused[-3:], handles)

    def test_many_threads_act_with_one_network(self):
        network = libarq.Network(16, 3, widths=[16, 16], heads=2)
        observations = np.random.default_rng(1).random((50, 16), np.float32)

        def play(results):
            activations = network.activations()
            results.append([int(network.act(activations, row)[0]) for row in observations])

        results = []
        threads = [threading.Thread(target=play, args=(results,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 4)
        self.assertTrue(all(result == results[0] for result in results))

    def test_calls_release_the_interpreter(self):
        cell = libarq.Cell(1000, 200, 2, batch=256)
        x = np.ones((256, 1000), np.float32)
        ticks = []

        def tick():
            while not done.is_set():
                ticks.append(time.perf_counter())
                time.sleep(0.001)

        done = threading.Event()
        thread = threading.Thread(target=tick)
        thread.start()
        began = time.perf_counter()
        for _ in range(10):
            cell.forward(x)
        ended = time.perf_counter()
        done.set()
        thread.join()
        during = [one for one in ticks if began <= one <= ended]
        self.assertGreater(len(during), 10, f"the calls took {ended - began:.3f} s")


if __name__ == "__main__":
    main()
