"""libarq: local reinforcement learning without backpropagation.

    training = libarq.train("minatar/breakout", seed=1, out="run1")
    print(training.evaluation)

    libarq.Agent            a learner for a program that owns the loop
    libarq.Network          weights to act with; libarq.Learner lets them learn from the caller's batches
    libarq.Cell             one cell as a trainable layer
    libarq.Replay           experience replay
    libarq.Environment      games by id, or written in Python; libarq.EnvironmentBatch steps many by one call
    libarq.gymnasium        libarq's games for Gymnasium
    libarq.plot             learning curves and neuron pictures
    libarq.parameters()     every parameter with range, default and source
"""

from ._library import abi_version, version
from ._metrics import Metric, metrics
from .agent import Agent, Events
from .batch import EnvironmentBatch
from .callbacks import Callback, Episode
from .cell import Cell, Forward
from .checkpoint import Checkpoint, Resumed
from .config import Config, Parameter, parameters, presets
from .context import Context, cpu_names, default_context
from .custom import CustomEnvironment, check_environment
from .environment import Box, Discrete, Environment, EnvironmentSpec
from .errors import (
    AbiError,
    ArgumentError,
    BusyError,
    CallbackError,
    ClosedError,
    DivergedError,
    EnvironmentBroken,
    Error,
    FileError,
    FormatError,
    NotFoundError,
    OrderError,
    OutOfMemoryError,
    ShapeError,
    UnsupportedError,
)
from .evaluation import Evaluation, evaluate
from .inspection import Inspection, inspect
from .learner import Learner
from .logs import CsvLog
from .network import Activations, Network
from .observation import ObservationKind, ObservationSpec
from .progress import ProgressBar
from .registry import EnvironmentType, Option, environments
from .replay import Replay, Sample
from .run import Run
from .tensorboard import TensorBoardLog
from .training import Interrupted, Training, resume, train

__version__ = version()

__all__ = [
    "AbiError",
    "Activations",
    "Agent",
    "ArgumentError",
    "Box",
    "BusyError",
    "Callback",
    "CallbackError",
    "Cell",
    "Checkpoint",
    "ClosedError",
    "Config",
    "Context",
    "CsvLog",
    "CustomEnvironment",
    "Discrete",
    "DivergedError",
    "Environment",
    "EnvironmentBatch",
    "EnvironmentBroken",
    "EnvironmentSpec",
    "EnvironmentType",
    "Episode",
    "Error",
    "Evaluation",
    "Events",
    "FileError",
    "FormatError",
    "Forward",
    "Inspection",
    "Interrupted",
    "Learner",
    "Metric",
    "Network",
    "NotFoundError",
    "ObservationKind",
    "ObservationSpec",
    "Option",
    "OrderError",
    "OutOfMemoryError",
    "Parameter",
    "ProgressBar",
    "Replay",
    "Resumed",
    "Run",
    "Sample",
    "ShapeError",
    "TensorBoardLog",
    "Training",
    "UnsupportedError",
    "abi_version",
    "check_environment",
    "cpu_names",
    "default_context",
    "environments",
    "evaluate",
    "inspect",
    "metrics",
    "parameters",
    "presets",
    "resume",
    "train",
    "version",
]
