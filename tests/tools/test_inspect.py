"""arq inspect: its tables are those of the values it writes, and Q is what its definition says."""

import csv
import re
import statistics
import unittest

from support import TINY, Case


class Inspect(Case):
    def train(self, network, *words):
        heads = TINY.index("--heads")  # are those of cells
        tiny = TINY if network in ("arq", "ad") else TINY[:heads] + TINY[heads + 2:]
        self.arq("train", "minatar/breakout", *tiny, "--network", network, "--steps", "2000", "--widths", "12,6",
                 "--out", "run", "--force", *words)

    def inspect(self, *words):
        """What is printed, and {(what, cell): {action: [[value of neuron i for i ...] for each state]}}."""
        shown = self.arq("inspect", "run", "--states", "7", "--csv", "inside.csv", *words).stdout
        values = {}
        with open(self.path("inside.csv"), encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                states = values.setdefault((row["what"], int(row["cell"])), {}).setdefault(row["action"], [])
                if int(row["index"]) == 0:
                    self.assertEqual(len(states), int(row["state"]))
                    states.append([])
                self.assertEqual(len(states[-1]), int(row["index"]))
                states[-1].append(float(row["value"]))
        self.assertTrue(shown.startswith("7 states of minatar/breakout, played greedily; means over them\n"), shown)
        return shown.split("\n\n")[1:], values

    def table(self, cell, heading):
        """The numbers of the lines that begin with a heading, without it."""
        return [[float(word) for word in line[len(heading):].split()] for line in cell.splitlines()
                if line.startswith(heading) and "Q" not in line]

    def test_arq(self):
        self.train("arq", "--goodness", "mean_square")
        cells, values = self.inspect("--top", "3")
        self.assertEqual(len(cells), 2)
        for number, (cell, units) in enumerate(zip(cells, (12, 6))):
            self.assertRegex(cell, rf"^cell {number}  units {units}, dead \d+ .*  Q is the mean_square of y\n")
            y = values["y", number]
            self.assertEqual({len(state) for state in values["h", number][""]}, {units})
            spread = statistics.mean(statistics.pstdev(state) for states in y.values() for state in states)
            self.assertAlmostEqual(float(re.search(r"spread of y (\S+)", cell).group(1)), spread, delta=1e-3 * spread)
            means = {a: [statistics.mean(column) for column in zip(*y[a])] for a in y}
            most = sorted(range(units), key=lambda neuron: -max(means[a][neuron] for a in means))[:3]
            self.assertEqual(self.table(cell, " neuron   "), [most])
            for action, states in y.items():
                for state, q in zip(states, values["q", number][action]):
                    expected = statistics.mean(value * value for value in state)
                    self.assertAlmostEqual(q[0], expected, delta=1e-4 * max(1, expected))
                q, top = map(float, re.search(rf"action {action}   Q +(\S+)   mean of the 3 most active of y +(\S+)",
                                              cell).groups())
                expected = statistics.mean(statistics.mean(sorted(state)[-3:]) for state in states)
                self.assertAlmostEqual(top, expected, delta=1e-4 * max(1, abs(expected)))
                expected = statistics.mean(state[0] for state in values["q", number][action])
                self.assertAlmostEqual(q, expected, delta=1e-4 * max(1, expected))
                (row,) = self.table(cell, f" action {action} ")
                for value, neuron in zip(row, most):
                    self.assertAlmostEqual(value, means[action][neuron], delta=0.00501)

    def test_few_neurons_and_long_lines(self):
        self.train("arq")
        cells, _ = self.inspect()
        self.assertIn("mean of the 12 most active", cells[0])
        self.assertIn("mean of the 6 most active", cells[1])
        self.assertEqual([len(row) for row in self.table(cells[0], " neuron   ")], [10, 2])
        self.assertEqual(sorted(sum(self.table(cells[0], " neuron   "), [])), list(range(12)))
        self.assertLessEqual(max(map(len, "\n".join(cells).splitlines())), 80)

    def test_ad(self):
        for words in ((), ("--quantiles", "5")):
            self.train("ad", *words)
            cells, values = self.inspect()
            for number, cell in enumerate(cells):
                q = values["q", number]
                spread = statistics.mean(statistics.pstdev([q[a][state][0] for a in q]) for state in range(7))
                shown = float(re.search(r"spread of Q (\S+)", cell).group(1))
                self.assertAlmostEqual(shown, spread, delta=1e-3 * max(spread, 1e-3))
                self.assertNotIn("most active", cell)
                self.assertNotIn("neuron", cell)
                for action, states in values["y", number].items():
                    for state, value in zip(states, q[action]):
                        self.assertAlmostEqual(statistics.mean(state), value[0], delta=1e-4)

    def test_dense(self):
        for network in ("dqn", "ff-dqn"):
            self.train(network)
            cells, values = self.inspect()
            self.assertEqual(len(cells), 3)
            for number, units in enumerate((12, 6)):
                dead = sum(max(column) == 0 for column in zip(*values["h", number][""]))
                self.assertTrue(cells[number].startswith(f"cell {number}  units {units}, dead {dead} "), cells[number])
            self.assertRegex(cells[2], r"^cell 2  spread of Q \S+\n action 0   Q +\S+\n")
            self.assertEqual(set(values["q", 2]), {"0", "1", "2"})

    def test_refusals(self):
        self.refused(2, "arq inspect: --states is '0'; accepted: a whole number, 1 .. 100000",
                     "inspect", "run", "--states", "0")
        self.train("arq")
        self.refused(1, "arq inspect: cannot write no/inside.csv: No such file or directory",
                     "inspect", "run", "--csv", "no/inside.csv")


if __name__ == "__main__":
    unittest.main()
