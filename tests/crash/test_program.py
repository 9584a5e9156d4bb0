"""Runs of `arq train` that are killed again and again and resumed: their files are those of a run that nobody killed.

    test_program.py PROGRAM [KILLS]
"""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

TINY = ["--preset", "replay-fast", "--widths", "12,8", "--heads", "2", "--batch", "8", "--exploration_steps", "2000",
        "--steps", "6000", "--evaluation_episodes", "4", "--threads", "1", "--quiet"]
REPLAY = ["--learning_starts", "100", "--train_period", "8", "--replay_capacity", "1500"]
ROLLOUT = ["--experience", "rollout", "--rollout", "128"]
STORIES = [["minatar/breakout", "--environments", "1", *REPLAY], ["minatar/breakout", "--environments", "5", *REPLAY],
           ["minatar/asterix", "--environments", "1", *ROLLOUT], ["minatar/asterix", "--environments", "5", *ROLLOUT]]

# What a clock said.
TIMES = re.compile(r"seconds|per_second")


def command(program, story, folder):
    """The run from its last checkpoint, or from its beginning where it was killed before there was one."""
    if os.path.exists(os.path.join(folder, "checkpoint", "run.safetensors")):
        return [program, "train", "--resume", folder, "--checkpoint", "0.03", "--quiet"]
    return [program, "train", *story, *TINY, "--checkpoint", "0.03", "--out", folder, "--force"]


def live(words, kill_after):
    """Whether the process came to its end."""
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            output, _ = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
    if process.returncode not in (0, -9):
        sys.exit(f"{' '.join(words)}\nends with {process.returncode}:\n{output.decode()}")
    return process.returncode == 0


def table(path):
    """Its rows without the columns that are times."""
    with open(path, encoding="utf-8", newline="") as file:
        return [{name: value for name, value in row.items() if not TIMES.search(name)} for row in csv.DictReader(file)]


def tensors(path):
    """Those of a safetensors file, and its texts, without times."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    found = {name: data[entry["data_offsets"][0]:entry["data_offsets"][1]] for name, entry in header.items()
             if name != "__metadata__" and not TIMES.search(name)}
    if "run.numbers" in found:  # a return and two times
        found["run.numbers"] = found["run.numbers"][:8]
    # How long log.csv is follows from the digits of its times.
    return found, {name: text for name, text in header["__metadata__"].items()
                   if not TIMES.search(name) and name != "text.log.csv"}


def content(path):
    if path.endswith(".csv"):
        return table(path)
    if path.endswith(".safetensors"):
        return tensors(path)
    with open(path, "rb") as file:
        return file.read()


def files(folder):
    return sorted(os.path.relpath(os.path.join(above, name), folder)
                  for above, _, names in os.walk(folder) for name in names)


def difference(killed, other):
    """The first thing that differs, shortened."""
    if isinstance(killed, tuple):  # tensors and texts
        return [(name, str(a.get(name))[:80], str(b.get(name))[:80]) for a, b in zip(killed, other)
                for name in sorted(set(a) | set(b)) if a.get(name) != b.get(name)]
    if isinstance(killed, list):  # rows
        return next(((a, b) for a, b in zip(killed, other) if a != b), f"{len(killed)} rows, not {len(other)}")
    return killed, other


def compare(folder, whole, story):
    if files(folder) != files(whole):
        sys.exit(f"{story}: the killed run's files are {files(folder)}, the other one's {files(whole)}")
    for name in files(whole):
        killed, other = content(os.path.join(folder, name)), content(os.path.join(whole, name))
        if killed != other:
            sys.exit(f"{story}: {name} of the killed run is another one: {difference(killed, other)}")


def main():
    program, wanted = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 25
    seed = int(os.environ.get("ARQ_TEST_SEED") or time.time())
    print(f"ARQ_TEST_SEED={seed} repeats this")
    draws = random.Random(seed)
    base = tempfile.mkdtemp(prefix="arq-test-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    total = 0
    try:
        for number, story in enumerate(STORIES):
            whole = os.path.join(base, f"whole{number}")
            begin = time.monotonic()
            assert live(command(program, story, whole), None)
            duration = time.monotonic() - begin
            kills = runs = 0
            share = -(-wanted // len(STORIES))
            while kills < share:
                folder = os.path.join(base, f"run{number}-{runs}")
                runs += 1
                while not live(command(program, story, folder),
                               draws.uniform(0.01, 0.9 * duration) if kills < share else None):
                    kills += 1
                compare(folder, whole, story)
                shutil.rmtree(folder)
            print(f"{' '.join(story[:3])} {'rollout' if ROLLOUT[0] in story else 'replay'}: {kills} kills of {runs} runs")
            total += kills
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"{total} kills")


main()
