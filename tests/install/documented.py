"""Does what the pages say, as a reader would: their shell commands and projects, beside the installed library."""

import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "docs"), os.path.join(HERE, "..", "support")]
import pages  # noqa: E402
from programs import run  # noqa: E402

# A block whose every command begins so is run as it stands.
RUN = ("cc ", "c++ ", "arq ", "./program ")

# A block that begins so is not, and why.
NOT_HERE = {
    "./tools/setup/": "installs packages of the machine; .ci/run is one of these",
    "meson ": "builds libarq, as this test's own build was; docs_commands checks setups, suites and options",
    "pip install": "tests/install/package.py does it",
    "python3 bindings/python/measure.py": "only measures; tests/python runs it shortly",
    "ARQ_CPU=": "the golden suite",
    "tests/fuzz/run": "a search; suite fuzz goes through what was found",
    "git clone https://github.com/agentic-learning-ai-lab/arq": "downloads JAX and the authors' code, and only measures",
    "export ARQ_PLUGIN_PATH=": "tests/experiments runs these programs",
}

# What a block names that needs MuJoCo.
CONTROL_TASK = " dmc/"

# Pages that speak of a folder of their own: every command is run in a copy of it.
PROJECTS = {"examples/env-gridworld/README.md": "examples/env-gridworld"}

# What pages call their reader's own program, where they do not show one.
PROGRAMS = {"program.c": ("README.md", "c"), "program.cpp": ("README.md", "cpp")}

# Trainings that say nothing of their length take the time of their preset; so much shows that the flags are taken.
# Rollouts are learned from as soon as one is full.
SHORT = "--total_steps 3000 --evaluation_episodes 3"

ARQ = """#!/bin/sh
case "$*" in
train*--steps*) exec "{arq}" "$@" ;;
train*small*) exec "{arq}" "$@" {short} --learning_starts 500 ;;
train*) exec "{arq}" "$@" {short} ;;
play*) exec "{python}" "{here}/watch.py" "{arq}" "$@" ;;
esac
exec "{arq}" "$@"
"""


def commands(code):
    """The commands of a block, without comments; a line that goes on is one."""
    lines = code.replace("\\\n", " ").splitlines()
    return [part.strip() for line in lines for part in line.partition(" #")[0].split("&&") if part.strip()]


def named_files(page):
    files = {}
    for language, name, code in pages.blocks(page):
        if language in ("c", "cpp") and name and "/" not in name:
            files.setdefault(name, []).append(code)
    files = {name: "\n".join(parts) for name, parts in files.items()}
    for name, (other, language) in PROGRAMS.items():
        shown = [code for found, _, code in pages.blocks(pages.read(other)) if found == language]
        files.setdefault(name, shown[0])
    return files


class Reader:
    """Somebody with the installed library, a compiler and nothing of the tree."""

    def __init__(self, scratch, environment, arq, programs):
        self.scratch = scratch
        self.ran = 0
        tools = os.path.join(scratch, "tools")
        os.mkdir(tools)
        # By their paths: a wrapper of the name cc must not find itself.
        wrappers = {name: f'#!/bin/sh\nexec {" ".join(shutil.which(word) or word for word in command)} "$@"\n'
                    for name, command in programs.items()}
        wrappers["arq"] = ARQ.format(arq=arq, short=SHORT, python=sys.executable, here=HERE)
        for name, text in wrappers.items():
            with open(os.path.join(tools, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(tools, name), 0o755)
        self.environment = dict(environment, PATH=tools + ":" + environment["PATH"])

    def follow(self):
        for page in pages.names():
            self.follow_page(page)
        print(f"{self.ran} blocks of shell commands ran")
        if self.ran == 0:
            sys.exit("no block of shell commands was run")

    def follow_page(self, page):
        text = pages.read(page)
        folder = os.path.join(self.scratch, page.replace("/", "-"))
        for language, name, code in pages.blocks(text):
            if language != "sh" or name == "guide":  # tests/guides runs these
                continue
            where = f"{page}:{pages.line_of(text, code)}"
            parts = commands(code)
            if CONTROL_TASK in code and not self.has_control_tasks():
                print(f"{where}: {parts[0]}: not here: MuJoCo and dm_control are not installed")
                continue
            if page in PROJECTS or all(part.startswith(RUN) for part in parts):
                self.run_block(where, folder, page, code)
                continue
            reason = next((reason for start, reason in NOT_HERE.items() if parts[0].startswith(start)), None)
            if reason is None or any(part.startswith(RUN) for part in parts):
                sys.exit(f"{where}: this test does not know what to do with:\n{code}")
            print(f"{where}: {parts[0]}: not here: {reason}")

    def has_control_tasks(self):
        tried = subprocess.run(["arq", "check-env", "dmc/reacher-hard?limit=2"], env=self.environment, capture_output=True)
        return tried.returncode == 0

    def run_block(self, where, folder, page, code):
        if not os.path.exists(folder):
            self.make_folder(folder, page)
        print(f"{where}: {commands(code)[0]}", flush=True)
        run(["sh", "-e", "-c", code], cwd=folder, env=self.environment)
        self.ran += 1

    @staticmethod
    def make_folder(folder, page):
        if page in PROJECTS:
            shutil.copytree(os.path.join(pages.ROOT, PROJECTS[page]), folder)
            return
        os.mkdir(folder)
        for name, text in named_files(pages.read(page)).items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)


def write_project(folder, language, file_name):
    """README's project of a build system, with README's program; the folder is new."""
    shown = [code for found, _, code in pages.blocks(pages.read("README.md")) if found == language]
    if len(shown) != 1:
        sys.exit(f"README.md has {len(shown)} blocks of {language}; one is expected")
    os.mkdir(folder)
    for name, text in {file_name: shown[0], "program.c": named_files("")["program.c"]}.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
