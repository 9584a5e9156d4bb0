"""A program of two files that include arq.h links with the shared library and runs, in C and in C++."""

import argparse
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from programs import companion, run  # noqa: E402

FIRST = """
#include <arq/arq.h>
#include <arq/arq.h>
uint32_t second_file(void);
int main(void) { return second_file() == arq_abi_version() ? 0 : 1; }
"""
SECOND = """
#include <arq/arq.h>
#include <arq/arq.h>
uint32_t second_file(void);
uint32_t second_file(void) { return ARQ_ABI_VERSION; }
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", required=True)
    parser.add_argument("--library", dest="libarq", required=True, help="the shared library")
    parser.add_argument("--flag", action="append", default=[], help="for the compiler")
    parser.add_argument("compiler", nargs="+", help="the C compiler's command")
    given = parser.parse_args()
    commands = [(given.compiler, ".c"), (companion(given.compiler), ".cpp")]
    for command, suffix in commands:
        if command is None:
            print(f"skipped: no C++ compiler beside {given.compiler[-1]}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            sources = []
            for name, text in (("first", FIRST), ("second", SECOND)):
                sources.append(os.path.join(scratch, name + suffix))
                with open(sources[-1], "w") as file:
                    file.write(text)
            program = os.path.join(scratch, "twice")
            library_path = "-Wl,-rpath," + os.path.dirname(given.libarq)
            run([*command, *given.flag, "-I", given.include, *sources, given.libarq, library_path, "-o", program])
            run([program])


main()
