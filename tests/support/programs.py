"""Compilers and programs of this machine, for tests that do what a user of the library would do."""

import os
import shutil
import subprocess
import sys

SKIPPED = 77  # what Meson takes as "skipped"


def run(command, **options):
    """The program's output; ends the test with everything it said when it fails."""
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if result.returncode != 0:
        sys.exit(f"exit status {result.returncode} of: {' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def present(names):
    """Those of the programs that this machine has; the others are named as skipped."""
    found = [name for name in names if shutil.which(name)]
    for name in names:
        if name not in found:
            print(f"skipped: {name} is not here")
    return found


def need(*names):
    """Ends the test as skipped, naming what is missing, unless every program is there."""
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        print(f"skipped: {', '.join(missing)} not found")
        sys.exit(SKIPPED)


def companion(compiler):
    """The C++ compiler of the same family as a C compiler (a command of several words), or None."""
    names = {"gcc": "g++", "cc": "c++", "clang": "clang++"}
    folder, name = os.path.split(compiler[-1])
    for family, other in names.items():
        if name == family or name.startswith(family + "-"):
            command = os.path.join(folder, name.replace(family, other, 1))
            return [*compiler[:-1], command] if shutil.which(command) else None
    return None


def copy_of_the_tree(source, target):
    """What git keeps, or everything that is not hidden or built."""
    listed = subprocess.run(["git", "-C", source, "ls-files", "-z"], capture_output=True, text=True)
    if listed.returncode != 0:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "build*", "__pycache__"))
        return
    for name in filter(None, listed.stdout.split("\0")):
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.isfile(os.path.join(source, name)):
            shutil.copy2(os.path.join(source, name), path)
