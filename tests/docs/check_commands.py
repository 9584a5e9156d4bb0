"""Checks the commands of every page: programs, subcommands, flags, suites and files that they name exist."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
import pages  # noqa: E402

# Programs that the pages may call without more being checked.
OTHERS = {"cc", "c++", "cd", "cmake", "pip", "python3", "sudo", "echo", "export", "for", "do", "done", "qemu-aarch64",
          "valgrind", "git", "pkg-config", "ninja", "perf", "."}
MESON = {"setup", "compile", "test", "install", "devenv", "configure"}


class Checker:
    def __init__(self, arq, build):
        self.arq = arq
        self.complaints = []
        self.count = 0
        with open(os.path.join(build, "meson-info", "intro-tests.json"), encoding="utf-8") as file:
            self.suites = {suite.split(":")[-1] for test in json.load(file) for suite in test["suite"]}
        with open(os.path.join(build, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as file:
            self.options = {option["name"] for option in json.load(file)}
        setups = [os.path.join(pages.ROOT, "meson.build"), os.path.join(pages.ROOT, "tests", "meson.build")]
        text = "".join(pages.read(os.path.relpath(path, pages.ROOT)) for path in setups)
        self.setups = set(re.findall(r"add_test_setup\(\s*'([\w-]+)'", text))
        self.help = {}

    def flags(self, command):
        if command not in self.help:
            said = subprocess.run([self.arq, "help", command], capture_output=True, text=True)
            self.help[command] = set(re.findall(r"--[\w-]+", said.stdout)) | {"--help"} if said.returncode == 0 else None
        return self.help[command]

    def check_arq(self, words):
        if not words or words[0] in ("help", "--version", "version"):
            return None
        flags = self.flags(words[0])
        if flags is None:
            return f"arq has no command '{words[0]}'"
        unknown = [word.split("=")[0] for word in words[1:] if word.startswith("--") and word.split("=")[0] not in flags]
        return f"arq {words[0]} has no {unknown[0]}" if unknown else None

    def check_meson(self, words):
        if not words or words[0] not in MESON:
            return f"meson {' '.join(words[:1])} is not among {sorted(MESON)}"
        for word, value in zip(words, words[1:] + [""]):
            if word == "--suite" and value not in self.suites:
                return f"no suite {value}; there are {sorted(self.suites)}"
            if word == "--setup" and value not in self.setups:
                return f"no test setup {value}; there are {sorted(self.setups)}"
            option = re.match(r"-D([\w.:-]+)=", word)
            if option and option.group(1) not in self.options:
                return f"no option {option.group(1)}"
        return None

    def check(self, command):
        """What is wrong with a command, or None."""
        words = shlex.split(command, comments=True)
        while words and re.match(r"\w+=", words[0]):
            words = words[1:]  # variables for the program behind them
        if not words:
            return None
        self.count += 1
        program = words[0]
        name = os.path.basename(program)
        if name == "arq":
            return self.check_arq(words[1:]) if self.arq else None
        if program == "meson":
            return self.check_meson(words[1:])
        if program.startswith(("./tools/", "tools/", "docs/", "./docs/", "examples/", "tests/")):
            return None if os.access(os.path.join(pages.ROOT, program), os.X_OK) else f"{program} is not there to be run"
        if program in OTHERS or program.startswith(("./", "build/")):
            return None
        return f"{program} is not a program that this test knows"

    def check_page(self, page):
        text = pages.read(page)
        for language, name, code in pages.blocks(text):
            if language not in ("sh", "shell", "bash", "console") or name == "guide":  # tests/guides runs these
                continue
            for line in re.sub(r"\\\n\s*", " ", code).splitlines():
                for command in re.split(r"&&|\|\|?|;", re.sub(r"\$\([^)]*\)", "", re.sub(r"(^|\s)#.*$", "", line))):
                    wrong = self.check(command)
                    if wrong:
                        self.complaints.append(f"{page}:{pages.line_of(text, code)}: {wrong}: {line.strip()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--arq", default="", help="the program; without it flags are not checked")
    parser.add_argument("--build", required=True, help="a configured build folder")
    arguments = parser.parse_args()
    checker = Checker(arguments.arq, arguments.build)
    for page in pages.names():
        checker.check_page(page)
    print(f"{checker.count} commands")
    if checker.count == 0:
        checker.complaints.append("no commands were found")
    if checker.complaints:
        sys.exit("\n".join(checker.complaints))


if __name__ == "__main__":
    main()
