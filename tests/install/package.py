"""pip install . of a copy of the tree, as docs/python.md says, and a first training with nothing but what it installed."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from programs import SKIPPED, copy_of_the_tree, run  # noqa: E402

PROGRAM = """
import pathlib, sys
import libarq
here = pathlib.Path(libarq.__file__).parent
assert str(here.parent) == sys.argv[1], here
assert (here / "py.typed").exists()
assert here in pathlib.Path(libarq._library.lib._name).parents, libarq._library.lib._name
training = libarq.train("minatar/breakout", total_steps=2000, evaluation_episodes=3)
print(libarq.version(), training.evaluation)
"""


def need_modules(*names):
    missing = [name for name in names if subprocess.run([sys.executable, "-c", f"import {name}"],
                                                        capture_output=True).returncode != 0]
    if missing:
        print(f"skipped: Python modules {', '.join(missing)} are not installed")
        sys.exit(SKIPPED)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    source = parser.parse_args().source
    need_modules("pip", "numpy", "mesonpy")
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("ARQ_", "LIBARQ_", "PYTHON", "LD_LIBRARY_PATH"))}
    with tempfile.TemporaryDirectory() as scratch:
        copy = os.path.join(scratch, "tree")
        copy_of_the_tree(source, copy)
        site = os.path.join(scratch, "site")
        # Without the network: what the build needs is there already.
        run([sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--target", site,
             "."], cwd=copy, env=environment)
        shutil.rmtree(copy)
        environment["PYTHONPATH"] = site
        said = run([sys.executable, "-c", PROGRAM, site], cwd=scratch, env=environment)
        print(said, end="")
        version = said.split()[0]
        if not os.path.isdir(os.path.join(site, f"libarq-{version}.dist-info")):
            sys.exit(f"the library is {version}, pip installed {sorted(os.listdir(site))}")


main()
