"""Where MuJoCo is: find_mujoco.py [PREFIX] prints the folder of its headers, its library and dm_control's models.

Without a prefix it is the package of the Python that runs this; with one, PREFIX/include and PREFIX/lib, or PREFIX is
such a package. What there is none of is an empty line; without headers the exit code is 1.
"""

import glob
import importlib.util
import os
import sys


def package_folder(name):
    found = importlib.util.find_spec(name)
    return found.submodule_search_locations[0] if found and found.submodule_search_locations else None


def first(*patterns):
    return next((path for pattern in patterns for path in sorted(glob.glob(pattern))), "")


def main(prefix):
    folder = prefix or package_folder("mujoco")
    if not folder or not os.path.isfile(os.path.join(folder, "include", "mujoco", "mujoco.h")):
        sys.exit(1)
    suite = package_folder("dm_control")
    print(os.path.join(folder, "include"))
    print(first(*(os.path.join(folder, part, "libmujoco.*") for part in ("", "lib", "lib64"))))
    print(os.path.join(suite, "suite") if suite else first(os.path.join(os.path.dirname(folder), "dm_control", "suite")))


main(sys.argv[1] if len(sys.argv) > 1 else None)
