"""What is optional: pictures and TensorBoard."""

import numpy as np
from support import TRAINING, Case, main, need

import libarq


class Plots(Case):
    def setUp(self):
        super().setUp()
        matplotlib = need("matplotlib")
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        self.addCleanup(plt.close, "all")
        self.runs = []
        for seed in (1, 2, 3):
            folder = self.folder / str(seed)
            libarq.train("minatar/breakout", seed=seed, total_steps=1500, log_every=100, out=folder, evaluate=False,
                         progress=False, **TRAINING).close()
            self.runs.append(folder)

    def test_learning_curves(self):
        from libarq import plot

        axes = plot.learning_curves({"tiny": self.runs, "one": self.runs[0]}, window=20)
        self.assertEqual(len(axes.lines), 2)
        self.assertEqual(len(axes.collections), 1)  # spread of the setting with several seeds
        axes.figure.savefig(self.folder / "curves.png")
        self.assertGreater((self.folder / "curves.png").stat().st_size, 1000)
        steps, returns = plot.curves(self.runs, window=20)
        self.assertEqual(returns.shape, (3, len(steps)))
        mean = axes.lines[0].get_ydata()
        self.assertTrue(np.allclose(mean, returns.mean(axis=0)))
        self.assertEqual(len(plot.learning_curves(self.runs, spread="std", axes=axes).lines), 3)
        with self.assertRaisesRegex(ValueError, "spread"):
            plot.learning_curves(self.runs, spread="wide")

    def test_smoothing(self):
        from libarq import plot

        self.assertEqual(plot.smooth(np.array([1.0, 3.0, 5.0, 7.0]), 2).tolist(), [1.0, 2.0, 4.0, 6.0])

    def test_a_training_is_drawn_like_its_folder(self):
        from libarq import plot

        training = libarq.train("minatar/breakout", seed=1, total_steps=1500, evaluate=False, progress=False, **TRAINING)
        for ours, theirs in zip(plot.curves([training]), plot.curves(self.runs[:1])):
            self.assertTrue(np.array_equal(ours, theirs))

    def test_metrics_and_neurons(self):
        from libarq import plot

        self.assertEqual(len(plot.metric(self.runs[0], "loss").lines), 1)
        with self.assertRaisesRegex(KeyError, "epsilon"):
            plot.metric(self.runs[0], "lossy")
        network = libarq.Network.open(self.runs[0] / "network.safetensors")
        figure = plot.neurons(network, shape=(10, 10, 4), count=5)
        self.assertEqual(len([axes for axes in figure.axes if axes.images]), 5)
        weights = plot.neuron_weights(network)
        self.assertEqual(weights.shape, (8, 400))


class TensorBoard(Case):
    def test_scalars_go_to_a_writer(self):
        class Writer:
            def __init__(self):
                self.scalars = []

            def add_scalar(self, tag, value, step):
                self.scalars.append((tag, value, step))

            def flush(self):
                self.scalars.append("flushed")

        writer = Writer()
        training = libarq.train("minatar/breakout", total_steps=1000, log_every=500, evaluate=False, progress=False,
                                callbacks=[libarq.TensorBoardLog(writer=writer)], **TRAINING)
        self.assertEqual(writer.scalars.pop(), "flushed")
        returns = [(value, step) for tag, value, step in writer.scalars if tag == "episode/return"]
        self.assertEqual(returns, [(episode.total_reward, episode.step) for episode in training.episodes])
        self.assertIn(("run/mean_return", training.run.mean_return, 1000), writer.scalars)
        self.assertIn(("cell0/loss", training.run.metric("loss", 0), 1000), writer.scalars)
        with self.assertRaises(TypeError):
            libarq.TensorBoardLog()

    def test_files_are_written(self):
        need("tensorboardX")
        log = libarq.TensorBoardLog(self.folder / "board")
        libarq.train("minatar/breakout", total_steps=500, evaluate=False, progress=False, callbacks=[log], **TRAINING)
        log.close()
        files = list((self.folder / "board").glob("events.out.tfevents.*"))
        self.assertEqual(len(files), 1)
        self.assertGreater(files[0].stat().st_size, 1000)


if __name__ == "__main__":
    main()
