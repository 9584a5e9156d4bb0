"""Builds the example plugin outside the tree, against the installed library, and trains on it to its optimum.

The commands are those of the example's README.md.
"""
import argparse
import csv
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from programs import need, run  # noqa: E402


def install(given, root):
    """Installs below `root`; the log of a real installation stays, its uninstall needs it."""
    log = os.path.join(given.build, "meson-logs", "install-log.txt")
    kept = os.path.join(root, "kept")
    os.mkdir(root)
    if os.path.exists(log):
        shutil.copy2(log, kept)
    try:
        run([given.meson, "install", "-C", given.build, "--no-rebuild", "--quiet", "--destdir", root])
    finally:
        if os.path.exists(kept):
            shutil.move(kept, log)
        elif os.path.exists(log):
            os.remove(log)
    return os.path.join(root, given.prefix.lstrip("/"))


def commands(readme):
    """The lines of the shell block, with those that a backslash continues joined; without remarks."""
    with open(readme, encoding="utf-8") as file:
        text = re.sub(r"\\\n +", "", file.read())
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0].strip() for line in block.group(1).splitlines()] if block else []
    if [line.split()[:2] for line in lines] != [["meson", "setup"], ["arq", "check-env"], ["arq", "train"]]:
        sys.exit(f"{readme} is expected to set up, check and train, but says {lines}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("build", "prefix", "bindir", "libdir", "meson", "example"):
        parser.add_argument("--" + name, required=True)
    given = parser.parse_args()
    need("pkg-config")
    with tempfile.TemporaryDirectory() as scratch:
        prefix = install(given, os.path.join(scratch, "root"))
        project = os.path.join(scratch, "env-gridworld")
        shutil.copytree(given.example, project)
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("ARQ_", "PKG_CONFIG", "LD_LIBRARY_PATH"))}
        environment.update(PATH=os.path.join(prefix, given.bindir) + ":" + os.environ["PATH"],
                           PKG_CONFIG_LIBDIR=os.path.join(prefix, given.libdir, "pkgconfig"),
                           PKG_CONFIG_SYSROOT_DIR=os.path.join(scratch, "root"))
        for line in commands(os.path.join(project, "README.md")):
            print(f"{line}\n{run(line, shell=True, cwd=project, env=environment)}")
        with open(os.path.join(project, "run1", "result.csv"), encoding="utf-8", newline="") as file:
            agent = next(csv.DictReader(file))
        if agent["player"] != "agent" or float(agent["min"]) != 1 or round(float(agent["mean_length"]), 9) != 8:
            sys.exit(f"the optimum is a return of 1 in 8 steps; the agent has {agent}")


if __name__ == "__main__":
    main()
