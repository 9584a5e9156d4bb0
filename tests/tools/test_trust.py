"""A run's folder may come from anybody: it loads no code that the user did not name, and steers no terminal. One's own
runs work from any folder."""

import os
import shutil
import unittest

from support import MISBEHAVING, TINY, Case

READERS = (["eval"], ["play", "--record", "x.ppm", "--episodes", "1"], ["inspect", "--states", "3"])


class Trust(Case):
    def setUp(self):
        super().setUp()
        self.trace = {"MISBEHAVING_TRACE": self.path("trace")}

    def train(self, environment):
        self.arq("train", environment, *TINY, "--steps", "200", "--quiet", "--out", "run")

    def set_environment(self, text):
        lines = self.read("run", "config.txt").split("\n")
        lines[1] = f"environment = {text}"
        with open(self.path("run", "config.txt"), "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines))

    def loaded(self, *words, code=0):
        """What the program said, and whether the plugin's code has run."""
        done = self.arq(*words, code=code, env=self.trace)
        was_there = os.path.exists(self.path("trace"))
        if was_there:
            os.unlink(self.path("trace"))
        return done, was_there

    def test_a_run_s_plugin_is_loaded_only_when_named_or_trusted(self):
        shutil.copy(MISBEHAVING, self.path("evil.so"))
        self.train(MISBEHAVING)
        for named in (self.path("evil.so"), "./evil.so", "evil.so?fault=none", "run/../evil.so|time_limit=9", MISBEHAVING):
            self.set_environment(named)
            for command, *flags in READERS:
                with self.subTest(f"{command} {named}"):
                    done, loaded = self.loaded(command, "run", *flags, code=1)
                    self.assertFalse(loaded)
                    self.assertEqual(done.stderr, f"arq {command}: run is of the plugin {named}; a run's plugin is code, "
                                                  "which is loaded only when you name it behind run or say --trust\n")
            _, loaded = self.loaded("info", "run")
            self.assertFalse(loaded)
        for command, *flags in READERS:
            self.assertTrue(self.loaded(command, "run", "--trust", *flags)[1], command)
            self.assertTrue(self.loaded(command, "run", "./evil.so", *flags)[1], command)

    def test_ids_of_collections_need_no_trust(self):
        self.train("minatar/breakout?sticky=0")
        for command, *flags in READERS:
            self.arq(command, "run", *flags)

    def test_a_run_works_from_another_folder(self):
        shutil.copy(MISBEHAVING, self.path("mine.so"))
        for typed in ("./mine.so", "mine.so#world?fault=none", self.path("mine.so")):
            shutil.rmtree(self.path("run"), ignore_errors=True)
            self.train(typed)
            kept = self.path("mine.so") + typed.partition(".so")[2]
            self.assertEqual(self.read("run", "config.txt").split("\n")[1], f"environment = {kept}")
            os.makedirs(self.path("elsewhere"), exist_ok=True)
            here, self.folder = self.folder, self.path("elsewhere")
            self.arq("eval", "../run", "--trust")
            self.folder = here
        done = self.arq("train", "./mine.so", *TINY, "--steps", "200", "--out", "said")
        self.assertIn("next:  arq eval said --trust\n       arq play said --trust\n", done.stdout)

    def test_a_path_that_no_id_can_hold_is_kept_as_it_is(self):
        os.mkdir(self.path("a#b"))
        shutil.copy(MISBEHAVING, self.path("a#b", "mine.so"))
        here, self.folder = self.folder, self.path("a#b")
        done = self.arq("train", "./mine.so", *TINY, "--steps", "200", "--quiet", "--out", "run")
        self.assertEqual(done.stderr, "arq train: warning: the path of ./mine.so cannot be kept: this run finds its plugin "
                                      "from this folder alone\n")
        self.arq("eval", "run", "--trust")
        self.folder = here

    def test_a_run_steers_no_terminal(self):
        self.train("minatar/breakout")
        for text in ("minatar/\x1b]0;owned\x07breakout", "minatar/\x9b31mbreakout", "x" * 5000):
            self.set_environment(text)
            for command, *flags in [*READERS, ["info"]]:
                self.refused(1, f"arq {command}: run/config.txt: its environment is no id: too long, or with control "
                                "characters", command, "run", *flags)


if __name__ == "__main__":
    unittest.main()
