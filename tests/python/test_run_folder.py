"""The folder of a run: the program and Python write what docs/run-folder.md says, and read each other's."""

import csv
import os
import re
import resource
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

from support import SOURCE, TRAINING, Case, main

import libarq

PROGRAM = os.environ.get("ARQ_PROGRAM")
GAME = "minatar/breakout?sticky=0"
SETTINGS = {**TRAINING, "widths": "8,6", "seed": 4, "total_steps": 4500}
PAGE = (SOURCE / "docs" / "run-folder.md").read_text(encoding="utf-8")
TABLES = ("log.csv", "episodes.csv", "result.csv")

NUMBER = r"-?(\d+(\.\d+)?(e[+-]\d+)?|inf)"
WHOLE = r"\d+"
FORMATS = {"player": "agent|random", "seconds": r"\d+\.\d{3}", "step": WHOLE, "length": f"({WHOLE})?", "steps": WHOLE,
           "episodes": WHOLE, "updates": WHOLE, "replay_size": WHOLE, "seed": WHOLE, "end": "terminated|truncated|failed",
           "instance": WHOLE, "environments": WHOLE}
WORDS = ("player", "end")
TIMES = ("seconds", "rollout_seconds", "learning_seconds")


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def names_in(text):
    """First column of a section's table."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def columns_on_the_page(name, cells):
    """The columns of a table, those of cells spelled out."""
    columns = []
    for column in names_in(section(name)):
        if column.endswith("_cellL"):
            columns += [column[:-1] + str(cell) for cell in range(cells)]
        else:
            columns.append(column)
    return columns


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def repeatable(row):
    """What is the same when a run is repeated."""
    return {name: value for name, value in row.items() if name not in TIMES}


@unittest.skipUnless(PROGRAM, "the program arq was not built (option tools)")
class RunFolders(Case):
    def setUp(self):
        super().setUp()
        self.folders = {"program": self.folder / "program", "python": self.folder / "python"}
        flags = [part for name, value in SETTINGS.items() for part in (f"--{name}", str(value))]
        self.arq("train", GAME, *flags, "--quiet", "--threads", "1", "--out", self.folders["program"])
        libarq.train(GAME, out=self.folders["python"], progress=False, **SETTINGS).close()

    def arq(self, *words):
        done = subprocess.run([PROGRAM, *words], check=True, timeout=120, capture_output=True, text=True)
        return done.stdout

    def test_the_files_are_those_of_the_page(self):
        expected = names_in(PAGE.split("\n## ")[0])
        expected = [name.rstrip("/") for name in expected]
        self.assertEqual(len(expected), 6)
        self.assertEqual(set(expected), set(libarq.files.ALL))
        for folder in self.folders.values():
            self.assertEqual(sorted(os.listdir(folder)), sorted(expected))

    def test_both_write_the_same(self):
        program, python = self.folders.values()
        for name in ("config.txt", "network.safetensors", "episodes.csv"):
            self.assertEqual((program / name).read_bytes(), (python / name).read_bytes(), name)
        for ours, theirs in zip(rows_of(program / "log.csv"), rows_of(python / "log.csv"), strict=True):
            self.assertEqual(repeatable(ours), repeatable(theirs))
        for ours, theirs in zip(rows_of(program / "result.csv"), rows_of(python / "result.csv"), strict=True):
            self.assertEqual(ours.keys(), theirs.keys())
            for name in ours:
                if name in ("mean", "standard_error", "mean_length"):  # summed in another order
                    self.assertAlmostEqual(float(ours[name]), float(theirs[name]), delta=1e-9, msg=name)
                else:
                    self.assertEqual(ours[name], theirs[name], name)

    def test_tables_are_as_the_page_says(self):
        for folder in self.folders.values():
            for name in TABLES:
                content = (folder / name).read_bytes()
                self.assertNotIn(b"\r", content)
                self.assertEqual(content[-1:], b"\n")
                self.assertNotRegex(content.decode(), '[" ]')
                self.assertEqual(content.decode().split("\n")[0].split(","), columns_on_the_page(name, cells=2))
                rows = rows_of(folder / name)
                self.assertGreater(len(rows), 1)
                for row in rows:
                    for column, value in row.items():
                        accepted = FORMATS.get(column, f"({NUMBER})?")
                        self.assertRegex(value, f"^({accepted})$", f"{name}, {column}")
                        if value and column not in WORDS:
                            self.assertIn(value, (f"{float(value):.16g}", f"{float(value):.3f}"))
            self.assertEqual([row["steps"] for row in rows_of(folder / "log.csv")], ["2000", "4000", "4500"])

    def test_the_page_says_what_the_library_says_of_metrics(self):
        rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section("log.csv"), re.MULTILINE))
        said = {(metric.name + "_cellL" if metric.per_cell else metric.name): metric.doc
                for metric in libarq.metrics()}
        self.assertEqual({"seconds": rows["seconds"], **said}, rows)
        self.assertEqual(list(rows), ["seconds", *said])

    def test_config_is_as_the_page_says(self):
        example = re.search(r"```text\n(.*?)```", section("config.txt"), re.DOTALL).group(1)
        for text in (example, *((folder / "config.txt").read_text() for folder in self.folders.values())):
            lines = text.splitlines()
            self.assertRegex(lines[0], r"^version = \d+\.\d+\.\d+$")
            self.assertEqual(lines[1], f"environment = {GAME}")
            self.assertEqual(lines[2], "environments = 1")
            for line in lines[3:]:
                self.assertRegex(line, r"^\w+ = \S+  # \S+$")
        names = [line.split(" = ")[0] for line in lines]
        self.assertEqual(names[3:], [parameter.name for parameter in libarq.parameters()])
        config = libarq.Config()
        for line in lines[3:]:
            name, value = line.split("  # ")[0].split(" = ")
            config[name] = value
            self.assertEqual(config.text(name), value)

    def test_the_network_says_what_it_is(self):
        import json

        with open(self.folders["program"] / "network.safetensors", "rb") as file:
            said = json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]
        parameters = [parameter.name for parameter in libarq.parameters()]
        self.assertEqual(list(said), ["kind", "libarq", *parameters, "observation_kind", "observation_size", "actions"])
        self.assertEqual(said["kind"], "network")

    def test_each_reads_the_other(self):
        said = {name: self.arq("eval", folder) for name, folder in self.folders.items()}
        self.assertEqual(said["program"], said["python"])
        self.assertIn(f"{GAME}, epsilon 0.01, seeds 5 .. 9 side by side\n", said["python"])
        for folder in self.folders.values():
            mean = float(rows_of(folder / "result.csv")[0]["mean"])
            self.assertAlmostEqual(libarq.evaluate(folder).mean, mean, delta=1e-9)
            self.assertEqual(libarq.inspect(folder).environment, GAME)
            self.assertIn(f"trained on {GAME}\n", self.arq("info", folder))
            for other in (["config.txt"], []):
                (folder / "config.txt").write_text("".join(f"later = {name}\n" for name in other)
                                                   + f"environment = {GAME}\nunknown = 1\n")
                self.assertIn(f"{GAME}, ", self.arq("eval", folder))
                self.assertEqual(libarq.inspect(folder).environment, GAME)

    def test_a_run_s_plugin_is_loaded_only_when_named_or_trusted(self):
        plugin = self.folder / "mine.so"
        folder = next(folder for folder in os.environ["ARQ_PLUGIN_PATH"].split(":") if folder.endswith("minatar"))
        shutil.copy(Path(folder) / "arq_minatar.so", plugin)
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.folder)
        for typed in ("./mine.so", "mine.so#minatar/breakout", str(plugin)):
            self.assertEqual(libarq.files.portable_id(typed), str(plugin) + typed.partition(".so")[2])
        run, typed = self.folder / "mine", "./mine.so#breakout?sticky=0"
        context = libarq.Context()  # which the plugin leaves with
        libarq.train(typed, out=run, progress=False, evaluate=False, context=context, **SETTINGS).close()
        context.close()
        kept = str(plugin) + "#breakout?sticky=0"
        self.assertIn(f"environment = {kept}\n", (run / "config.txt").read_text())
        os.chdir(here)
        self.assertEqual(libarq.inspect(run).environment, kept)
        with self.assertRaisesRegex(ValueError, "a run's plugin is code, which is loaded only when you name it"):
            libarq.evaluate(run)
        self.assertNotIn(str(plugin), Path("/proc/self/maps").read_text())
        self.assertEqual(len(libarq.evaluate(run, episodes=2, trust=True).returns), 2)
        self.assertEqual(len(libarq.evaluate(run, kept, episodes=2).returns), 2)
        self.assertIn(f"{kept}, epsilon", self.arq("eval", run, "--trust"))

    def test_a_run_steers_no_terminal(self):
        config = self.folders["python"] / "config.txt"
        for text in ("minatar/\x1b]0;owned\x07breakout", "minatar/\x9b31mbreakout"):
            config.write_text(f"environment = {text}\n", encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "its environment is no id: it has control characters"):
                libarq.evaluate(self.folders["python"])
            self.assertNotIn(text, str(libarq.inspect(self.folders["python"])))

    def test_force_removes_the_five_files_alone(self):
        for folder in self.folders.values():
            (folder / "notes.txt").write_text("mine")
        flags = [part for name, value in TRAINING.items() for part in (f"--{name}", str(value))]
        self.arq("train", GAME, *flags, "--steps", "50", "--force", "--out", self.folders["program"])
        libarq.train(GAME, **TRAINING, total_steps=50, force=True, evaluate=False, out=self.folders["python"]).close()
        for folder in self.folders.values():
            self.assertEqual((folder / "notes.txt").read_text(), "mine")
            self.assertEqual([row["steps"] for row in rows_of(folder / "log.csv")], ["50"])
        self.assertFalse((self.folders["python"] / "result.csv").exists())


class FullDisk(Case):
    def test_rows_are_whole_and_none_is_lost(self):
        """The disk is a limit on the size of files, which the system enforces in the same way."""
        settings = {**TRAINING, "total_steps": 3000, "log_every": 100, "evaluate": False, "progress": False, "seed": 3}
        libarq.train(GAME, out=self.folder / "whole", **settings).close()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGXFSZ, handler)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)
        del settings["evaluate"]
        training = libarq.Training(GAME, out=self.folder / "full", **settings)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with self.assertRaises(OSError):
            training.learn()
        text = (self.folder / "full" / "log.csv").read_text()
        self.assertLessEqual(len(text), 1000)
        self.assertTrue(text.endswith("\n"))
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        training.learn()
        training.close()
        whole, full = (rows_of(self.folder / name / "log.csv") for name in ("whole", "full"))
        stops = {row["steps"] for row in full} - {row["steps"] for row in whole}
        self.assertLessEqual(len(stops), 1)
        self.assertEqual([repeatable(row) for row in full if row["steps"] not in stops],
                         [repeatable(row) for row in whole])
        self.assertEqual((self.folder / "full" / "episodes.csv").read_bytes(),
                         (self.folder / "whole" / "episodes.csv").read_bytes())


if __name__ == "__main__":
    main()
