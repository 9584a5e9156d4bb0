"""Installs the build to a scratch folder, compiles programs against it as strangers would, and uninstalls it."""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import documented  # noqa: E402
from programs import SKIPPED, companion, need, run  # noqa: E402

PROGRAM = os.path.join(HERE, "outside.c")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


class Installation:
    """The build, installed below a scratch folder that stands for the root of a machine."""

    def __init__(self, given, scratch):
        self.given = given
        self.scratch = scratch
        self.root = os.path.join(scratch, "root")
        self.log = os.path.join(given.build, "meson-logs", "install-log.txt")
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("ARQ_", "PKG_CONFIG", "LD_LIBRARY_PATH", "DESTDIR"))}

    def install(self):
        os.mkdir(self.root)
        run([self.given.meson, "install", "-C", self.given.build, "--no-rebuild", "--destdir", self.root])
        prefix = os.path.join(self.root, self.given.prefix.lstrip("/"))
        self.include = os.path.join(prefix, self.given.includedir)
        self.libraries = os.path.join(prefix, self.given.libdir)

    def uninstall(self):
        run([self.given.ninja, "-C", self.given.build, "uninstall"])
        left = [os.path.join(folder, name) for folder, folders, names in os.walk(self.root) for name in folders + names]
        if left:
            sys.exit("uninstall left behind:\n" + "\n".join(left))

    def check_headers(self):
        source = self.given.headers
        wanted = {os.path.relpath(path, source) for path in glob.glob(os.path.join(source, "arq", "**", "*.h*"),
                                                                      recursive=True)}
        there = {os.path.relpath(path, self.include) for path in glob.glob(os.path.join(self.include, "**", "*.h*"),
                                                                           recursive=True)}
        if wanted != there:
            sys.exit(f"headers that are not installed: {sorted(wanted - there)}; installed without being headers "
                     f"of the tree: {sorted(there - wanted)}")

    def pkg_config_environment(self):
        return dict(self.environment, PKG_CONFIG_LIBDIR=os.path.join(self.libraries, "pkgconfig"),
                    PKG_CONFIG_SYSROOT_DIR=self.root, PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1",
                    PKG_CONFIG_ALLOW_SYSTEM_LIBS="1")

    def pkg_config(self, *options):
        return run(["pkg-config", *options, "libarq"], env=self.pkg_config_environment()).split()

    def check_program(self, name, compiler, *options, shared=True):
        """Compiles with warnings as errors and runs it, beside the installed library."""
        program = os.path.join(self.scratch, name)
        libraries = self.pkg_config("--libs") if shared else self.static_libraries()
        source = ["-x", "c++" if options and "++" in options[0] else "c", PROGRAM, "-x", "none"]
        run([*compiler, *options, *WARNINGS, *self.pkg_config("--cflags"), *source, *libraries, "-o", program])
        self.run_program(program, shared)

    def run_program(self, program, shared=True):
        environment = dict(self.environment, LD_LIBRARY_PATH=self.libraries if shared else "")
        plugin = [] if shared else [os.path.join(self.libraries, "arq", "plugins", "arq_minatar.so")]
        print(os.path.basename(program) + ": " + run([program, *plugin], env=environment).strip())
        linked = run(["ldd", program], env=environment)
        if ("libarq" in linked) != shared:
            sys.exit(f"{program}: shared is {shared}, but it links\n{linked}")

    def static_libraries(self):
        """What pkg-config --static says, with the archive instead of -larq: the shared library is there as well."""
        libraries = self.pkg_config("--static", "--libs")
        if "-larq" not in libraries:
            sys.exit(f"pkg-config --static --libs has no -larq: {libraries}")
        return ["-l:libarq.a" if library == "-larq" else library for library in libraries]

    def check_cmake(self):
        if not shutil.which("cmake"):
            print("skipped: cmake is not here; find_package(libarq) is not tried")
            return
        project = os.path.join(self.scratch, "project")
        built = os.path.join(self.scratch, "project-built")
        os.mkdir(project)
        for name in ("CMakeLists.txt", "outside.c"):
            shutil.copy(os.path.join(HERE, name), project)
        cmake_dir = os.path.join(self.libraries, "cmake", "libarq")
        environment = dict(self.environment, CC=" ".join(self.given.compiler))
        run(["cmake", "-G", "Ninja", "-S", project, "-B", built, f"-Dlibarq_DIR={cmake_dir}"], env=environment)
        run(["cmake", "--build", built], env=environment)
        self.run_program(os.path.join(built, "outside"))
        self.run_program(os.path.join(built, "outside_static"), shared=False)
        self.check_shown_cmake(cmake_dir, environment)
        with open(os.path.join(project, "CMakeLists.txt"), "a") as file:
            file.write("find_package(libarq 99.0 REQUIRED)\n")
        refused = subprocess.run(["cmake", "-G", "Ninja", "-S", project, "-B", built], env=environment,
                                 capture_output=True, text=True)
        if refused.returncode == 0 or "99.0" not in refused.stderr:
            sys.exit("CMake took version 0 for 99:\n" + refused.stdout + refused.stderr)

    def check_shown_cmake(self, cmake_dir, environment):
        """The project and the program that README shows."""
        project = os.path.join(self.scratch, "readme-cmake")
        documented.write_project(project, "cmake", "CMakeLists.txt")
        run(["cmake", "-G", "Ninja", "-S", project, "-B", project + "-built", f"-Dlibarq_DIR={cmake_dir}"],
            env=environment)
        run(["cmake", "--build", project + "-built"], env=environment)
        self.run_shown(project + "-built")

    def check_shown_meson(self):
        project = os.path.join(self.scratch, "readme-meson")
        documented.write_project(project, "meson", "meson.build")
        environment = dict(self.pkg_config_environment(), CC=" ".join(self.given.compiler))
        run([self.given.meson, "setup", project, project + "-built"], env=environment)
        run([self.given.ninja, "-C", project + "-built"], env=environment)
        self.run_shown(project + "-built")

    def run_shown(self, folder):
        environment = dict(self.environment, LD_LIBRARY_PATH=self.libraries)
        print(run([os.path.join(folder, "program"), "3000"], cwd=folder, env=environment).strip())

    def check_pages(self, compiler):
        """The shell commands of the documentation."""
        arq = os.path.join(self.root, self.given.prefix.lstrip("/"), "bin", "arq")
        if not os.path.exists(arq) or not companion(compiler):
            print("skipped: the commands of the pages, which need the program arq and a C++ compiler")
            return
        environment = dict(self.pkg_config_environment(), LD_LIBRARY_PATH=self.libraries,
                           CC=" ".join(self.given.compiler))
        programs = {"cc": compiler, "c++": companion(compiler), "meson": [self.given.meson]}
        documented.Reader(self.scratch, environment, arq, programs).follow()


def check(installation, compiler):
    installation.install()
    try:
        installation.check_headers()
        installation.check_program("outside_c", compiler, "-std=c11")
        installation.check_program("outside_static_c", compiler, "-std=c11", shared=False)
        if companion(compiler):
            installation.check_program("outside_cpp", companion(compiler), "-std=c++17")
        else:
            print(f"skipped: no C++ compiler beside {compiler[-1]}")
        installation.check_cmake()
        installation.check_shown_meson()
        installation.check_pages(compiler)
    finally:
        installation.uninstall()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("build", "prefix", "includedir", "libdir", "headers", "meson", "ninja", "sanitizer"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("compiler", nargs="+")
    given = parser.parse_args()
    if given.sanitizer != "none":
        print("skipped: a sanitized library is not one to install")
        sys.exit(SKIPPED)
    need("pkg-config")
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(given, scratch)
        kept = os.path.join(scratch, "install-log.txt")
        if os.path.exists(installation.log):
            shutil.copy2(installation.log, kept)
        try:
            check(installation, given.compiler)
        finally:  # the log of a real installation is what its own uninstall needs
            if os.path.exists(kept):
                shutil.copy2(kept, installation.log)
            elif os.path.exists(installation.log):
                os.remove(installation.log)


main()
