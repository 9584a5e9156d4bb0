"""The interface that the C headers declare, held to what is recorded in this folder.

interface.txt has every number, the size and offset of every field of every public struct (64-bit), and every function.
libarq.abi.xml has the same with all types, for abidiff; it is made from a library of empty functions, so that it does
not depend on how the real one was built.
"""

import argparse
import difflib
import glob
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from programs import SKIPPED, need, run  # noqa: E402

# They say which interface this is; the rest is the interface.
VERSION_NUMBERS = re.compile(r"ARQ_(VERSION|ABI)_\w+")


def declarations(include):
    """The text of all C headers without comments and preprocessor lines, and the names of their macros."""
    text, macros = "", []
    for path in sorted(glob.glob(os.path.join(include, "arq", "*.h"))):
        with open(path) as file:
            header = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL).replace("\\\n", "")
        macros += re.findall(r"^#define (ARQ_\w+) +[^\s]", header, re.MULTILINE)
        text += re.sub(r"^#.*$", "", header, flags=re.MULTILINE)
    numbers = [name for name in macros
               if not VERSION_NUMBERS.fullmatch(name) and name not in ("ARQ_API", "ARQ_PLUGIN_EXPORT",
                                                                       "ARQ_PLUGIN_ENTRY")]
    return text, sorted(set(numbers))


def fields_of(body):
    names = []
    for declaration in body.split(";"):
        declaration = declaration.strip()
        if declaration:
            method = re.search(r"\(\*(\w+)\)", declaration)
            plain = re.search(r"(\w+)\s*(\[[^]]*\]\s*)*$", declaration)
            names.append((method or plain).group(1))
    return names


def structs_of(text):
    found = re.findall(r"typedef struct (\w+) \{(.*?)\} (\w+);", text, re.DOTALL)
    if len(found) != len(re.findall(r"\bstruct \w+ \{", text)):
        sys.exit("a public struct is not written as: typedef struct name {...} name;")
    return [(name, fields_of(body)) for name, body, _ in found]


def functions_of(text):
    """(result, name, parameters) of everything declared with ARQ_API."""
    found = re.findall(r"ARQ_API\s+([^;]*?)(\w+)\(((?:[^()]|\([^()]*\))*)\)\s*;", re.sub(r"\s+", " ", text))
    if len(found) != len(re.findall(r"\bARQ_API\b", text)):
        sys.exit("a declaration with ARQ_API is not understood")
    return sorted(found, key=lambda function: function[1])


def nameless(parameters):
    """Parameter types alone: a new name is not a new interface."""
    parts = re.split(r",\s*(?![^()]*\))", parameters.strip())
    return ", ".join(part if "(" in part or part == "void" else re.sub(r"\s*\w+$", "", part) for part in parts)


def layout_program(structs, numbers):
    lines = ["#include <arq/arq.h>", "#include <stdio.h>", "int main(void) {"]
    lines += [f'printf("{name} %lld\\n", (long long){name});' for name in numbers]
    for name, fields in structs:
        lines.append(f'printf("{name}: size %zu\\n", sizeof({name}));')
        lines += [f'printf("{name}.{field}: offset %zu, size %zu\\n", offsetof({name}, {field}), '
                  f'sizeof((({name} *)0)->{field}));' for field in fields]
    return "\n".join(lines + ["return 0; }", ""])


def stub_library(structs, functions):
    lines = ["#include <arq/arq.h>"]
    for result, name, parameters in functions:
        value = "" if result.strip() == "void" else "return 0;"
        lines.append(f"{result}{name}({parameters}) {{ {value} }}")
    lines += [f"{name} every_field_of_{name};" for name, _ in structs]
    return "\n".join(lines + [""])


def compiled(compiler, include, source, output, *flags):
    path = output + ".c"
    with open(path, "w") as file:
        file.write(source)
    run([*compiler, "-std=c11", "-w", "-g", "-I", include, *flags, path, "-o", output])
    return output


def check_text(given, now):
    if given.update:
        with open(given.recorded, "w") as file:
            file.write(now)
        return
    with open(given.recorded) as file:
        recorded = file.read()
    if now != recorded:
        print("".join(difflib.unified_diff(recorded.splitlines(True), now.splitlines(True), "recorded", "now", n=0)))
        sys.exit("The interface is not the recorded one. If that is meant, read docs/abi.md, then: "
                 f"python3 {os.path.relpath(__file__)} --update --include {given.include} "
                 f"--recorded {given.recorded} --abidiff-recorded {given.abidiff_recorded} -- "
                 f"{' '.join(given.compiler)}")


def check_types(given, library):
    need("abidw", "abidiff")
    if given.update:
        xml = run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", library])
        with open(given.abidiff_recorded, "w") as file:
            file.write(xml)
        return
    print(run(["abidiff", "--no-show-locs", given.abidiff_recorded, library]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", required=True)
    parser.add_argument("--recorded", required=True, help="interface.txt")
    parser.add_argument("--abidiff-recorded", required=True, help="libarq.abi.xml")
    parser.add_argument("--only", choices=["text", "abidiff"])
    parser.add_argument("--update", action="store_true", help="record the interface as it is now")
    parser.add_argument("compiler", nargs="+", help="the C compiler's command")
    given = parser.parse_args()
    if sys.maxsize < 2**32:
        print("skipped: the recorded interface is that of 64-bit machines")
        sys.exit(SKIPPED)
    text, numbers = declarations(given.include)
    structs, functions = structs_of(text), functions_of(text)
    with tempfile.TemporaryDirectory() as scratch:
        if given.only != "abidiff":
            layout = compiled(given.compiler, given.include, layout_program(structs, numbers),
                              os.path.join(scratch, "layout"))
            signatures = [f"{result}{name}({nameless(parameters)})\n" for result, name, parameters in functions]
            check_text(given, run([layout]) + "".join(signatures))
        if given.only != "text":
            library = compiled(given.compiler, given.include, stub_library(structs, functions),
                               os.path.join(scratch, "libarq.so"), "-shared", "-fPIC")
            check_types(given, library)


main()
