"""The pages of the documentation, their code blocks and links."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FENCE = re.compile(r"^```[ \t]*([\w+-]*)[ \t]*(\S*)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(`+[^`]*`+)|!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
# Pages that say how to change the tree, in blocks that tests/guides follows.
GUIDES = ["docs/extending.md", "docs/add-a-network.md"]
EXPORT = re.compile(r"\bARQ_API\b[^;()]*?\b(arq_\w+)\s*\(")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def names():
    """The pages' paths from the root of the project."""
    found = ["README.md", "CHANGELOG.md"]
    for folder in ["docs", "examples"]:
        for path, _, files in os.walk(os.path.join(ROOT, folder)):
            found += [os.path.relpath(os.path.join(path, name), ROOT) for name in files if name.endswith(".md")]
    return sorted(found)


def blocks(page):
    """(language, name, code) of every code block: ```c program.c has the language c and the name program.c."""
    return [match.groups() for match in FENCE.finditer(page)]


def change(text, lines, where):
    """The text with a guide's block of changes made: lines with + come in, with - go, others are there already."""
    old = "".join(line[1:] + "\n" for line in lines.splitlines() if not line.startswith("+"))
    new = "".join(line[1:] + "\n" for line in lines.splitlines() if not line.startswith("-"))
    if old == new or text.count(old) != 1:
        raise ValueError(f"{where} has {text.count(old)} times, where one is expected:\n{old}")
    return text.replace(old, new)


def follow(page, root):
    """Does to the tree in `root` what a guide says; the commands it gives, each with what it should print."""
    commands = []
    for language, name, code in blocks(read(page)):
        path = os.path.join(root, name.lstrip("+"))
        if language == "diff":
            with open(path, encoding="utf-8") as file:
                text = change(file.read(), code, f"{page}: {name}")
        elif language == "c" and name.startswith("+"):
            text = code
        else:
            if name == "guide" and language == "sh":
                commands += [[command, ""] for command in code.splitlines()]
            elif name == "guide" and language == "text":
                commands[-1][1] = code
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return commands


def line_of(page, code):
    return page[: page.index(code)].count("\n") + 1


def without_code(page):
    return FENCE.sub("", page)


def links(page):
    return [match.group(2) for match in LINK.finditer(without_code(page)) if match.group(2)]


def anchors(page):
    """What repository sites make of the headings."""
    headings = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in HEADING.findall(without_code(page))]
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def exported_functions():
    """Every function of the C headers, by header."""
    folder = os.path.join(ROOT, "include", "arq")
    headers = sorted(name for name in os.listdir(folder) if name.endswith(".h"))
    return {name: EXPORT.findall(re.sub(r"^\s*#.*$", "", read(f"include/arq/{name}"), flags=re.MULTILINE))
            for name in headers}
