"""What can be said about the pages by reading: links lead somewhere, lists are complete, README shows its example."""

import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import pages  # noqa: E402

ARQ = os.environ.get("ARQ_PROGRAM", "")

# The languages of code blocks, and who compiles or runs them. Blocks of text and those without a language are no code:
# pictures, and what programs print.
TESTED = {
    "c": "compile_code.py",
    "cpp": "compile_code.py, tests/cpp/run_page.py",
    "python": "tests/python/test_documents.py",
    "diff": "tests/guides/follow.py",
    "sh": "tests/install/documented.py, check_commands.py",
    "cmake": "tests/install/installed.py",
    "meson": "tests/install/installed.py",
    "text": "",
    "": "",
}
COMMAND = r"^    ((?:arq|meson|ninja|cmake|pip|python3?|cc|c\+\+|export|sudo|\.?/?[\w-]+/[\w/-]+) .*)$"


class Pages(unittest.TestCase):
    def complain(self, complaints):
        if complaints:
            self.fail("\n" + "\n".join(complaints))

    def test_links_lead_to_files_and_headings(self):
        complaints = []
        for name in pages.names():
            for link in pages.links(pages.read(name)):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                if not os.path.exists(os.path.join(pages.ROOT, target)):
                    complaints.append(f"{name} links to {link}, which does not exist")
                elif anchor and anchor not in pages.anchors(pages.read(target)):
                    complaints.append(f"{name} links to {link}; the headings of {target} are {pages.anchors(pages.read(target))}")
        self.complain(complaints)

    def test_every_page_can_be_reached_from_the_readme(self):
        reached, waiting = set(), ["README.md"]
        while waiting:
            name = waiting.pop()
            if name in reached or not name.endswith(".md"):
                continue
            reached.add(name)
            for link in pages.links(pages.read(name)):
                path = link.partition("#")[0]
                if path and not re.match(r"[a-z]+:", path):
                    target = os.path.normpath(os.path.join(os.path.dirname(name), path))
                    waiting += [target] if os.path.isfile(os.path.join(pages.ROOT, target)) else []
        self.assertEqual(set(pages.names()) - reached, set(), "no links from README.md lead to these")

    def test_which_handle_names_every_exported_function(self):
        page = pages.read("docs/which-handle.md")
        named = set(re.findall(r"\barq_\w+", page))
        exported = {name for functions in pages.exported_functions().values() for name in functions}
        self.assertGreater(len(exported), 50)
        self.complain([f"docs/which-handle.md does not say who needs {name}()" for name in sorted(exported - named)])
        types = re.compile(r"\btypedef\b[^;{]*\b(arq_\w+);|\} (arq_\w+);|\(\*(arq_\w+)\)")
        known = exported | {"arq_plugin_entry"}
        for header in pages.exported_functions():
            known |= {name for match in types.findall(pages.read(f"include/arq/{header}")) for name in match if name}
        self.complain([f"docs/which-handle.md names {name}, which the headers do not have"
                       for name in sorted(named - known)])

    def test_every_code_block_is_of_a_language_that_is_tested(self):
        complaints = []
        for name in pages.names():
            page = pages.read(name)
            complaints += [f"{name}:{pages.line_of(page, code)}: nothing tests {language}"
                           for language, _, code in pages.blocks(page) if language not in TESTED]
            # Indented blocks are for formulas: no test would see a command there.
            complaints += [f"{name}: fence this command: {match.group(1)}"
                           for match in re.finditer(COMMAND, pages.without_code(page), re.MULTILINE)]
        self.complain(complaints)

    def test_readme_shows_the_example(self):
        example = pages.read("examples/train.c")
        shown = [code for language, _, code in pages.blocks(pages.read("README.md")) if language == "c"]
        self.assertIn(example, shown, "README.md must show examples/train.c, letter for letter")

    @unittest.skipUnless(ARQ, "the arq program is not built")
    def test_parameters_are_those_of_the_library(self):
        page = pages.read("docs/parameters.md")
        for topic in ["parameters", "presets"]:
            table = subprocess.run([ARQ, "list", topic, "--markdown"], capture_output=True, text=True, check=True).stdout
            self.assertGreater(len(table), 100)
            self.assertIn(table, page, f"docs/parameters.md does not contain what `arq list {topic} --markdown` prints; "
                                       "docs/update-parameters writes it afresh")


class Headers(unittest.TestCase):
    def test_every_public_symbol_says_since_when_it_exists(self):
        complaints = []
        declaration = re.compile(r"(/\*\*(?:(?!\*/).)*\*/)\s*(?:#if[^\n]*\n)?(ARQ_API[^;]*;|typedef[^;{]*[;{]|#define[^\n]*|"
                                 r"ARQ_PLUGIN_EXPORT[^;]*;)", re.DOTALL)
        for header in pages.exported_functions():
            for comment, code in declaration.findall(pages.read(f"include/arq/{header}")):
                if "@file" in comment or "@{" in comment:
                    continue
                for wanted in ["@brief", "@since"]:
                    if wanted not in comment:
                        complaints.append(f"include/arq/{header}: no {wanted} for: {code.splitlines()[0]}")
        self.complain(complaints)

    def test_every_function_has_a_comment_that_names_its_failures(self):
        complaints = []
        function = re.compile(r"(?:/\*\*((?:(?!\*/).)*)\*/\s*)?ARQ_API ([^;]*);", re.DOTALL)
        for header, functions in pages.exported_functions().items():
            found = function.findall(re.sub(r"^#define.*$", "", pages.read(f"include/arq/{header}"), flags=re.MULTILINE))
            self.assertEqual(len(found), len(functions), header)
            for comment, code in found:
                returned = re.search(r"@return(.*)", comment, re.DOTALL)
                if code.startswith("arq_status ") and not (returned and re.search(r"#ARQ_E_|As arq_|The ", returned.group(1))):
                    complaints.append(f"include/arq/{header}: no @return with the failures of: {code.splitlines()[0]}")
        self.complain(complaints)

    complain = Pages.complain


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
