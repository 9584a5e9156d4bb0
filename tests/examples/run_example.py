"""Runs an example and checks what it prints: its form by the comment at the top of its source, its meaning by CHECKS.

The comment shows the output of one run; others may differ in the numbers alone.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

# Steps of training that are enough to see that train.c learns on: the first 5000 only fill the replay.
STEPS = "8000"

ARGUMENTS = {"train": [STEPS], "static_memory": ["minatar/breakout", STEPS]}
NEEDS_NETWORK = ["frozen_policy", "side_by_side"]

# By example, what its numbers must be; called with them in the order they are printed.
CHECKS = {
    # random play gets about 0.4 (docs/results.md); a game of Breakout cannot have a negative return
    "train": lambda last, mean: last == 100 and 0 <= mean < 100,
    # learning shows: hardly ever warm at first, nearly always at last
    "own_loop": lambda a, b, first, degree, c, d, last, degree_again: first < 40 and last > 80,
    # the way through 12 fields has 11 steps; one exploring step back costs two
    "own_environment": lambda steps, length: steps == 6000 and 11 <= length <= 17,
    # Q is 0.9 to the power of the steps to come: 0.9^7, 0.9^6 at first; 0.9^2, 1 before the prize
    "own_batches": lambda left, right, last_left, last_right: abs(left - 0.478) < 0.1 and abs(right - 0.531) < 0.1
    and right > left and abs(last_left - 0.81) < 0.1 and abs(last_right - 1) < 0.1,
    "single_cell": lambda first, last, right, points: last < 0.1 * first and points == 128 and right > 0.85 * points,
    "frozen_policy": lambda games, mean: games == 10 and 0 <= mean < 1000,
    "side_by_side": lambda episodes, mean: episodes >= 64 and 0 <= mean < 1000,
    # random play gets about 0.4 (docs/results.md)
    "many_instances": lambda games, first, second: games == 64 and 0.3 < first < second and second > 1,
    # 64480 weights of 4 bytes; random play gets about 0.4
    "static_memory": lambda kib, beside, last, mean: kib == 1008 and 16 < beside < 64 and last == 100 and mean > 0,
    # three cells of six tensors; the same bits
    "save_and_load": lambda steps, tensors, different, cells: tensors == 18 and different == 0 and cells == 3,
}


def promised_output(source):
    """The lines of the comment behind "Prints", without the comment's own marks; None where it shows none."""
    comment = source[: source.index("*/")]
    match = re.search(r"Prints[^\n]*:\n((?: \*   [^\n]*\n)+)", comment)
    return re.sub(r"^ \*   ", "", match.group(1), flags=re.MULTILINE) if match else None


def form(text):
    """The text with every number replaced, and blanks before numbers as one."""
    return re.sub(r" +#", " #", NUMBER.sub("#", text))


def run(command, folder):
    result = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(f"{' '.join(command)}\n{result.stdout}", end="", flush=True)
    if result.returncode != 0:
        sys.exit(f"{command[0]} ended with exit status {result.returncode}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--train", required=True, help="the program of train.c")
    parser.add_argument("program")
    arguments = parser.parse_args()

    name = os.path.splitext(os.path.basename(arguments.source))[0]
    with open(arguments.source, encoding="utf-8") as file:
        source = file.read()

    with tempfile.TemporaryDirectory() as folder:
        if name in NEEDS_NETWORK:
            run([os.path.abspath(arguments.train), STEPS], folder)
        output = run([os.path.abspath(arguments.program), *ARGUMENTS.get(name, [])], folder)

    promised = promised_output(source)
    if promised is None:
        sys.exit(f"the comment at the top of {name}.c does not show what the program prints")
    if form(output) != form(promised):
        sys.exit(f"{name} printed\n{output}but its comment says\n{promised}")
    numbers = [float(number) for number in NUMBER.findall(output)]
    if not CHECKS[name](*numbers):
        sys.exit(f"{name} printed {numbers}, which is not what it should have found")


if __name__ == "__main__":
    main()
