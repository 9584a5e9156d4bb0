"""What the program says about itself, about files, and about command lines that are wrong."""

import csv
import json
import os
import struct
import subprocess
import unittest

from support import ARQ, MISBEHAVING, TINY, Case

PARAMETERS = 30  # there are at least so many


class Commands(Case):
    def test_help(self):
        overview = self.arq("help").stdout
        for name in ("train", "eval", "play", "info", "list", "bench", "check-env"):
            self.assertIn(f"\n  {name}", overview)
            text = self.arq("help", name).stdout
            self.assertIn(f"usage: arq {name}", text)
            self.assertEqual(text, self.arq(name, "--help").stdout)
        self.assertIn("--learning_rate", self.arq("help", "train").stdout)
        self.assertEqual(self.arq(code=2).stdout, overview)

    def test_version(self):
        self.assertRegex(self.arq("--version").stdout, r"^arq \d+\.\d+\.\d+ \(ABI \d+\.\d+\)\n$")

    def test_wrong_command_lines(self):
        breakout = "minatar/breakout"
        refused = self.refused
        refused(2, "arq: unknown command 'trian'; did you mean 'train'?", "trian")
        refused(2, "arq: unknown command 'xyzzyxyzzy'; arq help lists them", "xyzzyxyzzy")
        refused(2, "arq train: the environment's id, such as minatar/breakout, is missing", "train")
        refused(2, "arq train: 'more' is too much", "train", breakout, "more")
        refused(2, "arq train: unknown flag --lerning-rate; did you mean --learning_rate?",
                "train", breakout, "--lerning-rate", "1")
        refused(2, "arq train: unknown flag --presto; did you mean --preset?", "train", breakout, "--presto", "x")
        refused(2, "arq eval: unknown flag --qqqqqqqqqq; see arq help eval", "eval", "x", "--qqqqqqqqqq")
        refused(2, "arq train: --widths needs a value", "train", breakout, "--widths")
        refused(2, "arq train: --widths needs a value", "train", breakout, "--widths", "--quiet")
        refused(2, "arq train: --quiet takes no value", "train", breakout, "--quiet=1")
        refused(2, "arq train: --threads is '1.5'; accepted: a whole number, 0 .. 256",
                "train", breakout, "--threads", "1.5")
        refused(2, "arq train: --minutes is 'soon'; accepted: a number, 1e-06 .. 1000000000",
                "train", breakout, "--minutes", "soon")
        refused(2, "arq train: --out and --no-save exclude each other",
                "train", breakout, "--no-save", "--out", "run")
        refused(2, "arq bench: 'cars' cannot be measured; accepted: env, kernels, update, act, replay, rollout, checkpoint",
                "bench", "cars")
        refused(2, "arq bench: --format is 'xml'; accepted: table, csv, json", "bench", "act", "--format", "xml")
        refused(2, "arq list: 'preset' cannot be listed; did you mean presets; "
                   "accepted: environments, presets, parameters, cpu", "list", "preset")
        self.assertEqual(os.listdir(self.folder), [])

    def test_wrong_values_have_the_library_s_text(self):
        for words, text in (
            (["--gamma", "2"], "gamma is '2'; accepted: 0 .. 1"),
            (["--steps", "0"], "total_steps is '0'; accepted: a whole number 1 .. 1e15"),
            (["--batch", "2.5"], "batch is '2.5'; accepted: a whole number 1 .. 65536"),
            (["--goodness", "best"], "goodness is 'best'; accepted: rms|"),
            (["--preset", "slow"], "unknown preset 'slow'; there are: fast, "),
            (["--cpu", "abacus"], "instruction set is 'abacus'; built and of this CPU: generic"),
        ):
            done = self.arq("train", "minatar/breakout", *words, code=2)
            self.assertTrue(done.stderr.startswith(f"arq train: {text}"), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_unknown_environments(self):
        self.assertIn("unknown environment 'minatar/chess'; known: minatar/",
                      self.arq("train", "minatar/chess", code=1).stderr)
        self.assertIn("unknown option 'speed'", self.arq("train", "minatar/breakout?speed=2", code=1).stderr)
        self.assertIn("./none.so", self.arq("train", "./none.so", code=1).stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_files_that_are_no_networks(self):
        header = json.dumps({"__metadata__": {"kind": "song"}}).encode()
        for name, content in (("empty", b""), ("text", b"not a network at all"),
                              ("song", struct.pack("<Q", len(header)) + header)):
            with open(self.path(name), "wb") as file:
                file.write(content)
            for command in ("info", "eval"):
                done = self.arq(command, name, code=1)
                self.assertTrue(done.stderr.startswith(f"arq {command}: {name}"), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
        self.refused(1, "arq info: nothing: No such file or directory", "info", "nothing")
        self.refused(1, "arq eval: . holds no network.safetensors: it is no run of arq train, or one that has not "
                        "saved yet", "eval", ".")

    def test_list(self):
        everything = self.arq("list").stdout
        for word in ("minatar/breakout", "classic/cartpole", "misbehaving/world", "?sticky=0.1", "fast",
                     "learning_rate", "generic"):
            self.assertIn(word, everything)
        self.assertIn("generic", self.arq("list", "cpu").stdout)
        self.assertNotIn("learning_rate", self.arq("list", "presets").stdout)

    def test_list_warns_of_broken_plugins(self):
        with open(self.path("arq_broken.so"), "w", encoding="utf-8") as file:
            file.write("no plugin")
        done = self.arq("list", "environments",
                        env={"ARQ_PLUGIN_PATH": self.folder + ":" + os.environ["ARQ_PLUGIN_PATH"]})
        self.assertRegex(done.stderr, r"^arq list: warning: .*arq_broken\.so")
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("minatar/breakout", done.stdout)

    def test_parameters_as_markdown(self):
        table, changes = self.arq("list", "parameters", "--markdown").stdout.split("\n## ")
        self.assertIn("\n| learning_rate | from the next update on |\n", changes)
        rows = table.strip().splitlines()
        columns = [row.replace(r"\|", "").count("|") for row in rows]
        self.assertGreater(len(rows), PARAMETERS)
        self.assertEqual(set(columns), {columns[0]})
        self.assertIn("fast", rows[0])
        learning_rate = [cell.strip() for cell in next(row for row in rows if "learning_rate" in row).split("|")[1:-1]]
        self.assertEqual(learning_rate[:4], ["learning_rate", "float", "0 .. 1", "0.0001"])

    def test_check_env(self):
        self.assertIn("keeps every promise", self.arq("check-env", "minatar/breakout?sticky=0").stdout)
        done = self.arq("check-env", MISBEHAVING + "?fault=reward", code=1)
        self.assertIn("misbehaving/world\n", done.stdout)
        self.assertRegex(done.stdout, r"\d+ promises? (is|are) broken")
        self.assertIn("unknown environment 'minatar/chess'", self.arq("check-env", "minatar/chess", code=1).stderr)
        self.refused(1, f"arq check-env: {MISBEHAVING} has no environment 'other'",
                     "check-env", MISBEHAVING + "#other")

    def test_bench(self):
        os.mkdir(self.path("minatar"))
        with open(self.path("minatar", "__init__.py"), "w", encoding="utf-8") as file:
            file.write("class Environment:\n"
                       "    def __init__(self, game): pass\n"
                       "    def num_actions(self): return 6\n"
                       "    def reset(self): pass\n"
                       "    def state(self): pass\n"
                       "    def act(self, action): return 0, True\n")
        done = self.arq("bench", "env", "minatar/breakout", "--seconds", "0.01", "--repeats", "1",
                        env={"PYTHONPATH": self.folder})
        ours, package = done.stdout.split("Python package")
        self.assertRegex(ours, r"minatar/breakout( +[\d.]+){5}\n")
        self.assertEqual(len([line for line in package.splitlines() if line[-1:].isdigit()]), 5)

    def need_control_tasks(self):
        done = subprocess.run([ARQ, "check-env", "dmc/reacher-hard?limit=5"], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest((done.stdout + done.stderr).strip())

    def test_control_tasks_are_learned_and_played_by_the_bounds_of_their_actions(self):
        self.need_control_tasks()
        id = "dmc/reacher-hard?limit=5"
        done = self.arq("train", id, *TINY, "--steps", "200", "--out", "run")
        self.assertIn("6 floats, 4 actions (bang-bang: each component at its low or high bound)", done.stdout)
        self.assertIn("agent", self.arq("eval", "run", "--episodes", "2").stdout)
        self.assertIn("6 frames", self.arq("play", "run", "--record", "reach.ppm").stdout)
        with open(self.path("reach-00006.ppm"), "rb") as file:
            self.assertEqual(file.readline() + file.readline(), b"P6\n320 240\n")

    def test_bench_of_control_tasks(self):
        self.need_control_tasks()
        for package in ("dm_control", "numpy"):
            os.mkdir(self.path(package))
        with open(self.path("numpy", "__init__.py"), "w", encoding="utf-8") as file:
            file.write("array = list\n")
        with open(self.path("dm_control", "__init__.py"), "w", encoding="utf-8") as file:
            file.write("class suite:\n"
                       "    shape = [2]\n"
                       "    def load(domain, task): return suite()\n"
                       "    def action_spec(self): return self\n"
                       "    def reset(self): pass\n"
                       "    def step(self, action): return self\n"
                       "    def last(self): return True\n")
        done = self.arq("bench", "env", "dmc/reacher-hard", "--seconds", "0.01", "--repeats", "1",
                        env={"PYTHONPATH": self.folder})
        ours, package = done.stdout.split("Python package dm_control")
        self.assertRegex(ours, r"dmc/reacher-hard( +[\d.]+){4}\n")
        self.assertRegex(package, r"reacher-hard( +[\d.]+){2}\n")

    def test_bench_without_environments(self):
        done = self.arq("bench", "env", code=1, env={"ARQ_PLUGIN_PATH": self.folder})
        self.assertEqual(done.stderr, "arq bench: no environment was found; ARQ_PLUGIN_PATH names further folders\n")

    BENCHES = {  # what to measure, and the tables with their columns
        "kernels": (["kernels", "--seconds", "0.001"],
                    {"products": ["product_m_x_n_x_k", "GFLOPS", "of_peak", "OpenBLAS", "of_OpenBLAS"],
                     "attention": ["attention", "n", "K", "G_elements/s", "of_bound"]}),
        "update": (["update", "--preset", "fast", "--widths", "8", "--batch", "16"],
                   {"parts": ["part_alone", "ms"],
                    "update": ["whole", "ms", "of_products_and_attention", "with_gathers", "speed_beside_one_thread"]}),
        "kinds": (["update", "--preset", "fast", "--widths", "8,8", "--batch", "16", "--network", "all"],
                  {"update": ["network", "weights", "ms", "ms_threads", "MiB", "MiB_weights"]}),
        "act": (["act", "--preset", "fast"],
                {"act": ["preset", "widths", "us", "MB_dense", "us_reading", "us_attention", "of_both"]}),
        "replay": (["replay", "minatar/breakout", "--transitions", "2000", "--batch", "16"],
                   {"replay": ["environment", "ms_a_draw", "ms_worst", "draws", "MB_resident"]}),
        "rollout": (["rollout", "minatar/breakout", "--widths", "8", "--environments", "4"],
                    {"parts": ["part_alone", "ns_a_step", "ns_threads"],
                     "rollout": ["whole", "ns_a_step", "steps/s", "share_of_parts", "speed_beside_one_thread",
                                 "replay_steps/s", "beside_replay"]}),
        "checkpoint": (["checkpoint", "--transitions", "20000", "--preset", "replay-fast"],
                       {"agent": ["preset", "MiB", "copy_ms", "write_ms", "plain_write_ms", "times_plain"],
                        "run": ["checkpoint", "transitions", "MiB", "copy_ms", "write_ms", "copy_%_of_minute",
                                "both_%_of_minute"]}),
        "env": (["env", "minatar/breakout"],
                {"environments": ["environment", "one", "deep", "4096_singly", "4096_batch", "batch_gain"],
                 "python": ["game", "million_steps/s"]}),
    }

    def test_bench_for_programs(self):
        for name, (words, tables) in self.BENCHES.items():
            words = ["bench", *words, "--repeats", "1"] + ([] if "--seconds" in words else ["--seconds", "0.01"])
            measured = json.loads(self.arq(*words, "--format", "json").stdout)
            self.assertIn("libarq", measured.pop("machine"))
            self.assertEqual([key for key, value in measured.items() if isinstance(value, list)], list(tables))
            for table, columns in tables.items():
                for row in measured[table]:
                    self.assertEqual(list(row), columns)
                    self.assertIsInstance(row[columns[0]], str)
                if table != "python":  # the package may not be there
                    self.assertTrue(measured[table], name)
            if name == "kinds":
                self.assertEqual([row["network"] for row in measured["update"]], ["arq", "ad", "dqn", "ff-dqn"])
                self.assertTrue(all(row["ms"] > 0 and row["MiB"] > 0 for row in measured["update"]))
                continue
            text = self.arq(*words, "--format", "csv").stdout
            read = [row for row in csv.reader(text.splitlines()) if row and not row[0].startswith("#")]
            for columns in tables.values():
                self.assertIn(columns, read)
            self.assertEqual({len(row) for row in read}, {len(columns) for columns in tables.values()})

    def test_info(self):
        self.arq("train", "minatar/breakout", *TINY, "--steps", "200", "--out", "run", "--quiet")
        for what in ("run", "run/network.safetensors"):
            text = self.arq("info", what).stdout
            self.assertIn("arq network of 1 cell, 400 bits, 3 actions", text)
            self.assertIn("trained on minatar/breakout", text)
            self.assertRegex(text, r"widths +8\n")
            self.assertRegex(text, r"cell0\.fc_h\.kernel +\[400, 8\] +3200\n")
            counts = [int(line.split()[-1]) for line in text.split("tensors\n")[1].splitlines()]
            self.assertEqual(sum(counts[:-1]), counts[-1])


if __name__ == "__main__":
    unittest.main()
