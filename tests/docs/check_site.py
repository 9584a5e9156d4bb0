"""Builds the site with Doxygen, which fails at every warning, and follows the links of our pages."""

import argparse
import html
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

SKIPPED = 77
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
ANCHOR = re.compile(r'\b(?:id|name)="([^"]+)"')


def dead_links(folder):
    texts = {}
    for name in os.listdir(folder):
        if name.endswith(".html"):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                texts[name] = file.read()
    anchors = {name: set(ANCHOR.findall(text)) for name, text in texts.items()}
    dead = set()
    ours = [name for name in texts if name == "index.html" or name.startswith("page_")]
    for name in ours:
        text = texts[name]
        for link in LINK.findall(text):
            link = html.unescape(link)
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            path = urllib.parse.unquote(path) or name
            if not os.path.exists(os.path.join(folder, path)) or (anchor and anchor not in anchors.get(path, {anchor})):
                dead.add(f"{name} links to {link}")
    return sorted(dead), len(ours)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--without-doxygen", action="store_true")
    parser.add_argument("--config", help="Doxygen's configuration")
    parser.add_argument("--html", help="the folder that it fills")
    parser.add_argument("doxygen", nargs="*")
    arguments = parser.parse_args()
    if arguments.without_doxygen:
        print("skipped: doxygen is not here")
        sys.exit(SKIPPED)
    shutil.rmtree(arguments.html, ignore_errors=True)
    if subprocess.run([*arguments.doxygen, arguments.config]).returncode != 0:
        sys.exit("Doxygen warned, which is an error")
    dead, pages = dead_links(arguments.html)
    print(f"{pages} pages")
    if pages == 0 or dead:
        sys.exit("\n".join(dead) or "no pages")


if __name__ == "__main__":
    main()
