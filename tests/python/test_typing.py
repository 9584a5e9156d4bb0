"""The package's types hold, inside it and for those who use it."""

import shutil
import subprocess
import sys
import tempfile

from support import SOURCE, Case, main, need

PACKAGE = SOURCE / "bindings" / "python"

USER = """
import libarq
training: libarq.Training = libarq.train("minatar/breakout", learning_rate=1e-3, widths=[3, 4], network="arq")
q = libarq.Network(4, 2).parameter("widths")
"""

WRONG = {
    'libarq.train("minatar/breakout", learning_rat=1e-3)': "learning_rat",
    'libarq.Agent(4, 2, network="mlp")': "mlp",
    'libarq.Config(batch="many")': "str",
    "libarq.Agent(4, 2).act() + 'a'": "operand",
}


class Types(Case):
    @classmethod
    def setUpClass(cls):
        for module in ("mypy", "gymnasium", "matplotlib", "tqdm"):
            need(module)
        cls.cache = tempfile.mkdtemp(prefix="libarq-mypy-")
        cls.addClassCleanup(shutil.rmtree, cls.cache)

    def mypy(self, *arguments):
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", self.cache, *arguments]
        return subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=550)

    def test_the_package_is_strictly_typed(self):
        result = self.mypy("-p", "libarq")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertTrue((PACKAGE / "libarq" / "py.typed").exists())

    def test_users_are_told_what_is_wrong(self):
        (self.folder / "user.py").write_text(USER, encoding="utf-8")
        result = self.mypy(str(self.folder / "user.py"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        lines = ["import libarq", *WRONG]
        (self.folder / "wrong.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
        said = self.mypy(str(self.folder / "wrong.py")).stdout
        for number, text in enumerate(WRONG.values(), start=2):
            self.assertRegex(said, rf"wrong\.py:{number}: error: .*{text}")


if __name__ == "__main__":
    main()
