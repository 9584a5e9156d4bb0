"""Of a program that has the library linked in, plugins lie in arq/plugins beside it: where the program is, not where the
one who started it says or stands. A program with more rights than its user has no such folder."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

OPENER = os.path.abspath(os.environ["TEST_OPENER"])
PLUGIN = os.path.join(os.environ["TEST_PLUGIN_DIR"], "arq_coin.so")
UNPRIVILEGED = 65534


class ProgramFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="arq-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.ours, self.theirs = self.make("ours"), self.make("theirs")
        self.program = shutil.copy(OPENER, self.ours)

    def make(self, name):
        folder = os.path.join(self.folder, name)
        os.makedirs(os.path.join(folder, "arq", "plugins"))
        return folder

    def give_plugin(self, folder):
        shutil.copy(PLUGIN, os.path.join(folder, "arq", "plugins"))

    def found(self, name, folder, variables=None, **keywords):
        """Whether the program finds the plugin when it is called `name` and started in a folder."""
        kept = {key: value for key, value in os.environ.items() if key != "ARQ_PLUGIN_PATH"}
        done = subprocess.run([name, "coin/plain"], executable=self.program, cwd=folder, capture_output=True, text=True,
                              env={**kept, **(variables or {})}, **keywords)
        if done.returncode != 0:
            self.assertIn("unknown environment 'coin/plain'", done.stderr)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode == 0

    def test_finds_what_lies_beside_the_program(self):
        self.give_plugin(self.ours)
        for name in ("opener", "./opener", "nothing/like/this", self.program, ""):
            self.assertTrue(self.found(name, self.theirs), name)

    def test_believes_no_name_and_no_current_folder(self):
        self.give_plugin(self.theirs)
        names = ("opener", "./opener", "arq", os.path.join(self.theirs, "opener"), "../theirs/opener", "")
        for name in names:
            self.assertFalse(self.found(name, self.theirs), name)
            self.assertFalse(self.found(name, os.path.join(self.theirs, "arq", "plugins")), name)

    def test_loads_nothing_that_everybody_may_have_put_beside_it(self):
        self.give_plugin(self.ours)
        for part in ("", "arq", "arq/plugins"):
            folder = os.path.join(self.ours, part)
            os.chmod(folder, 0o1777)
            self.assertFalse(self.found(self.program, "/"), part)
            os.chmod(folder, 0o755)
            self.assertTrue(self.found(self.program, "/"), part)

    @unittest.skipUnless(os.geteuid() == 0, "only root can make a program of another user's")
    def test_a_program_with_more_rights_than_its_user_looks_nowhere(self):
        self.give_plugin(self.ours)
        beside = os.path.join(self.ours, "arq", "plugins")
        for variables in ({}, {"ARQ_PLUGIN_PATH": beside}):
            self.assertTrue(self.found(self.program, "/", variables, user=UNPRIVILEGED))
        os.chown(self.program, 0, 0)
        os.chmod(self.program, 0o4755)
        for variables in ({}, {"ARQ_PLUGIN_PATH": beside}):
            self.assertFalse(self.found(self.program, "/", variables, user=UNPRIVILEGED))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
