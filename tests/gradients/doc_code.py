"""Builds the network kind of docs/add-a-network.md and lets it learn.

Blocks are marked with the file they belong to: ```c linear.c is the kind, ```c network_kinds.h its line of the list.
The kind, and the two files that read the list, are compiled from a copy of lib; all else comes from the library.
"""
import argparse
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "docs"), os.path.join(TESTS, "support")]
import pages  # noqa: E402
from programs import run  # noqa: E402

FLAGS = ["-std=c11", "-D_DEFAULT_SOURCE", "-ffp-contract=off", "-Wall", "-Wextra", "-Wshadow", "-Wconversion",
         "-Wno-sign-conversion", "-Wpedantic", "-Werror"]
LAST_LINE = 'KIND(FF_DQN, ff_dqn, "ff-dqn")\n'


def add_line(path, line):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(LAST_LINE) != 1:
        sys.exit(f"{path} has no line {LAST_LINE}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(LAST_LINE, LAST_LINE.strip() + " \\\n" + line))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", dest="libarq", required=True, help="the static library")
    parser.add_argument("--flag", action="append", default=[], help="for the compiler")
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    blocks = {name: code for language, name, code in pages.blocks(pages.read("docs/add-a-network.md"))}
    if sorted(blocks) != ["linear.c", "network_kinds.h"]:
        sys.exit(f"the page has code for {sorted(blocks)}; linear.c and network_kinds.h are expected")
    with tempfile.TemporaryDirectory() as folder:
        lib = os.path.join(folder, "lib")
        shutil.copytree(os.path.join(pages.ROOT, "lib"), lib)
        add_line(os.path.join(lib, "core", "network_kinds.h"), blocks["network_kinds.h"])
        with open(os.path.join(lib, "nn", "dense", "linear.c"), "w", encoding="utf-8") as file:
            file.write(blocks["linear.c"])
        sources = [os.path.join(lib, *path) for path in [("nn", "dense", "linear.c"), ("nn", "kind.c"),
                                                         ("core", "parameters.c")]]
        program = os.path.join(folder, "fifth_kind")
        test = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fifth_kind.c")
        run([*arguments.compiler, *FLAGS, *arguments.flag, "-I" + os.path.join(pages.ROOT, "include"), "-I" + lib, test, *sources,
             arguments.libarq, "-lm", "-ldl", "-lpthread", "-o", program])
        print(run([program], cwd=folder), end="")


if __name__ == "__main__":
    main()
