"""Arrays go in and out without copies; wrong ones are an exception that names them, never a crash."""

import numpy as np
from support import TINY, Case, main

import libarq
from libarq import _arrays

SMALL = {**TINY, "context_size": 0, "recurrent": False, "top_down": False}


class Subjects:
    """One of each handle that takes arrays, ready for a call."""

    def __init__(self):
        self.network = libarq.Network(4, 2, **SMALL)
        self.activations = self.network.activations(3)
        self.learner = libarq.Learner(self.network, batch=8)
        self.cell = libarq.Cell(4, 8, 2, **SMALL)
        self.agent = libarq.Agent(4, 2, **SMALL)
        self.replay = libarq.Replay(4, 100)
        self.replay.begin(np.zeros(4, np.float32))
        self.batch = libarq.EnvironmentBatch("minatar/breakout", 3)
        self.batch.reset(1)
        self.box = libarq.Environment.from_python(Reacher())
        self.box.reset(0)


class Reacher:
    """One step, a box action."""

    spec = libarq.EnvironmentSpec(libarq.ObservationSpec.floats(1), libarq.Box(np.full(2, -1.0), np.full(2, 1.0)))

    def reset(self, seed):
        return np.zeros(1, np.float32)

    def step(self, action):
        return np.zeros(1, np.float32), float(action.sum()), False, False


def f32(*shape):
    return np.zeros(shape, np.float32)


def i32(*shape):
    return np.zeros(shape, np.int32)


# Argument name, a right array, and the call.
INPUTS = [
    ("observations", f32(3, 4), lambda s, a: s.network.q(s.activations, a)),
    ("observations", f32(3, 4), lambda s, a: s.network.act(s.activations, a)),
    ("observations", f32(2, 2, 4), lambda s, a: s.learner.update(a, i32(2), f32(2), np.zeros(2, np.uint8))),
    ("actions", i32(2), lambda s, a: s.learner.update(f32(len(a), 2, 4), a, f32(2), np.zeros(2, np.uint8))),
    ("rewards", f32(2), lambda s, a: s.learner.update(f32(2, 2, 4), i32(2), a, np.zeros(2, np.uint8))),
    ("terminated", np.zeros(2, np.uint8), lambda s, a: s.learner.update(f32(2, 2, 4), i32(2), f32(2), a)),
    ("lengths", np.ones(2, np.int32),
     lambda s, a: s.learner.update(f32(2, 2, 4), i32(2), f32(2), np.zeros(2, np.uint8), a)),
    ("x", f32(3, 4), lambda s, a: s.cell.forward(a)),
    ("actions", i32(3), lambda s, a: s.cell.forward(f32(3, 4), a)),
    ("x", f32(3, 4), lambda s, a: s.cell.update(a, i32(3), f32(3))),
    ("actions", i32(3), lambda s, a: s.cell.update(f32(3, 4), a, f32(3))),
    ("targets", f32(3), lambda s, a: s.cell.update(f32(3, 4), i32(3), a)),
    ("observation", f32(4), lambda s, a: s.agent.begin(a)),
    ("next_observation", f32(4), lambda s, a: (s.agent.begin(f32(4)), s.agent.act(), s.agent.observe(0.0, a))),
    ("observation", f32(4), lambda s, a: s.replay.begin(a)),
    ("next_observation", f32(4), lambda s, a: s.replay.add(0, 0.0, a)),
    ("actions", i32(3), lambda s, a: s.batch.step(a)),
    ("seeds", np.zeros(3, np.uint64), lambda s, a: s.batch.reset(a)),
    ("mask", np.ones(3, np.bool_), lambda s, a: s.batch.reset(None, a)),
    ("action", np.zeros(2), lambda s, a: s.box.step(a)),
]

OUTPUTS = [
    ("out", f32(3, 2), lambda s, a: s.network.q(s.activations, f32(3, 4), out=a)),
    ("out", i32(3), lambda s, a: s.network.act(s.activations, f32(3, 4), out=a)),
    ("out", f32(4, 8), lambda s, a: s.cell.tensors.read("fc_h.kernel", out=a)),
]


def strided(array):
    """The same values, not one behind the other."""
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


def other_dtypes(dtype):
    return [np.dtype(d) for d in ("f4", "f8", "i4", "i8", "u1", "?", "c8", "O", ">f4", ">i4") if np.dtype(d) != dtype]


class Refusals(Case):
    def setUp(self):
        super().setUp()
        self.subjects = Subjects()

    def assert_named(self, kind, name, call, array):
        with self.assertRaisesRegex(kind, rf"^(out\.)?{name} "):
            call(self.subjects, array)

    def test_right_arrays_are_taken(self):
        for name, array, call in INPUTS + OUTPUTS:
            with self.subTest(array=name):
                call(self.subjects, array)

    def test_a_wrong_dtype(self):
        for name, array, call in INPUTS + OUTPUTS:
            for dtype in other_dtypes(array.dtype):
                if name == "terminated" and dtype == np.bool_:
                    continue  # its bytes are those of uint8
                if name == "seeds" and dtype.kind in "iu":
                    continue  # whole numbers of any type are fine there
                with self.subTest(array=name, dtype=dtype):
                    self.assert_named(TypeError, name, call, array.astype(dtype))

    def test_a_wrong_shape(self):
        for name, array, call in INPUTS + OUTPUTS:
            for wrong in (array[..., :-1], array[None], np.concatenate([array, array], axis=-1), array[..., None]):
                if name == "actions" and wrong.ndim == 1 and call is INPUTS[3][2]:
                    continue  # there the batch is as long as the actions
                with self.subTest(array=name, shape=wrong.shape):
                    self.assert_named(ValueError, name, call, np.ascontiguousarray(wrong))

    def test_a_wrong_order(self):
        for name, array, call in INPUTS + OUTPUTS:
            if name == "seeds":
                continue  # they are copied
            with self.subTest(array=name):
                self.assert_named(ValueError, name, call, strided(array))
            if array.ndim > 1:
                with self.subTest(array=name, order="F"):
                    self.assert_named(ValueError, name, call, np.asfortranarray(array))

    def test_no_array(self):
        for name, array, call in INPUTS:
            for wrong in (array.tolist(), "text", b"bytes", object()):
                if name == "seeds" and isinstance(wrong, list) or name == "actions" and call is INPUTS[3][2]:
                    continue  # a list of ints is fine there
                with self.subTest(array=name, given=type(wrong)):
                    with self.assertRaises((TypeError, ValueError)):
                        call(self.subjects, wrong)

    def test_read_only_arrays_are_read_but_not_written(self):
        for name, array, call in INPUTS:
            fixed = array.copy()
            fixed.flags.writeable = False
            with self.subTest(array=name):
                call(self.subjects, fixed)
        for name, array, call in OUTPUTS:
            fixed = array.copy()
            fixed.flags.writeable = False
            with self.subTest(out=name), self.assertRaisesRegex(ValueError, f"{name} is read-only"):
                call(self.subjects, fixed)

    def test_numbers_that_c_would_cut(self):
        agent, replay, cell = self.subjects.agent, self.subjects.replay, self.subjects.cell
        agent.begin(f32(4))
        agent.act()
        for call in (
            lambda: agent.observe(0.0, f32(4), action=2**32),
            lambda: agent.observe(0.0, f32(4), action=-1),
            lambda: replay.add(2**40, 0.0, f32(4)),
            lambda: replay.sample(-1),
            lambda: libarq.Network(2**32 + 4, 2),
            lambda: libarq.Network(4, 2**32 + 2),
            lambda: libarq.Replay(4, -5),
            lambda: self.subjects.activations.begin(2**32),
            lambda: self.subjects.batch[3],
            lambda: self.subjects.batch.reset(-1),
        ):
            with self.assertRaises((ValueError, IndexError)):
                call()
        for call in (
            lambda: replay.add(0.5, 0.0, f32(4)),
            lambda: libarq.Network(4, "2"),
            lambda: agent.observe("reward", f32(4)),
            lambda: agent.observe(None, f32(4)),
            lambda: cell.tensors.read(3),
            lambda: agent.save(7.5),
            lambda: agent.metric(b"steps"),
        ):
            with self.assertRaises((TypeError, ValueError, LookupError)):
                call()
        self.assertEqual(agent.metric("steps"), 0)

    def test_numbers_that_are_none(self):
        agent = libarq.Agent(2, 3)
        agent.begin(np.zeros(2, np.float32))
        agent.act()
        seen = np.zeros(2, np.float32)
        replay = libarq.Replay(2, 10)
        replay.begin(seen)
        for reward, text in (
            (None, "reward is a NoneType; accepted: a number"),
            ("1", "reward is a str; accepted: a number"),
            (np.ones(1), r"reward is a numpy.ndarray of float64 with shape \(1,\); accepted: a number"),
        ):
            with self.assertRaisesRegex(TypeError, text):
                agent.observe(reward, seen)
            with self.assertRaisesRegex(TypeError, text):
                replay.add(0, reward, seen)
        with self.assertRaisesRegex(TypeError, r"action is a numpy.ndarray of int64 with shape \(1,\); accepted: an int"):
            agent.observe(0.0, seen, action=np.array([1]))
        for reward in (1, np.float32(1), np.array(1.0), True):
            agent.observe(reward, seen)
            agent.act()

    def test_seeds_of_a_batch(self):
        games = libarq.EnvironmentBatch("minatar/breakout", 3)
        expected = games.reset(5).copy()
        for seeds in (np.arange(5, 8), np.arange(5, 8, dtype=np.uint8), [5, 6, 7]):
            self.assertTrue(np.array_equal(games.reset(seeds), expected))
        with self.assertRaisesRegex(TypeError, "seeds is a numpy.ndarray of float64 .*; accepted: integers"):
            games.reset(np.array([1.9, 2, 3]))
        with self.assertRaisesRegex(ValueError, r"seeds is -1 \.\. 1; accepted: 0 \.\."):
            games.reset(np.arange(-1, 2))
        with self.assertRaisesRegex(ValueError, r"seeds has shape \(2,\); accepted: \(3,\)"):
            games.reset(np.arange(2))

    def test_an_observation_that_begins_with_1_is_no_batch(self):
        network = libarq.Network(libarq.ObservationSpec.floats(1, 2, 2), 3)
        activations = network.activations(1)
        one = np.arange(4, dtype=np.float32).reshape(1, 2, 2)
        expected = network.q(activations, one).tobytes()
        for same in (one[None], one.reshape(4), one.reshape(1, 4)):
            self.assertEqual(network.q(activations, same).tobytes(), expected)

    def test_values_the_library_refuses(self):
        with self.assertRaises(libarq.ArgumentError):
            self.subjects.agent.begin(np.full(4, np.nan, np.float32))
        with self.assertRaises(libarq.ArgumentError):
            self.subjects.cell.tensors["fc_h.kernel"] = np.full((4, 8), np.inf, np.float32)
        with self.assertRaises(libarq.ArgumentError):
            self.subjects.cell.forward(f32(1, 4), np.array([2], np.int32))
        with self.assertRaises(libarq.ShapeError):
            self.subjects.cell.forward(f32(9, 4))
        with self.assertRaises(libarq.NotFoundError):
            self.subjects.cell.tensors["fc_x"]


class Copies(Case):
    def test_arrays_that_fit_are_not_copied(self):
        for spec, array in (
            (libarq.ObservationSpec.floats(2, 3), np.zeros((5, 2, 3), np.float32)),
            (libarq.ObservationSpec.bytes(2, 3), np.zeros((5, 2, 3), np.uint8)),
            (libarq.ObservationSpec.bits(2, 3), np.zeros((5, 1), np.uint8)),
            (libarq.ObservationSpec(libarq.ObservationKind.F64, 6, (2, 3)), np.zeros((5, 2, 3))),
            (libarq.ObservationSpec.discrete(9), np.zeros(5, np.int32)),
        ):
            self.assertIs(spec.encode("x", array, 5), array)
            self.assertEqual(_arrays.address(array), array.ctypes.data)

    def test_outputs_go_where_they_are_wanted(self):
        subjects = Subjects()
        out = f32(3, 2)
        self.assertIs(subjects.network.q(subjects.activations, np.ones((3, 4), np.float32), out=out), out)
        self.assertTrue(np.array_equal(out, subjects.network.q(subjects.activations, np.ones((3, 4), np.float32))))
        batch = subjects.batch
        before = _arrays.address(batch.rewards)
        self.assertIs(batch.step(i32(3))[1], batch.rewards)
        self.assertEqual(_arrays.address(batch.rewards), before)

    def test_observations_have_the_same_values_in_every_form(self):
        random = np.random.default_rng(3)
        spec = libarq.ObservationSpec.bits(3, 5)
        bools = random.integers(0, 2, (4, 3, 5)).astype(np.bool_)
        packed = spec.encode("x", bools, 4)
        self.assertEqual(packed.shape, (4, 2))
        self.assertTrue(np.array_equal(spec.decode(packed), bools))
        self.assertTrue(np.array_equal(spec.as_floats(bools), bools.reshape(4, 15)))
        self.assertTrue(np.array_equal(spec.as_floats(packed), bools.reshape(4, 15)))
        pixels = random.integers(0, 256, (4, 3, 5)).astype(np.uint8)
        self.assertTrue(np.array_equal(libarq.ObservationSpec.bytes(3, 5).as_floats(pixels),
                                       (pixels / 255).astype(np.float32).reshape(4, 15)))
        states = np.array([0, 8, 3], np.int32)
        self.assertTrue(np.array_equal(libarq.ObservationSpec.discrete(9).as_floats(states), np.eye(9)[states]))
        with self.assertRaises(ValueError):
            libarq.ObservationSpec.discrete(9).as_floats(np.array([9], np.int32))


if __name__ == "__main__":
    main()
