"""Every public header compiles alone, with every compiler of this machine: .h as C11 and C++17, .hpp as C++17."""

import argparse
import glob
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from programs import present, run  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror"]
LANGUAGES = [
    ("c11", ".c", (".h",), ["gcc", "clang"], ["-Wstrict-prototypes", "-Wmissing-prototypes"]),
    ("c++17", ".cpp", (".h", ".hpp"), ["g++", "clang++"], []),
]


def all_headers(include):
    paths = glob.glob(os.path.join(include, "arq", "**", "*.h*"), recursive=True)
    return sorted(os.path.relpath(path, include) for path in paths)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", required=True, help="the folder that has arq/")
    include = parser.parse_args().include
    compilations = 0
    with tempfile.TemporaryDirectory() as scratch:
        for standard, suffix, kinds, compilers, warnings in LANGUAGES:
            for compiler in present(compilers):
                for header in all_headers(include):
                    if not header.endswith(kinds):
                        continue
                    source = os.path.join(scratch, "alone" + suffix)
                    with open(source, "w") as file:
                        file.write(f"#include <{header}>\n#include <{header}>\nextern int alone;\n")
                    run([compiler, f"-std={standard}", *WARNINGS, *warnings, "-fsyntax-only", "-I", include, source])
                    compilations += 1
    if compilations == 0:
        sys.exit("no compiler was found")
    print(f"{compilations} compilations")

    with open(os.path.join(include, "arq", "arq.h")) as file:
        whole = file.read()
    own = [os.path.basename(path) for path in glob.glob(os.path.join(include, "arq", "*.h"))]
    forgotten = [name for name in sorted(own) if name != "arq.h" and f'#include "{name}"' not in whole]
    if forgotten:
        sys.exit(f"arq.h does not include {', '.join(forgotten)}")


main()
