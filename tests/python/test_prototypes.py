"""Prototypes and structs are those of the public headers."""

import ctypes
import os
import shlex
import subprocess
import sys

from support import SOURCE, Case, main

PACKAGE = SOURCE / "bindings" / "python"
sys.path.insert(0, str(PACKAGE))

import generate  # noqa: E402
import headers  # noqa: E402

from libarq import _library, _parameters, _prototypes, parameters  # noqa: E402

INCLUDE = SOURCE / "include" / "arq"


class Prototypes(Case):
    def test_the_package_has_what_the_headers_say(self):
        self.assertEqual(
            generate.PROTOTYPES.read_text(encoding="utf-8"),
            generate.prototypes(INCLUDE),
            "include/arq has changed: run bindings/python/generate.py, then look at what uses the changed functions",
        )

    def test_the_types_of_parameters_are_those_of_the_table(self):
        self.assertEqual(
            generate.PARAMETERS.read_text(encoding="utf-8"),
            generate.parameters(),
            "the table of parameters has changed: run bindings/python/generate.py",
        )
        self.assertEqual(list(_parameters.Parameters.__annotations__), [row.name for row in parameters()])

    def test_a_changed_signature_is_noticed(self):
        for change in (
            ("int32_t *action);", "int64_t *action);"),
            ("double reward, const void", "float reward, const void"),
            ("arq_agent_act(arq_agent *agent", "arq_agent_act(arq_network *agent"),
            ("arq_agent_metric", "arq_agent_number"),
        ):
            with self.subTest(change=change):
                copy = self.folder / "include"
                copy.mkdir(exist_ok=True)
                for path in INCLUDE.glob("*.h"):
                    text = path.read_text(encoding="utf-8")
                    if path.name == "agent.h":
                        self.assertIn(change[0], text)
                        text = text.replace(change[0], change[1])
                    (copy / path.name).write_text(text, encoding="utf-8")
                self.assertNotEqual(generate.prototypes(copy), generate.prototypes(INCLUDE))

    def test_what_the_reader_does_not_know_is_an_error(self):
        for text in ("typedef union { int a; } arq_u;", "int arq_stray(void);", "ARQ_API arq_status arq_x"):
            with self.subTest(text=text):
                folder = self.folder / "one"
                folder.mkdir(exist_ok=True)
                (folder / "odd.h").write_text(text, encoding="utf-8")
                with self.assertRaises(headers.HeaderError):
                    headers.read_headers(folder)

    def test_every_function_of_the_headers_is_declared(self):
        names = {function.name for function in headers.read_headers(INCLUDE).functions}
        self.assertGreater(len(names), 90)
        self.assertEqual(names, set(_prototypes.FUNCTIONS))
        for name in names:
            self.assertIsNotNone(getattr(_library.lib, name).argtypes, name)

    def test_the_compiler_lays_structs_out_the_same(self):
        structs = [s for s in headers.read_headers(INCLUDE).structs]
        prints = []
        for struct in structs:
            prints.append(f'printf("{struct.name} %zu\\n", sizeof({struct.name}));')
            for field in struct.fields:
                prints.append(
                    f'printf("{struct.name}.{field.name} %zu %zu\\n", offsetof({struct.name}, {field.name}), '
                    f"sizeof((({struct.name} *)0)->{field.name}));"
                )
        program = self.folder / "layout.c"
        program.write_text(
            "#include <arq/arq.h>\n#include <stdio.h>\nint main(void)\n{\n" + "\n".join(prints) + "\nreturn 0;\n}\n",
            encoding="utf-8",
        )
        compiler = shlex.split(os.environ.get("CC", "cc"))
        built = self.folder / "layout"
        subprocess.run([*compiler, f"-I{SOURCE / 'include'}", program, "-o", built], check=True, timeout=60)
        said = subprocess.run([built], check=True, capture_output=True, text=True, timeout=60).stdout.split("\n")
        expected = []
        for struct in structs:
            mirror = getattr(_prototypes, struct.name)
            expected.append(f"{struct.name} {ctypes.sizeof(mirror)}")
            for field in struct.fields:
                place = getattr(mirror, field.name)
                expected.append(f"{struct.name}.{field.name} {place.offset} {place.size}")
        self.assertEqual(said[:-1], expected)


if __name__ == "__main__":
    main()
