"""Training runs: their files, their numbers, and how they end."""

import csv
import os
import re
import resource
import signal
import subprocess
import time
import unittest

from support import ARQ, MISBEHAVING, TINY, Case

# The same small network without a replay.
ROLLOUT = [word for name, value in zip(TINY[::2], TINY[1::2]) for word in (name, value)
           if name not in ("--learning_starts", "--train-period", "--replay_capacity")]
ROLLOUT += ["--experience", "rollout", "--rollout", "64"]

RUN_FILES = ["checkpoint", "config.txt", "episodes.csv", "log.csv", "network.safetensors", "result.csv"]


class Train(Case):
    def train(self, *words, **more):
        return self.arq("train", "minatar/breakout", *TINY, *words, **more)

    def table(self, *parts):
        with open(self.path(*parts), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def test_files_of_a_run(self):
        output = self.train("--steps", "3000", "--widths", "8,6", "--seed", "7", "--out", "a/run").stdout
        self.assertEqual(sorted(os.listdir(self.path("a/run"))), RUN_FILES)
        self.assertIn("minatar/breakout: 10x10x4 bits, 3 actions", output)
        self.assertRegex(output, r"(?m)^set +.*widths=8,6")
        self.assertRegex(output, r"(?m)^step 3000 of 3000 \(100%\)  episodes \d+  return [\d.]+  epsilon")
        self.assertRegex(output, r"(?m)^agent +5 .*\nrandom +5 ")
        self.assertIn("arq eval a/run", output)
        config = self.read("a/run/config.txt")
        self.assertIn("environment = minatar/breakout\nenvironments = 1\n", config)
        self.assertIn("seed = 7  # set\n", config)
        self.assertIn("learning_rate = 0.001  # replay-fast\n", config)
        self.assertIn("gamma = 0.99  # default\n", config)

        log = self.table("a/run/log.csv")
        self.assertEqual([row["steps"] for row in log], ["2000", "3000"])
        self.assertGreater(float(log[-1]["updates"]), 300)
        for name in ("loss", "q", "target_q", "td_error", "spread", "gradient_norm"):
            for cell in (0, 1):
                self.assertNotEqual(log[-1][f"{name}_cell{cell}"], "")

        episodes = self.table("a/run/episodes.csv")
        self.assertEqual(len(episodes), int(log[-1]["episodes"]))
        step = 0
        for row in episodes:
            step += int(row["length"])
            self.assertEqual(int(row["step"]), step)
            self.assertEqual((row["end"], row["instance"]), ("terminated", "0"))
        last = [float(row["return"]) for row in episodes[-100:]]
        self.assertAlmostEqual(sum(last) / len(last), float(log[-1]["mean_return"]))

    def test_eval_says_what_the_training_said(self):
        trained = self.train("--steps", "1000", "--out", "run").stdout
        agent = next(line for line in trained.splitlines() if line.startswith("agent"))
        first = self.arq("eval", "run").stdout
        self.assertEqual(first, self.arq("eval", "run").stdout)
        self.assertIn(agent, first)
        self.assertIn(agent, self.arq("eval", "run/network.safetensors").stdout)
        self.assertNotIn(agent, self.arq("eval", "run", "--seed", "99", "--episodes", "50").stdout)
        result = self.table("run/result.csv")
        self.assertEqual([row["player"] for row in result], ["agent", "random"])
        self.assertAlmostEqual(float(result[0]["mean"]), float(agent.split()[2]), delta=0.0006)
        self.assertLessEqual(float(result[0]["min"]), float(result[0]["mean"]))
        self.assertLessEqual(float(result[0]["mean"]), float(result[0]["max"]))
        os.rename(self.path("run/network.safetensors"), self.path("alone"))
        self.refused(2, "arq eval: alone does not say its environment: name it, arq eval FILE ENV", "eval", "alone")
        self.assertIn(agent, self.arq("eval", "alone", "minatar/breakout").stdout)
        self.assertIn("700 values", self.arq("eval", "alone", "minatar/freeway", code=1).stderr)

    def test_many_environments_tell_every_episode(self):
        for run, flags in (("rollout", ROLLOUT), ("replay", TINY)):
            with self.subTest(run):
                output = self.arq("train", "minatar/breakout?sticky=0", *flags, "--environments", "7", "--steps", "3000",
                                  "--out", run).stdout
                self.assertIn("minatar/breakout?sticky=0, 7 side by side: 10x10x4 bits", output)
                self.assertIn("environments = 7\n", self.read(run, "config.txt"))
                log = self.table(run, "log.csv")
                self.assertEqual([row["steps"] for row in log], ["2002", "3003"])
                self.assertGreater(float(log[-1]["updates"]), 300)
                episodes = self.table(run, "episodes.csv")
                self.assertEqual(len(episodes), int(log[-1]["episodes"]))
                self.assertEqual({row["instance"] for row in episodes}, set("0123456"))
                played = dict.fromkeys("0123456", 0)
                for row in episodes:
                    played[row["instance"]] += int(row["length"])
                    self.assertEqual(int(row["step"]), 7 * played[row["instance"]])
                steps = [int(row["step"]) for row in episodes]
                self.assertEqual(steps, sorted(steps))

    def test_a_preset_says_how_many_environments(self):
        said = re.findall(r"(?m)^  (\S+) +(\d+)  ", self.arq("list", "presets").stdout)
        self.assertIn("fast", dict(said))
        for preset, environments in said:
            self.arq("train", "minatar/breakout", "--preset", preset, "--steps", "1", "--evaluation_episodes", "1",
                     "--out", preset, "--quiet", "--threads", "1")
            self.assertIn(f"environments = {environments}\n", self.read(preset, "config.txt"))

    def test_box_actions_are_said_to_be_wrapped(self):
        for flags in ([], ["--environments", "3"]):
            output = self.arq("train", f"{MISBEHAVING}?box=true", *ROLLOUT, *flags, "--steps", "300", "--no-save").stdout
            self.assertIn("2 floats, 2 actions (bang-bang: each component at its low or high bound)", output)
            self.assertRegex(output, r"(?m)^agent +5 ")
        self.assertNotIn("bang-bang", self.train("--steps", "10", "--no-save").stdout)

    def test_an_evaluation_plays_side_by_side(self):
        """As many instances as divide the episodes, at most 128."""
        self.train("--steps", "100", "--out", "run", "--quiet")
        self.assertEqual([row["environments"] for row in self.table("run/result.csv")], ["5", "5"])
        for episodes, said in (("1", "seed 2\n"), ("7", "seeds 2 .. 8 side by side\n"),
                               ("127", "seeds 2 .. 128 side by side\n"), ("129", "seeds 2 .. 44 side by side\n"),
                               ("131", "seed 2\n")):
            output = self.arq("eval", "run", "--episodes", episodes).stdout
            self.assertIn(f"minatar/breakout, epsilon 0.01, {said}", output)
            self.assertRegex(output, rf"(?m)^agent +{episodes} .*\nrandom +{episodes} ")

    def test_the_seed_decides_everything(self):
        contents = []
        for name, words in (("one", []), ("two", ["--threads", "2", "--cpu", "generic"]), ("other", ["--seed", "2"])):
            self.train("--steps", "1000", "--out", name, "--quiet", *words)
            with open(self.path(name, "network.safetensors"), "rb") as file:
                contents.append((file.read(), self.read(name, "episodes.csv")))
        self.assertEqual(contents[0], contents[1])
        self.assertNotEqual(contents[0][0], contents[2][0])

    def test_quiet_prints_the_result_only(self):
        lines = self.train("--steps", "300", "--quiet", "--no-save").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["player", "agent", "random"])
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_run_is_never_overwritten_by_accident(self):
        self.train("--steps", "200", "--out", "run", "--quiet")
        before = self.read("run/episodes.csv")
        self.refused(1, "arq train: run holds a run already (config.txt); --force overwrites it",
                     "train", "minatar/breakout", "--out", "run")
        self.assertEqual(self.read("run/episodes.csv"), before)
        self.train("--steps", "300", "--out", "run", "--quiet", "--force", "--seed", "5")
        self.assertIn("total_steps = 300", self.read("run/config.txt"))
        for expected in ("minatar-breakout-1", "minatar-breakout-1-2"):
            self.assertIn(f"saved: runs/{expected}\n", self.train("--steps", "200").stdout)
            self.assertEqual(sorted(os.listdir(self.path("runs", expected))), RUN_FILES)

    def test_folders_that_cannot_be_made(self):
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        self.refused(1, "arq train: cannot make the folder file/run: Not a directory",
                     "train", "minatar/breakout", "--out", "file/run")

    def test_minutes(self):
        begin = time.monotonic()
        output = self.train("--steps", "1e9", "--minutes", "0.01", "--out", "run").stdout
        self.assertLess(time.monotonic() - begin, 20)
        self.assertRegex(output, r"(?m)^agent +5 ")

    def start(self, folder, *words):
        """A training that has no end of its own, in its midst. It hears a hangup also where these tests do not."""
        process = subprocess.Popen([ARQ, "train", "minatar/breakout", *TINY, "--steps", "1e9", "--out", folder, *words],
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        self.addCleanup(process.kill)
        end = time.monotonic() + 60
        while not os.path.exists(self.path(folder, "log.csv")) or len(self.table(folder, "log.csv")) < 1:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        return process

    def test_a_log_on_a_full_disk_has_whole_rows(self):
        """The disk is a limit on the size of files, which the system enforces in the same way."""
        def small_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))

        process = subprocess.Popen([ARQ, "train", "minatar/breakout", *TINY, "--steps", "1e9", "--out", "run"],
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=small_disk)
        self.addCleanup(process.kill)
        while "cannot be written: File too large" not in (line := process.stderr.readline()):
            self.assertIn("cannot write run/checkpoint/run.safetensors: File too large", line)
        kept = {name: self.read("run", name) for name in ("log.csv", "episodes.csv")}
        for text in kept.values():
            self.assertLessEqual(len(text), 3000)
            self.assertEqual({line.count(",") for line in text.splitlines()}, {text.splitlines()[0].count(",")})
            self.assertTrue(text.endswith("\n"))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        for name, text in kept.items():
            self.assertTrue(self.read("run", name).startswith(text))
        log = self.table("run", "log.csv")
        steps = [int(row["steps"]) for row in log]
        self.assertEqual(steps[:-1], list(range(2000, 2000 * len(steps), 2000)))
        episodes = self.table("run", "episodes.csv")
        self.assertEqual(len(episodes), int(log[-1]["episodes"]))
        self.assertTrue(all(int(a["step"]) + int(b["length"]) == int(b["step"])
                            for a, b in zip(episodes, episodes[1:])))

    def test_files_never_get_the_descriptors_of_closed_streams(self):
        shell = subprocess.run(["/bin/sh", "-c", f'"{ARQ}" train minatar/breakout {" ".join(TINY)} --steps 300 '
                                "--out run 0<&- >&-"], cwd=self.folder, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((shell.returncode, shell.stderr), (1, "arq train: standard output cannot be written\n"))
        for name, first in (("config.txt", "version"), ("log.csv", "seconds"), ("episodes.csv", "step"),
                            ("result.csv", "player")):
            text = self.read("run", name)
            self.assertTrue(text.startswith(first), name)
            self.assertNotIn("\nstep 300 of 300", text)
        self.assertEqual(len(self.table("run", "log.csv")), 1)

    def test_runs_at_once_have_folders_of_their_own(self):
        processes = [subprocess.Popen([ARQ, "train", "minatar/breakout", *TINY, "--steps", "200"], cwd=self.folder,
                                      stdout=subprocess.PIPE, text=True) for _ in range(8)]
        said = {process.communicate(timeout=60)[0].split("saved: ")[1].split("\n")[0] for process in processes}
        self.assertEqual(said, {"runs/minatar-breakout-1", *(f"runs/minatar-breakout-1-{i}" for i in range(2, 9))})
        for folder in said:
            self.assertEqual(sorted(os.listdir(self.path(folder))), RUN_FILES)

    def test_interrupts_save(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            run = number.name
            process = self.start(run)
            process.send_signal(number)
            output, errors = process.communicate(timeout=60)
            self.assertEqual((process.returncode, errors), (-number, ""))
            self.assertIn(f"stopped; what was learned until then is kept\nsaved: {run}\n"
                          f"next:  arq train --resume {run}\n       arq eval {run}\n",
                          output)
            self.assertRegex(self.arq("eval", run).stdout, r"(?m)^agent +5 ")
            steps = int(self.table(run, "log.csv")[-1]["steps"])
            self.assertLessEqual(int(self.table(run, "episodes.csv")[-1]["step"]), steps)

    def test_an_interrupted_evaluation_shows_what_it_has(self):
        self.arq("train", "minatar/breakout", *TINY, "--steps", "200", "--out", "run", "--quiet")
        process = subprocess.Popen([ARQ, "eval", "run", "--episodes", "1000000"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertIn("epsilon", process.stdout.readline())
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, errors), (-signal.SIGINT, ""))
        self.assertRegex(output, r"(?m)^agent +[1-9]\d* ")
        self.assertIn("stopped; 1000000 episodes of each were planned\n", output)

    def test_a_shell_sees_an_interrupt(self):
        words = " ".join(["train", "minatar/breakout", *TINY, "--steps", "1e9", "--out", "run"])
        shell = subprocess.Popen(["/bin/sh", "-c", f'"{ARQ}" {words} >said & echo $!; wait $!; echo code $?'],
                                 cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.addCleanup(shell.kill)
        os.kill(int(shell.stdout.readline()), signal.SIGTERM)
        self.assertIn(f"code {128 + signal.SIGTERM}\n", shell.communicate(timeout=60)[0])

    def test_a_second_interrupt_ends_at_once(self):
        process = self.start("run")
        # Both are there before it goes on: it takes one, then the other, and does not get to saving.
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        output = process.communicate(timeout=60)[0]
        self.assertIn(process.returncode, (-signal.SIGINT, -signal.SIGTERM))
        self.assertNotIn("stopped", output)

    def test_a_reader_that_goes_away_stops_nothing(self):
        process = self.start("run", "--minutes", "0.02")
        process.stdout.close()
        process.stdout = None
        errors = process.communicate(timeout=60)[1]
        self.assertEqual((process.returncode, errors), (1, "arq train: standard output cannot be written\n"))
        self.assertEqual([row["player"] for row in self.table("run", "result.csv")], ["agent", "random"])
        self.assertRegex(self.arq("eval", "run").stdout, r"(?m)^agent +5 ")

    def test_environments_that_break_their_promises(self):
        for fault, text in (("reward", r"misbehaving/world.*step.*reward is (-)?nan"),
                            ("observation", r"misbehaving/world.*observation.*nan"),
                            ("code", r"misbehaving/world.*-1234"),
                            ("huge", r"(?i)cell|finite|reward")):
            with self.subTest(fault):
                done = self.arq("train", f"{MISBEHAVING}?fault={fault}", *TINY, "--learning_starts", "10",
                                "--steps", "2000", "--out", fault, code=1)
                self.assertRegex(done.stderr, r"^arq train: " if fault != "huge" else r"arq train: ")
                self.assertRegex(done.stderr, text)
                self.assertIn(f"saved: {fault}\n", done.stdout)
                self.assertRegex(self.arq("eval", fault, MISBEHAVING).stdout, r"(?m)^agent +5 ")

    def test_episodes_of_environments_that_fail_are_told(self):
        for count in (1, 3):
            self.arq("train", f"{MISBEHAVING}?fault=code", *ROLLOUT, "--environments", str(count), "--out", f"{count}",
                     code=1)
            rows = [(row["step"], row["length"], row["end"], row["instance"])
                    for row in self.table(f"{count}", "episodes.csv")]
            self.assertEqual(rows, [(f"{39 * count}", "39", "failed", f"{i}") for i in range(count)])

    def test_the_live_line_fits_the_terminal(self):
        for columns in (100, 48, 20):
            with self.terminal("train", "minatar/breakout", *TINY, "--steps", "4000", "--no-save",
                               columns=columns) as terminal:
                self.assertEqual(terminal.wait_end(), 0)
                lines = re.findall(r"\r\x1b\[K(step [^\r\n]*)", terminal.output)
                self.assertGreater(len(lines), 1)
                self.assertLess(max(map(len, lines)), columns)
                self.assertNotRegex(terminal.output.replace("\r\x1b[K", ""), "\x1b")
                self.assertRegex(terminal.output, r"agent +5 ")

    def test_ctrl_c_on_a_terminal(self):
        with self.terminal("train", "minatar/breakout", *TINY, "--steps", "1e9", "--out", "run") as terminal:
            terminal.wait_for("\r\x1b[Kstep ")
            terminal.wait_for("return ")
            terminal.type("\x03")
            self.assertEqual(terminal.wait_end(), -signal.SIGINT)
            self.assertIn("saved: run", terminal.output)
        self.assertTrue(os.path.exists(self.path("run/network.safetensors")))


if __name__ == "__main__":
    unittest.main()
