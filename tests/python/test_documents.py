"""The examples print what they say, and every Python block of the documentation runs."""

import os
import re
import subprocess
import sys
import unittest

from support import SOURCE, Case, games, main, need

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Pages train as long as a reader would; here it is long enough to see that the code is right.
SHORT = "import functools, libarq\nlibarq.train = functools.partial(libarq.train, total_steps=6000)\n"

# By example: arguments, and what its numbers must be, in the order they are printed.
EXAMPLES = {
    "train_a_game": (["6000"], lambda count, mean, chance, *rest: count == 100 and mean >= 0),
    "own_loop": ([], lambda a, b, first, degree, c, d, last, degree_again: first < 40 and last > 75),
    "own_environment": ([], lambda way, length: way == length == 11),
    "gymnasium_both_ways": ([], lambda v, cells, steps, hundred, mean, *rest: steps == 5000 and mean > 20),
    "train_many": (["20000"], lambda count, rounds, *rest: (count, rounds) == (64, 313)),
    "sweep_seeds": (["2000"], lambda *numbers: len(numbers) == 8),
}


def form(text):
    """The text with every number replaced, and blanks before numbers as one."""
    return re.sub(r" +#", " #", NUMBER.sub("#", text))


class Examples(Case):
    def test_all_are_run(self):
        self.assertEqual({path.stem for path in (SOURCE / "examples").glob("*.py")}, set(EXAMPLES))

    def run_example(self, name):
        source = (SOURCE / "examples" / f"{name}.py").read_text(encoding="utf-8")
        if "gymnasium" in source:
            need("gymnasium")
        promised = re.search(r"^Prints[^\n]*:\n((?:    [^\n]*\n)+)", source, re.MULTILINE)
        self.assertIsNotNone(promised, "the text at the top does not show what it prints")
        arguments, holds = EXAMPLES[name]
        result = subprocess.run(
            [sys.executable, SOURCE / "examples" / f"{name}.py", *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=200,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(form(result.stdout), form(re.sub("^    ", "", promised[1], flags=re.MULTILINE)))
        self.assertTrue(holds(*map(float, NUMBER.findall(result.stdout))), result.stdout)


for example in EXAMPLES:
    setattr(Examples, f"test_{example}", lambda self, name=example: self.run_example(name))


class Measures(Case):
    def test_the_binding_can_be_measured(self):
        """A short look: the numbers mean little, but every line is there."""
        program = SOURCE / "bindings" / "python" / "measure.py"
        said = subprocess.run([sys.executable, program, "500"], capture_output=True, text=True, timeout=200)
        self.assertEqual(said.returncode, 0, said.stderr)
        for wanted in ("agent.act ", "agent.act + observe", "network.act", " 1024 games by one call"):
            self.assertIn(wanted, said.stdout)


class Pages(Case):
    def test_every_python_block_runs(self):
        found = 0
        for page in [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]:
            if not page.exists():
                continue
            blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
            if not blocks:
                continue
            code = SHORT + "\n".join(blocks)
            if "gymnasium" in code:
                try:
                    need("gymnasium")
                except unittest.SkipTest as reason:
                    print(f"{page.name}: {reason}")
                    continue
            if '"dmc/' in code and "dmc/walker-walk" not in games():
                print(f"{page.name}: MuJoCo or dm_control is not installed")
                continue
            with self.subTest(page=page.name):
                folder = self.folder / page.stem
                folder.mkdir()
                result = self.run_python(code, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "error"})
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            found += len(blocks)
        self.assertGreater(found, 0)


if __name__ == "__main__":
    main()
