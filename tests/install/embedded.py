"""Takes the tree into other projects, by Meson's subproject and by CMake's add_subdirectory, and holds the two builds
to each other: the same sources with the same flags, the same symbols."""

import argparse
import json
import os
import re
import shlex
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import documented  # noqa: E402
from programs import run  # noqa: E402

ROOT = documented.pages.ROOT
# A project that is stricter than ours, and merges its sources.
STRICT = "-Wall -Wextra -Wpedantic -Werror"
# What may differ: how a build finds its headers and its threads, what it prints, what a debugger is told.
COMPARED = re.compile(r"-(D(?!NDEBUG$|arq_\w+_EXPORTS$)|m|std=|f(?!diagnostics|color))")
FLAGS_OF_LIBRARIES = {"-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-std=c11", "-D_GNU_SOURCE"}


def clean_environment(given):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("ARQ_", "PKG_CONFIG", "LD_LIBRARY_PATH", "DESTDIR", "CFLAGS", "LDFLAGS"))}
    return dict(kept, CC=" ".join(given.compiler))


def play(program, *plugin_folders):
    environment = dict(os.environ, ARQ_PLUGIN_PATH=":".join(plugin_folders))
    environment.pop("ARQ_CPU", None)
    print(run([program, "3000"], cwd=os.path.dirname(program), env=environment).strip())


def symbols(library):
    lines = run(["nm", "--dynamic", "--defined-only", "--format=posix", library]).splitlines()
    return {line.split()[0] for line in lines}


def compiled(build, prefix):
    """(source, flags that matter) of every source of the tree that a build compiles."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    found = set()
    for entry in entries:
        path = os.path.relpath(os.path.realpath(os.path.join(entry["directory"], entry["file"])), os.path.realpath(ROOT))
        if path.startswith(("lib/", "plugins/")):
            flags = frozenset(flag for flag in shlex.split(entry["command"]) if COMPARED.match(flag))
            found.add((path, flags))
    if not any(path.startswith(prefix) for path, _ in found):
        sys.exit(f"{build} compiles nothing of {prefix}")
    return found


def with_meson(given, scratch):
    """README's Meson project where libarq is not installed, without the plugin that only Meson builds."""
    project = os.path.join(scratch, "meson")
    build = project + "-built"
    documented.write_project(project, "meson", "meson.build")
    os.mkdir(os.path.join(project, "subprojects"))
    os.symlink(ROOT, os.path.join(project, "subprojects", "libarq"))
    environment = clean_environment(given)
    said = run([given.meson, "setup", "--force-fallback-for=libarq", "-Dunity=on", "-Dwerror=true", "-Dwarning_level=3",
                "-Dlibarq:werror=true", "-Dlibarq:dmc=disabled", project, build], env=environment)
    if not re.search("Dependency libarq .*from subproject", said):
        sys.exit("README's Meson project did not take the subproject:\n" + said)
    targets = {target["name"]: target["type"] for target in json.loads(run([given.meson, "introspect", "--targets", build]))}
    others = {name: kind for name, kind in targets.items() if "library" not in kind and kind != "shared module"}
    if others != {"program": "executable"}:
        sys.exit(f"as a subproject libarq builds more than libraries and plugins: {others}")
    run([given.ninja, "-C", build], env=environment)
    inside = os.path.join(build, "subprojects", "libarq")
    play(os.path.join(build, "program"), os.path.join(inside, "plugins", "minatar"))
    return build, {"libarq.so": os.path.join(inside, "lib", "libarq.so"),
                   **{name: os.path.join(inside, "plugins", name[4:-3], name) for name in ("arq_minatar.so", "arq_classic.so")}}


def with_cmake(given, scratch):
    """README's CMake project with add_subdirectory in place of find_package, and a program that links the archive."""
    project = os.path.join(scratch, "cmake")
    build = project + "-built"
    documented.write_project(project, "cmake", "CMakeLists.txt")
    lists = os.path.join(project, "CMakeLists.txt")
    with open(lists, encoding="utf-8") as file:
        text = file.read()
    if text.count("find_package(libarq REQUIRED)") != 1:
        sys.exit("README's CMake project has no line find_package(libarq REQUIRED)")
    text = text.replace("find_package(libarq REQUIRED)", "add_subdirectory(libarq)")
    text += ("add_executable(program_static program.c)\ntarget_link_libraries(program_static PRIVATE libarq::static)\n"
             'file(WRITE "${PROJECT_BINARY_DIR}/plugins.txt" "${libarq_PLUGIN_DIR}")\n')
    with open(lists, "w", encoding="utf-8") as file:
        file.write(text)
    os.symlink(ROOT, os.path.join(project, "libarq"))
    environment = clean_environment(given)
    run(["cmake", "-G", "Ninja", "-S", project, "-B", build, "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_UNITY_BUILD=ON",
         "-DCMAKE_C_FLAGS=" + STRICT, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], env=environment)
    run(["cmake", "--build", build], env=environment)
    with open(os.path.join(build, "plugins.txt"), encoding="utf-8") as file:
        plugins = file.read()
    for program in ("program", "program_static"):
        play(os.path.join(build, program), plugins)
    return build, {"libarq.so": os.path.join(build, "libarq", "libarq.so"),
                   **{name: os.path.join(plugins, name) for name in sorted(os.listdir(plugins))}}


def compare(meson, cmake):
    (meson_build, meson_libraries), (cmake_build, cmake_libraries) = meson, cmake
    one, other = compiled(meson_build, "lib/core/"), compiled(cmake_build, "lib/core/")
    for path, flags in sorted(one, key=str):
        if not FLAGS_OF_LIBRARIES <= flags:
            sys.exit(f"{path} is compiled without {sorted(FLAGS_OF_LIBRARIES - flags)}")
    if one != other:
        sys.exit("\n".join(["the two builds differ:"] +
                           [f"  only Meson: {path} {' '.join(sorted(flags))}" for path, flags in sorted(one - other, key=str)] +
                           [f"  only CMake: {path} {' '.join(sorted(flags))}" for path, flags in sorted(other - one, key=str)]))
    if sorted(meson_libraries) != sorted(cmake_libraries):
        sys.exit(f"Meson makes {sorted(meson_libraries)}, CMake {sorted(cmake_libraries)}")
    for name, library in meson_libraries.items():
        if symbols(library) != symbols(cmake_libraries[name]):
            sys.exit(f"{name}: exported by one build alone: {sorted(symbols(library) ^ symbols(cmake_libraries[name]))}")
    print(f"{len(one)} compilations and {len(meson_libraries)} libraries are the same with Meson and CMake")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("meson", "ninja"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("compiler", nargs="+")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        meson = with_meson(given, scratch)
        if not shutil.which("cmake"):
            print("skipped: cmake is not here; add_subdirectory is not tried")
            return
        compare(meson, with_cmake(given, scratch))


main()
