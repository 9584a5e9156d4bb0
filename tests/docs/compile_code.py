"""Compiles the C and C++ code of every page, and runs the C programs whose output a page shows.

What a block is, its first line says:

    ```c program.c           a file; blocks of one name in one page are one file
    ```c lib/nn/network.c    what stands in that file of the project, letter for letter
    ```c                     a file if it includes something, otherwise statements that use the names of SCOPE
    ```text program.c        what program.c prints
    ```cpp ...               as C, in C++; its programs run in tests/cpp
    ```python                is parsed
"""
import argparse
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import pages  # noqa: E402
from programs import companion, run  # noqa: E402

# Pages whose code has a test of its own.
ELSEWHERE = {"docs/write-an-environment.md": "tests/env/doc_code.py",
             "docs/add-a-network.md": "tests/gradients/doc_code.py",
             "docs/extending.md": "tests/guides/follow.py"}

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]

# What loose statements may use without saying where it comes from. Each block is a function of its own.
SCOPE = {
    "c": ("""#include <arq/arq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
""", """(arq_context *context, arq_config *config, arq_network *network, arq_activations *activations, arq_learner *learner,
    arq_agent *agent, arq_replay *replay, arq_cell *cell, arq_env *env, arq_env_batch *games, arq_run *run,
    const char *path, const void *observation, const void *next_observation, arq_status status, int32_t action,
    double reward, int32_t terminated, int32_t truncated)"""),
    "cpp": ("#include <arq/arq.hpp>\n#include <cstdio>\n#include <string>\n#include <vector>\n", "()"),
}


def loose_blocks(language, blocks):
    """One file of all loose statements; what the compiler says about them names page and line."""
    includes, parameters = SCOPE[language]
    result = "arq_status" if language == "c" else "void"
    source = includes
    for i, (page, line, code) in enumerate(blocks):
        head = f"{result} block_{i}{parameters}"
        end = "return ARQ_OK;" if language == "c" else ""
        source += f'{head};\n{head}\n{{\n#line {line} "{page}"\n{code}{end}\n}}\n'
    return source


def files_of(language):
    """(what it is, source, flags) of all pages' files in a language; complains about a wrong excerpt."""
    loose, found = [], []
    for page in pages.names():
        if page in ELSEWHERE:
            print(f"{page}: {ELSEWHERE[page]}")
            continue
        text = pages.read(page)
        named = {}
        for block_language, name, code in pages.blocks(text):
            line = pages.line_of(text, code)
            if block_language != language or (language, name) in programs_elsewhere(text):
                continue
            if "/" in name:
                if code not in pages.read(name):
                    sys.exit(f"{page}:{line}: this is not in {name}")
            elif name or "#include" in code:
                key = name or str(line)
                named[key] = named.get(key, f'#line {line} "{page}"\n') + code
            else:
                loose.append((page, line, code))
        found += [(f"{page}: {name}", code, []) for name, code in named.items()]
    if loose:
        unused = ["-Wno-unused", "-Wno-unused-parameter"]
        found.append(("loose statements", loose_blocks(language, loose), unused))
    return found


def programs_elsewhere(text):
    """C++ programs with an output are built and run by tests/cpp."""
    return {("cpp", name) for language, name, _ in pages.blocks(text) if language == "text" and name.endswith(".cpp")}


def compile_pages(language, compiler, include):
    files = files_of(language)
    for what, source, flags in files:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "block." + language)
            with open(path, "w", encoding="utf-8") as file:
                file.write(source)
            print(what, flush=True)
            run([*compiler, *WARNINGS, *flags, "-fsyntax-only", "-I" + include, path])
    return len(files)


def parse_python():
    count = 0
    for page in pages.names():
        text = pages.read(page)
        for language, _, code in pages.blocks(text):
            if language == "python":
                compile(code, f"{page}:{pages.line_of(text, code)}", "exec")
                count += 1
    return count


def run_programs(compiler, include, library):
    """Builds and runs the C programs whose output is shown."""
    count = 0
    for page in pages.names():
        text = pages.read(page)
        outputs = {name: code for language, name, code in pages.blocks(text) if language == "text" and name.endswith(".c")}
        for name, output in outputs.items():
            source = "".join(code for language, other, code in pages.blocks(text) if (language, other) == ("c", name))
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(source)
                program = os.path.splitext(path)[0]
                run([*compiler, *WARNINGS, "-I" + include, path, library, "-Wl,-rpath," + os.path.dirname(library),
                     "-o", program])
                printed = run([program], cwd=folder)
            if printed != output:
                sys.exit(f"{page}: {name} printed\n{printed}but the page says\n{output}")
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", dest="libarq", required=True, help="the shared library to link with")
    parser.add_argument("--flag", action="append", default=[], help="for the compiler of what is run")
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()
    compiler = arguments.compiler
    include = os.path.join(pages.ROOT, "include")
    count = compile_pages("c", [*compiler, "-std=c11"], include)
    print(f"{count} files of C")
    if count == 0:
        sys.exit("no C code was found")
    ran = run_programs([*compiler, "-std=c11", *arguments.flag], include, arguments.libarq)
    print(f"{ran} programs ran")
    print(f"{parse_python()} blocks of Python")
    if not os.path.exists(os.path.join(include, "arq", "arq.hpp")):
        return
    cpp = companion(compiler)
    if cpp is None:
        print("skipped: the C++ code, for there is no C++ compiler")
    else:
        print(f"{compile_pages('cpp', [*cpp, '-std=c++17'], include)} files of C++")


if __name__ == "__main__":
    main()
