"""What the tests of the Python package share."""

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["LIBARQ_SOURCE"])

# A network that learns nothing much, but soon.
TINY = {
    "widths": 8,
    "heads": 1,
    "batch": 8,
    "learning_starts": 100,
    "train_period": 8,
    "replay_capacity": 5000,
    "exploration_steps": 1000,
    "evaluation_episodes": 5,
}

# The same for a training, whose usual preset learns from rollouts.
TRAINING = {"preset": "replay-fast", **TINY}


def need(module):
    """Imports a module the tests can do without; the skip names it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise unittest.SkipTest(f"{module} is not installed") from None


def need_for_all(module):
    """As need(), for a whole file: Meson shows it as skipped."""
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"skipped: {module} is not installed")
        sys.exit(77)


def games():
    """Ids of every environment that can be opened here; the others name what they lack."""
    import libarq

    found = []
    for type_ in libarq.environments():
        try:
            libarq.Environment.open(type_.id).close()
            found.append(type_.id)
        except libarq.Error as error:
            print(f"skipped: {type_.id}: {error}")
    return found


def draw_action(actions, random):
    """An action of a spec's kind."""
    return random.uniform(actions.low, actions.high) if hasattr(actions, "low") else int(random.integers(actions.count))


class Case(unittest.TestCase):
    """A test with a folder of its own, which is gone afterwards."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="libarq-test-")
        self.addCleanup(shutil.rmtree, folder)
        self.folder = Path(folder)

    def run_python(self, code, *arguments, **options):
        """A Python of its own, which may crash."""
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, **options
        )

    def assert_runs(self, code, *arguments):
        result = self.run_python(code, *arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout


class Corridor:
    """Walk right along `length` cells for a reward of 1; states are f32 positions. Never random."""

    def __init__(self, length=4, limit=0):
        import libarq

        self.spec = libarq.EnvironmentSpec(libarq.ObservationSpec.floats(1), libarq.Discrete(2))
        self.length = length
        self.limit = limit
        self.seeds = []
        self.closed = 0

    def _observation(self):
        import numpy as np

        return np.array([self.at / self.length], np.float32)

    def reset(self, seed):
        self.seeds.append(seed)
        self.at = self.steps = 0
        self.ended = False
        return self._observation()

    def step(self, action):
        if self.ended:
            raise RuntimeError("step after the end")
        self.steps += 1
        self.at = max(0, self.at + (1 if action == 1 else -1))
        arrived = self.at >= self.length
        cut = not arrived and self.steps == self.limit
        self.ended = arrived or cut
        return self._observation(), float(arrived), arrived, cut

    def close(self):
        self.closed += 1


def main():
    unittest.main(verbosity=2)
