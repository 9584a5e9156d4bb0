"""Does to a copy of the tree what the guides say, builds it once, and runs what each of them added."""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "docs"), os.path.join(HERE, "..", "support")]
import pages  # noqa: E402
from programs import copy_of_the_tree, run  # noqa: E402


def build(tree, given):
    """Unoptimised, which takes a tenth of the time; the kernels' comparison is the one test that needs no library."""
    folder = os.path.join(tree, "build")
    run([given.meson, "setup", folder, tree, "-Dwerror=true", "-Dbuildtype=debug", "-Dtests=disabled", "-Ddocs=disabled"],
        env=dict(os.environ, CC=shlex.join(given.compiler)))
    run([given.ninja, "-C", folder])
    return folder


def run_all(commands, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARQ_")}
    environment["PATH"] = os.pathsep.join([os.path.join(folder, "tools"), os.path.join(folder, "tests", "kernels"),
                                           environment["PATH"]])
    environment["ARQ_PLUGIN_PATH"] = os.pathsep.join(os.path.join(folder, "plugins", name) for name in ("minatar", "classic"))
    failed = 0
    for command, wanted in commands:
        result = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        missing = [line for line in wanted.splitlines() if line not in result.stdout.splitlines()]
        good = result.returncode == 0 and not missing
        failed += not good
        print(f"{'ok' if good else 'FAILED'}: {command}", flush=True)
        if not good:
            print(f"exit status {result.returncode}, missing lines {missing}\n{result.stdout}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("source", "meson", "ninja"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("compiler", nargs="+")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tree = os.path.join(scratch, "tree")
        copy_of_the_tree(given.source, tree)
        commands = []
        for page in pages.GUIDES:
            found = pages.follow(page, tree)
            if not found:
                sys.exit(f"{page} gives no command that shows what it added")
            commands += found
        failed = run_all(commands, build(tree, given))
    print(f"{len(commands)} commands of {len(pages.GUIDES)} guides ran")
    sys.exit(f"{failed} failed" if failed else 0)


main()
