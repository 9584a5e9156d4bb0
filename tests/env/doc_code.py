"""Compiles the C code of docs/write-an-environment.md and runs its program.

Blocks are marked with the file they belong to: ```c gridworld.c. Those of gridworld.c must be, one after the other,
the example's file, so that page and example cannot drift apart; more.c continues it, and here becomes a plugin too.
"""
import argparse
import os
import sys
import tempfile

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "docs"), os.path.join(TESTS, "support")]
import pages  # noqa: E402
from programs import run  # noqa: E402

WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

MORE_BEGIN = """#define arq_plugin_entry entry_of_the_first_file
#include "gridworld.c"
#undef arq_plugin_entry
"""
MORE_END = """
ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi_version);
const arq_plugin *arq_plugin_entry(uint32_t abi_version)
{
    static arq_env_type type;
    static const arq_env_type *const more_types[] = {&type};
    static arq_plugin more;
    uint64_t random = abi_version;
    type = gridworld;
    type.options = options;
    type.option_count = 1;
    type.methods = &all_methods;
    more = plugin;
    more.types = more_types;
    return draw(&random) < 1 ? &more : NULL;
}
"""


def blocks(page):
    files = {}
    for language, name, code in pages.blocks(page):
        if language == "c":
            files.setdefault(name, []).append(code)
    return files


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", required=True)
    parser.add_argument("--example", required=True)
    parser.add_argument("--include", required=True)
    parser.add_argument("--library", dest="libarq", required=True, help="the shared library to link with")
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()

    with open(arguments.page, encoding="utf-8") as file:
        files = blocks(file.read())
    with open(arguments.example, encoding="utf-8") as file:
        example = file.read()
    if sorted(files) != ["gridworld.c", "more.c", "program.c"]:
        sys.exit(f"{arguments.page} has code for {sorted(files)}; gridworld.c, more.c and program.c are expected")
    if "\n".join(files["gridworld.c"]) != example:
        sys.exit(f"the blocks of gridworld.c in {arguments.page} are not {arguments.example}")

    files["more.c"] = [MORE_BEGIN] + files["more.c"] + [MORE_END]
    compiler = arguments.compiler + WARNINGS + ["-I" + arguments.include]
    with tempfile.TemporaryDirectory() as folder:
        for name, parts in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write("\n".join(parts))
        program = os.path.join(folder, "program")
        run(compiler + [program + ".c", arguments.libarq, "-Wl,-rpath," + os.path.dirname(arguments.libarq),
                        "-o", program])
        for name in ["gridworld", "more"]:
            plugin = os.path.join(folder, name)
            run(compiler + ["-fPIC", "-shared", "-fvisibility=hidden", plugin + ".c", "-o", plugin + ".so"])
            printed = run([program, plugin + ".so"])
            print(printed, end="")
            if printed != "0 promises broken; return 1\n":
                sys.exit("the program of the page should find no broken promise and a return of 1")


if __name__ == "__main__":
    main()
