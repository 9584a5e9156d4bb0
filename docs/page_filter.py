"""Prints a Markdown page as Doxygen wants it; run by Doxygen on every page (FILTER_PATTERNS).

On a repository's site a link names a file and perhaps a heading: [text](../README.md#two-commands). Doxygen knows pages
and sections by labels instead, so every heading gets one and every link to a page becomes a reference to it. Links to
sources become links to the copies beside the pages (HTML_EXTRA_FILES), or plain text where there is none.
"""
import os
import re
import sys

FENCE = re.compile(r"^(```+)[ \t]*([\w+-]*).*$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*$")
LINK = re.compile(r"(`+[^`]*`+)|(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def slug(heading):
    """The anchor that repository sites give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def label(page, anchor=""):
    """A label that is unique over the site, for a page (its path from the root) and perhaps a heading."""
    return re.sub(r"\W+", "_", "page_" + os.path.splitext(page)[0] + ("_at_" + anchor if anchor else ""))


class Filter:
    def __init__(self, path, root):
        self.root = root
        self.page = os.path.relpath(path, root)
        self.slugs = {}  # how often each has been met

    def link(self, match):
        code, text, target = match.groups()
        if code or re.match(r"[a-z]+:", target):
            return match.group()
        path, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(self.page), path)) if path else self.page
        if self.is_page(path):
            # A reference without a text of its own would show the label.
            return f'@ref {label(path, anchor)} "{text.replace("`", "")}"'
        if self.is_example(path) and path.endswith((".c", ".cpp", ".py")):
            return f"[{text}]({os.path.basename(path)})"
        return text

    def anchor(self, heading):
        """Its slug, which repository sites number from the second of a page on."""
        name = slug(heading)
        before = self.slugs.get(name, 0)
        self.slugs[name] = before + 1
        return f"{name}-{before}" if before else name

    @staticmethod
    def is_page(path):
        return path.endswith(".md") and os.path.dirname(path) in ("", "docs")

    @staticmethod
    def is_example(path):
        return path.startswith("examples" + os.sep)

    def lines(self, text):
        fence = None
        titled = False
        for line in text.splitlines():
            opening = FENCE.match(line)
            if fence:
                fence = None if line.startswith(fence) else fence
                yield line
            elif opening:
                fence = opening.group(1)
                yield fence + (f"{{.{opening.group(2)}}}" if opening.group(2) else "")
            elif heading := HEADING.match(line):
                marks, words = heading.groups()
                name = label(self.page, self.anchor(words) if titled else "")
                titled = True
                yield f"{marks} {LINK.sub(self.link, words)} {{#{name}}}"
            else:
                yield LINK.sub(self.link, line)


def main():
    path = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    print("\n".join(Filter(path, root).lines(text)))


if __name__ == "__main__":
    main()
