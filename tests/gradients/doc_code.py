"""Builds the network kind of docs/add-a-network.md and lets it learn.

The page's blocks are changes of the tree (pages.follow). The kind, and the two files that read the list of kinds, are
compiled from a copy of lib; all else comes from the library.
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", dest="libarq", required=True, help="the static library")
    parser.add_argument("--flag", action="append", default=[], help="for the compiler")
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lib = os.path.join(folder, "lib")
        shutil.copytree(os.path.join(pages.ROOT, "lib"), lib)
        pages.follow("docs/add-a-network.md", folder)
        sources = [os.path.join(lib, *path) for path in [("nn", "dense", "linear.c"), ("nn", "kind.c"),
                                                         ("core", "parameters.c")]]
        program = os.path.join(folder, "fifth_kind")
        test = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fifth_kind.c")
        run([*arguments.compiler, *FLAGS, *arguments.flag, "-I" + os.path.join(pages.ROOT, "include"), "-I" + lib, test, *sources,
             arguments.libarq, "-lm", "-ldl", "-lpthread", "-o", program])
        print(run([program], cwd=folder), end="")


if __name__ == "__main__":
    main()
