"""Builds the programs of a page and compares what they print with what the page says.

```cpp hello.cpp begins a part of a program, ```text hello.cpp is its output. That the page's other code compiles is
tested with that of all pages.
"""
import argparse
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from programs import run  # noqa: E402

BLOCK = re.compile(r"^```(cpp|text) (\w+\.cpp)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", required=True)
    parser.add_argument("--include", required=True)
    parser.add_argument("--library", dest="libarq", required=True, help="the shared library to link with")
    parser.add_argument("--flag", action="append", default=[], help="for the compiler")
    parser.add_argument("compiler", nargs="+")
    arguments = parser.parse_args()

    with open(arguments.page, encoding="utf-8") as file:
        page = file.read()
    sources, outputs = {}, {}
    for language, name, text in BLOCK.findall(page):
        kept = sources if language == "cpp" else outputs
        kept[name] = kept.get(name, "") + text
    if not sources or sources.keys() != outputs.keys():
        sys.exit(f"programs: {sorted(sources)}; outputs: {sorted(outputs)}; each program needs its output")

    compiler = [*arguments.compiler, "-std=c++17", *WARNINGS, *arguments.flag, "-I" + arguments.include]
    library = [arguments.libarq, "-Wl,-rpath," + os.path.dirname(arguments.libarq), "-pthread"]
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources.items():
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(source)
            program = os.path.splitext(path)[0]
            run([*compiler, path, *library, "-o", program])
            printed = run([program], cwd=folder)
            if printed != outputs[name]:
                sys.exit(f"{name} printed\n{printed}but the page says\n{outputs[name]}")


if __name__ == "__main__":
    main()
