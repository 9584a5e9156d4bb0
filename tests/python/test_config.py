"""Parameters: the library's table as keyword arguments, with its texts in help()."""

import inspect
import pydoc

import numpy as np
from support import Case, main

import libarq

TAKES_PARAMETERS = (libarq.train, libarq.Training, libarq.Run, libarq.Agent, libarq.Network, libarq.Learner, libarq.Cell)


class Parameters(Case):
    def test_every_parameter_goes_in_and_out(self):
        config = libarq.Config()
        for row in libarq.parameters():
            value = config[row.name]
            config[row.name] = value
            self.assertEqual(config[row.name], value, row.name)
            self.assertEqual(config.origin(row.name), "set")
            kind = {"int": int, "float": float, "bool": bool, "choice": str, "widths": tuple}[row.type]
            self.assertIs(type(value), kind)
            self.assertTrue(row.doc and row.source and row.range, row)
        self.assertEqual(libarq.Config(**config).as_dict(), config.as_dict())

    def test_a_switch_may_decide_itself(self):
        for given, value in ((True, True), (False, False), ("auto", "auto"), ("true", True), (np.bool_(False), False)):
            self.assertEqual(libarq.Config(context_on_explore=given)["context_on_explore"], value)
        with self.assertRaisesRegex(libarq.ArgumentError, r"'maybe'; accepted: auto\|true\|false"):
            libarq.Config(context_on_explore="maybe")
        for experience, came_to in (("replay", False), ("rollout", True)):
            agent = libarq.Agent(4, 2, widths=[3, 3], experience=experience)
            self.assertIs(agent.network.parameter("context_on_explore"), came_to)

    def test_values_of_many_types(self):
        config = libarq.Config(widths=[3, 4], double_q=False, learning_rate=1e-3, batch=np.int64(7), tau=np.float32(0.5))
        self.assertEqual(config["widths"], (3, 4))
        self.assertEqual(config["double_q"], False)
        self.assertEqual(config["batch"], 7)
        self.assertEqual(config["tau"], 0.5)
        self.assertEqual(libarq.Config(widths=(5,))["widths"], (5,))
        self.assertEqual(libarq.Config(widths=5)["widths"], (5,))
        self.assertEqual(libarq.Config(widths="5,6", recurrent=np.bool_(True))["widths"], (5, 6))
        self.assertEqual(libarq.Config(learning_rate=0.1 + 0.2)["learning_rate"], 0.1 + 0.2)

    def test_wrong_values_name_the_parameter_and_the_range(self):
        for values, kind, text in (
            ({"learning_rat": 1}, libarq.NotFoundError, "learning_rate"),
            ({"gamma": 2}, libarq.ArgumentError, r"gamma.*0 \.\. 1"),
            ({"batch": 0}, libarq.ArgumentError, r"batch.*1 \.\. 65536"),
            ({"network": "mlp"}, libarq.ArgumentError, r"network.*arq\|ad"),
            ({"batch": 1.5}, libarq.ArgumentError, "batch"),
            ({"batch": None}, TypeError, "batch is a NoneType"),
            ({"widths": {}}, TypeError, "widths is a dict"),
            ({"widths": [1.5]}, TypeError, "widths is a list"),
            ({"seed": "a\0b"}, ValueError, "NUL"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(kind, text):
                libarq.Config(**values)
        with self.assertRaisesRegex(libarq.NotFoundError, "fast.*small"):
            libarq.Config("quick")
        with self.assertRaises(libarq.NotFoundError):
            libarq.Config()["nothing"]
        with self.assertRaises(libarq.NotFoundError):
            libarq.Config().origin("nothing")

    def test_presets(self):
        self.assertIn("fast", libarq.presets())
        for name, doc in libarq.presets().items():
            self.assertTrue(doc)
            libarq.Config(name)
        self.assertEqual(libarq.Config("fast").origin("batch"), "fast")
        self.assertIn("batch=", repr(libarq.Config("fast")))

    def test_config_and_parameters_exclude_each_other(self):
        with self.assertRaisesRegex(TypeError, "config and preset, batch exclude"):
            libarq.Network(4, 2, config=libarq.Config(), preset="fast", batch=3)

    def test_help_shows_the_table(self):
        for subject in TAKES_PARAMETERS:
            text = pydoc.plain(pydoc.render_doc(subject))
            signature = str(inspect.signature(subject))
            for row in libarq.parameters():
                if subject is libarq.Learner and row.name == "network":
                    continue  # its first argument
                self.assertIn(row.doc, text)
                self.assertIn(row.range, text)
                self.assertIn(row.source, text)
                self.assertIn(f"{row.name}=", signature)


class Errors(Case):
    def test_errors_carry_status_name_and_text(self):
        try:
            libarq.Config(gamma=2)
        except libarq.Error as error:
            self.assertEqual(error.status, -1)
            self.assertEqual(error.name, "ARQ_E_ARGUMENT")
            self.assertIn("gamma", error.text)
            self.assertIn("[ARQ_E_ARGUMENT]", str(error))
            self.assertIsInstance(error, ValueError)

    def test_errors_are_python_s_own_kinds_too(self):
        with self.assertRaises(LookupError):
            libarq.Environment.open("minatar/chess")
        with self.assertRaises(OSError) as caught:
            libarq.Network.open("/nonexistent/file")
        self.assertIn("/nonexistent/file", str(caught.exception))
        with self.assertRaises(NotImplementedError):
            libarq.Environment.open("classic/cartpole").bang_bang()

    def test_a_library_that_cannot_be_loaded_is_named(self):
        code = "import os; os.environ['LIBARQ_LIBRARY'] = '/nonexistent/libarq.so'\nimport libarq"
        result = self.run_python(code)
        self.assertIn("ImportError", result.stderr)
        self.assertIn("/nonexistent/libarq.so", result.stderr)
        self.assertIn("LIBARQ_LIBRARY", result.stderr)
        result = self.run_python("import os; os.environ['LIBARQ_LIBRARY'] = 'libm.so.6'\nimport libarq")
        self.assertRegex(result.stderr, "ImportError: libm.so.6 has no function arq_")


class Contexts(Case):
    def test_threads_and_instructions_do_not_change_results(self):
        def q(**options):
            with libarq.Context(**options) as context:
                network = libarq.Network(50, 3, widths=[64, 64], heads=4, context=context)
                return network.q(network.activations(), np.linspace(0, 1, 50, dtype=np.float32)).tobytes()

        self.assertEqual(len({q(), q(threads=2), q(cpu="generic"), q(threads=0)}), 1)

    def test_instruction_sets_have_names(self):
        names = libarq.cpu_names()
        self.assertEqual(names[0], "generic")
        self.assertIn(libarq.default_context().cpu, names)

    def test_wrong_settings(self):
        with self.assertRaises(libarq.NotFoundError):
            libarq.Context(cpu="z80")
        with self.assertRaises(ValueError):
            libarq.Context(threads=-1)
        with self.assertRaises(TypeError):
            libarq.Context(log=3)

    def test_the_log_reaches_python_s_logging(self):
        import logging

        with self.assertLogs("libarq", logging.INFO) as logs:
            context = libarq.Context()
            context._resource.keep.write(None, 2, b"a line")
        self.assertEqual(logs.output, ["WARNING:libarq:a line"])


if __name__ == "__main__":
    main()
