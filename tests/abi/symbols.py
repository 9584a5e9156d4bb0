"""What the built libraries show of themselves: exported symbols, soname, what they link, what they never call."""

import argparse
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from programs import need, run  # noqa: E402

# libc in its parts, libm and threads. A sanitized build adds its runtime.
MAY_LINK = re.compile(r"lib(c|m|dl|pthread)\.so\.\d+|ld-linux[\w.-]*\.so\.\d+|lib(a|t|ub)san\.so\.\d+")

# No output, no end of the process, no change of its state, no time of day. The clock that measures how long rollouts
# and learning take is in lib/system/time.h.
NEVER_CALLED = """
abort exit _exit _Exit quick_exit atexit on_exit at_quick_exit raise kill system fork vfork execve __assert_fail
printf vprintf puts putchar putc fputc fputs fprintf vfprintf dprintf fwrite perror stdout stderr
__printf_chk __vprintf_chk __fprintf_chk __vfprintf_chk __dprintf_chk
signal sigaction sigprocmask setlocale uselocale chdir fchdir umask setenv putenv unsetenv strerror
rand srand random srandom drand48 time gettimeofday clock
""".split()

# Their results differ between machines; core results may depend on sqrt and fma alone.
NEVER_COMPUTED = [name + suffix for suffix in ("", "f") for name in """
exp exp2 expm1 log log2 log10 log1p pow sin cos tan sinh cosh tanh asin acos atan atan2 cbrt hypot erf lgamma tgamma
""".split()]


def exported(library):
    lines = run(["nm", "--dynamic", "--defined-only", "--format=posix", library]).splitlines()
    return sorted({line.split("@")[0].split()[0] for line in lines if line.split()[1] != "A"})


def check_symbols(given):
    with open(given.recorded) as file:
        recorded = file.read().split()
    now = exported(given.libarq)
    missing = sorted(set(recorded) - set(now))
    extra = sorted(set(now) - set(recorded))
    if missing or extra:
        return [f"missing in {os.path.basename(given.libarq)}: {' '.join(missing) or 'none'}; "
                f"not in symbols.txt: {' '.join(extra) or 'none'}. If that is meant, read docs/abi.md, then: "
                f"python3 {os.path.relpath(__file__)} --update --library {given.libarq} --recorded {given.recorded}"]
    return []


def check_dynamic(given):
    complaints = []
    with open(given.version_header) as file:
        abi = re.search(r"#define ARQ_ABI_MAJOR (\d+)", file.read()).group(1)
    entries = run(["readelf", "--dynamic", "--wide", given.libarq])
    soname = re.findall(r"\(SONAME\).*\[(.*)\]", entries)
    if soname != [f"libarq.so.{abi}"]:
        complaints.append(f"soname {soname}; the ABI number in version.h makes it libarq.so.{abi}")
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", entries):
        if not MAY_LINK.fullmatch(needed):
            complaints.append(f"the library links {needed}; allowed are libc, libm and threads")
    return complaints


def undefined(path):
    lines = run(["nm", "--undefined-only", "--format=posix", path]).splitlines()
    return {line.split("@")[0].split()[0] for line in lines if line and not line.endswith(":")}


def check_calls(given):
    complaints = []
    for path in [given.static, *given.plugin]:
        forbidden = set(NEVER_CALLED) | (set(NEVER_COMPUTED) if path == given.static else set())
        for name in sorted(undefined(path) & forbidden):
            complaints.append(f"{os.path.basename(path)} calls {name}, which is not the library's to call")
    return complaints


def check_plugins(given):
    return [f"{os.path.basename(path)} exports {exported(path)}; a plugin exports arq_plugin_entry alone"
            for path in given.plugin if exported(path) != ["arq_plugin_entry"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", dest="libarq", required=True, help="the shared library")
    parser.add_argument("--recorded", required=True, help="symbols.txt")
    parser.add_argument("--static", help="the static library")
    parser.add_argument("--plugin", action="append", default=[])
    parser.add_argument("--version-header")
    parser.add_argument("--update", action="store_true", help="write symbols.txt from the library")
    given = parser.parse_args()
    need("nm", "readelf")
    if given.update:
        with open(given.recorded, "w") as file:
            file.write("\n".join(exported(given.libarq)) + "\n")
        return
    complaints = check_symbols(given) + check_dynamic(given) + check_calls(given) + check_plugins(given)
    if complaints:
        sys.exit("\n".join(complaints))


main()
