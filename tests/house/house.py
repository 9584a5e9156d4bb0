"""The floors of the house and the order in it: who may include whom, sizes of files, clean text."""

import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.abspath(sys.argv.pop(1))

# Each folder of lib/ may include itself, those named here, which are all below it, lib/system and the public headers.
# A folder inside one that is not named here belongs to that one.
FLOORS = {
    "system": [],
    "kernels": [],
    "core": ["kernels"],
    "env": ["core"],
    "io": ["core"],
    "nn": ["core", "kernels", "env", "io", "nn/math"],  # what is shared knows no kind
    "nn/math": ["core", "kernels", "env"],
    "nn/cells": ["core", "kernels", "env", "io", "nn", "nn/math"],
    "nn/dense": ["core", "kernels", "env", "io", "nn", "nn/math"],
    "replay": ["core", "env", "io"],
    "rollout": ["core", "env", "io"],
    "agent": ["core", "env", "io", "nn", "replay", "rollout"],
    "train": ["core", "env", "io", "nn", "replay", "agent"],
}

C11 = {f"{name}.h" for name in (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp stdalign stdarg stdatomic "
    "stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype").split()}

# Outside lib/system lib/ includes no other header of the system, except that a tier's vector header has instructions.
VECTOR_HEADER = r"lib/kernels/\w+/vec_\w+\.h"

# What stands outside the library sees no more of it than this.
OUTSIDE = {
    "plugins": r"arq/env\.h",
    # benchmarks call kernels and the returns of rollouts directly
    "tools": r"arq/\w+\.h|kernels/(kernels|tiers|vector/vector)\.h|rollout/returns\.h",
    "examples": r"arq/(cpp/)?\w+\.(h|hpp)",
    "bindings": r"arq/(cpp/)?\w+\.(h|hpp)",
}

# Each folder of the program may include those named here; a subcommand, which lies above them, all.
PROGRAM_FLOORS = {
    "host": [],
    "cli": ["host"],
    "run": ["cli", "host"],
    "play": ["cli", "host"],
    "inspect": ["cli"],
    "bench": ["cli", "host", "kernels", "rollout"],
}

LONGEST_FILE = 600
LONGEST_EXAMPLE = 59  # comments and blank lines too
SOURCES = (".c", ".h", ".cpp", ".hpp", ".py")
NOT_TEXT_OF_OURS = ("LICENSE", ".xml", ".npz", ".safetensors", ".png", ".gif", ".svg", ".jsonl", ".bin", ".golden")
LEFT_BY_A_TOOL = (".orig", ".rej", ".o", ".so", ".a", ".pyc", ".swp", "~", ".gcda", ".gcno", ".profraw")
PATH_OF_A_MACHINE = re.compile(r"/(?:" + "|".join(["root", "home/\\w+", "work", "tmp/\\w*build", "Users/\\w+"]) + r")/")


def files_of_the_tree():
    """What git keeps; without git, everything that is not hidden, built or cached."""
    try:
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True)
        names = [name for name in listed.stdout.split("\0") if name and os.path.isfile(os.path.join(ROOT, name))]
        if names:
            return names
    except (OSError, subprocess.CalledProcessError):
        pass
    names = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith((".", "build", "__pycache__"))]
        names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in files]
    return names


FILES = sorted(files_of_the_tree())


def text_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def includes():
    """(file, line, what it includes, in quotes) of every C and C++ file."""
    for name in FILES:
        if name.endswith((".c", ".h", ".cpp", ".hpp")):
            for number, line in enumerate(text_of(name).splitlines(), 1):
                found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
                if found:
                    yield name, number, found.group(2), found.group(1) == '"'


def is_public(target):
    return target.startswith("arq/")


def beside(name, target):
    """The included file's place in the tree when it lies relative to the including one, or None."""
    path = os.path.normpath(os.path.join(os.path.dirname(name), target))
    return path if os.path.isfile(os.path.join(ROOT, path)) else None


def floor_of(path):
    """The name in FLOORS of the folder that a file of lib/ belongs to, or None."""
    folder = os.path.dirname(path)
    while folder.startswith("lib/"):
        if folder[len("lib/"):] in FLOORS:
            return folder[len("lib/"):]
        folder = os.path.dirname(folder)
    return None


def module_of(name):
    """A .c file and the header of its name are one."""
    return os.path.splitext(name)[0]


def functions_of_lib():
    """The module that defines each function which others can call."""
    definition = re.compile(r"^(?!static\b|typedef\b)\w[^;{}=#]*?\b(arq_\w+)\([^;{}]*\)\s*^\{", re.MULTILINE)
    return {found.group(1): module_of(name) for name in FILES if name.startswith("lib/") and name.endswith(".c")
            for found in definition.finditer(code_of(name))}


def code_of(name):
    """A C file without its comments."""
    return re.sub(r"/\*.*?\*/", " ", text_of(name), flags=re.DOTALL)


def needs_of_lib():
    """{module: {module it needs: why}}: what it includes, and whose functions it calls. Tables of functions are not
    calls: they are how a lower floor reaches what it does not know."""
    needs = {module_of(name): {} for name in FILES if name.startswith("lib/") and name.endswith((".c", ".h"))}
    for name, line, target, quoted in includes():
        module = module_of(beside(name, target) or "lib/" + target)
        if name.startswith("lib/") and quoted and module in needs:
            needs[module_of(name)][module] = f"{name}:{line} includes {target}"
    functions = functions_of_lib()
    for name in FILES:
        if name.startswith("lib/") and name.endswith(".c"):
            for called in re.finditer(r"\b(arq_\w+)\(", code_of(name)):
                module = functions.get(called.group(1))
                if module is not None:
                    needs[module_of(name)].setdefault(module, f"{name} calls {called.group(1)}")
    return {module: {other: why for other, why in found.items() if other != module} for module, found in needs.items()}


def reached(needs, start):
    seen, todo = set(), [start]
    while todo:
        new = set(needs[todo.pop()]) - seen
        seen |= new
        todo += new
    return seen


class House(unittest.TestCase):
    def complain(self, complaints):
        if complaints:
            self.fail("\n" + "\n".join(complaints))

    def test_every_folder_of_lib_has_a_floor(self):
        folders = {name.split("/")[1] for name in FILES if name.startswith("lib/") and name.count("/") >= 2}
        self.assertEqual(folders, {floor.split("/")[0] for floor in FLOORS})
        self.complain([f"lib/{floor} is empty or gone" for floor in FLOORS
                       if not any(name.startswith(f"lib/{floor}/") for name in FILES)])

    def test_includes_go_down(self):
        complaints = []
        for name, line, target, quoted in includes():
            if not name.startswith("lib/") or is_public(target) or not quoted:
                continue
            own = floor_of(name)
            floor = floor_of(beside(name, target) or "lib/" + target)
            if floor not in [own, "system", *FLOORS[own]]:
                complaints.append(f"{name}:{line} includes {target}; lib/{own} may include "
                                  f"{', '.join(['system', *FLOORS[own]])}")
        self.complain(complaints)

    def test_no_circle(self):
        needs = needs_of_lib()
        self.assertGreater(len(needs), 50)
        reach = {module: reached(needs, module) for module in needs}
        self.complain([f"circle: {why}, and {other} needs {one}, itself or over others"
                       for one, found in needs.items() for other, why in found.items() if one in reach[other]])

    def test_the_system_has_one_folder(self):
        complaints = []
        for name, line, target, quoted in includes():
            if not name.startswith("lib/") or quoted or name.startswith("lib/system/"):
                continue
            if not (target in C11 or re.fullmatch(VECTOR_HEADER, name)):
                complaints.append(f"{name}:{line} includes <{target}>, which is not C11's; lib/system is for that")
        self.complain(complaints)

    def test_public_headers_include_public_headers(self):
        complaints = []
        for name, line, target, quoted in includes():
            if name.startswith("include/") and quoted:
                path = beside(name, target)
                if path is None or not path.startswith("include/arq/"):
                    complaints.append(f"{name}:{line} includes {target}, which is not beside it")
            if name.startswith("include/") and name.endswith(".h") and not quoted:
                if target not in ("stddef.h", "stdint.h"):
                    complaints.append(f"{name}:{line} includes <{target}>; C headers need stddef.h and stdint.h alone")
        self.complain(complaints)

    def test_outside_sees_the_public_headers_alone(self):
        complaints = []
        for name, line, target, quoted in includes():
            top = name.split("/")[0]
            if top not in OUTSIDE:
                continue
            path = beside(name, target)
            roots = (top, top + "/arq")  # of the program, whose folders include each other from tools/arq on
            own = (path is not None and path.startswith(top + "/")) or (
                quoted and any(os.path.isfile(os.path.join(ROOT, root, target)) for root in roots))
            library = is_public(target) or os.path.isfile(os.path.join(ROOT, "lib", target))
            if not own and (library or quoted) and not re.fullmatch(OUTSIDE[top], target):
                complaints.append(f"{name}:{line} includes {target}; {top}/ may include {OUTSIDE[top]} and its own")
        self.complain(complaints)

    def test_the_program_s_folders_have_floors(self):
        complaints = []
        for name, line, target, quoted in includes():
            if not name.startswith("tools/arq/") or not quoted or "/" not in target or is_public(target):
                continue
            own = name.split("/")[2] if name.count("/") > 2 else None
            other = target.split("/")[0]
            if own is not None and other != own and other not in PROGRAM_FLOORS[own]:
                complaints.append(f"{name}:{line} includes {target}; tools/arq/{own} may include "
                                  f"{', '.join(PROGRAM_FLOORS[own]) or 'no other folder'}")
        self.complain(complaints)

    def test_the_program_asks_the_system_in_one_folder(self):
        complaints = []
        for name, line, target, quoted in includes():
            if (name.startswith("tools/arq/") and not name.startswith("tools/arq/host/") and not quoted
                    and target not in C11):
                complaints.append(f"{name}:{line} includes <{target}>, which is not of C11; tools/arq/host may")
        self.complain(complaints)

    def test_plugins_include_no_other_plugin(self):
        complaints = []
        for name, line, target, quoted in includes():
            parts = name.split("/")
            if parts[0] == "plugins" and quoted and not is_public(target):
                path = beside(name, target) or "plugins/" + target
                if path.split("/")[1] not in (parts[1], "common"):
                    complaints.append(f"{name}:{line} includes {target}")
        self.complain(complaints)

    def test_files_are_short(self):
        complaints = []
        for name in FILES:
            if name.endswith(SOURCES):
                lines = text_of(name).count("\n")
                if lines > LONGEST_FILE:
                    complaints.append(f"{name} has {lines} lines; more than {LONGEST_FILE} are two concepts")
        self.complain(complaints)

    def test_examples_are_shorter(self):
        examples = [name for name in FILES if re.fullmatch(r"examples/[^/]+\.(c|cpp|py)", name)]
        self.assertGreater(len(examples), 10)
        lengths = {name: text_of(name).count("\n") for name in examples}
        self.complain([f"{name} has {lines} lines; an example has at most {LONGEST_EXAMPLE}"
                       for name, lines in lengths.items() if lines > LONGEST_EXAMPLE])

    def test_nothing_is_left_by_tools(self):
        self.complain([f"{name} was left by a merge, an editor or a build" for name in FILES
                       if name.endswith(LEFT_BY_A_TOOL)])

    def test_text_is_clean(self):
        complaints = []
        for name in FILES:
            if name.endswith(NOT_TEXT_OF_OURS) or "\0" in text_of(name):
                continue
            text = text_of(name)
            if text and not text.endswith("\n"):
                complaints.append(f"{name} has no line end at its end")
            for number, line in enumerate(text.splitlines(), 1):
                if line != line.rstrip():
                    complaints.append(f"{name}:{number} has white space at its end")
                if PATH_OF_A_MACHINE.search(line):
                    complaints.append(f"{name}:{number} names a path of some machine: {line.strip()}")
        self.complain(complaints)


if __name__ == "__main__":
    unittest.main()
