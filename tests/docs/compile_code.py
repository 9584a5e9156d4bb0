"""Compiles the C and C++ code of every page.

What a block is, its first line says:

    ```c program.c           a file; blocks of one name in one page are one file
    ```c lib/nn/network.c    what stands in that file of the project, letter for letter
    ```c                     a file if it includes something, otherwise statements that use the names of SCOPE
    ```cpp ...               the same in C++
"""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import pages
from programs import companion, run

# Pages whose code has a test of its own.
ELSEWHERE = {"docs/write-an-environment.md": "tests/env/doc_code.py"}

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]

# What loose statements may use without saying where it comes from.
SCOPE = """#include <arq/arq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
arq_status block(arq_context *context, arq_config *config, arq_network *network, arq_activations *activations,
                 arq_learner *learner, arq_agent *agent, arq_replay *replay, arq_cell *cell, arq_env *env,
                 arq_env_batch *games, arq_run *run, const char *path, const void *observation,
                 const void *next_observation, arq_status status, int32_t action, double reward, int32_t terminated,
                 int32_t truncated);
arq_status block(arq_context *context, arq_config *config, arq_network *network, arq_activations *activations,
                 arq_learner *learner, arq_agent *agent, arq_replay *replay, arq_cell *cell, arq_env *env,
                 arq_env_batch *games, arq_run *run, const char *path, const void *observation,
                 const void *next_observation, arq_status status, int32_t action, double reward, int32_t terminated,
                 int32_t truncated)
{
"""
SCOPE_CPP = """#include <arq/arq.hpp>
#include <cstdio>
#include <string>
#include <vector>
void block();
void block()
{
"""


def files_of(page, language):
    """(where, source, flags) of the page's files in a language; complains about a wrong excerpt."""
    text = pages.read(page)
    named = {}
    found = []
    for block_language, name, code in pages.blocks(text):
        if block_language != language:
            continue
        where = f"{page}:{pages.line_of(text, code)}"
        if "/" in name:
            if code not in pages.read(name):
                sys.exit(f"{where}: this is not in {name}")
        elif name:
            named.setdefault(name, [where, ""])[1] += code
        elif "#include" in code:
            found.append((where, code, []))
        elif language == "c":
            found.append((where, SCOPE + code + "    return ARQ_OK;\n}\n", ["-Wno-unused"]))
        else:
            found.append((where, SCOPE_CPP + code + "}\n", ["-Wno-unused"]))
    return found + [(where, code, []) for where, code in named.values()]


def compile_pages(language, compiler, include):
    count = 0
    for page in pages.names():
        if page in ELSEWHERE:
            print(f"{page}: {ELSEWHERE[page]}")
            continue
        for where, source, flags in files_of(page, language):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "block." + language)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(source)
                print(where, flush=True)
                run([*compiler, *WARNINGS, *flags, "-I" + include, path])
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("compiler", nargs="+")
    compiler = parser.parse_args().compiler
    include = os.path.join(pages.ROOT, "include")
    count = compile_pages("c", [*compiler, "-std=c11"], include)
    print(f"{count} pieces of C")
    if count == 0:
        sys.exit("no C code was found")
    if not os.path.exists(os.path.join(include, "arq", "arq.hpp")):
        return
    cpp = companion(compiler)
    if cpp is None:
        print("skipped: the C++ code, for there is no C++ compiler")
    else:
        print(f"{compile_pages('cpp', [*cpp, '-std=c++17'], include)} pieces of C++")


if __name__ == "__main__":
    main()
