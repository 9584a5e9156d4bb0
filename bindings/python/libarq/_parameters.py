"""The parameters as a type, for editors and type checkers. Written by generate.py; not to be edited."""

# fmt: off
from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict, Union


class Parameters(TypedDict, total=False):
    """Keyword arguments of everything that learns; libarq.parameters() has ranges and sources."""

    network: Literal["arq", "ad", "dqn", "ff-dqn"]
    widths: Union[int, str, Sequence[int]]
    width_scale: float
    heads: int
    goodness: Literal["rms", "mean_square", "mean", "variance", "rms_uncentered"]
    row_order: Literal["released", "paper"]
    quantiles: int
    action_input: Literal["auto", "input", "output"]
    action_code: Literal["one-hot", "binary"]
    input_skip: bool
    recurrent: bool
    top_down: bool
    context_size: int
    context_alpha: float
    context_on_explore: Union[bool, Literal["auto"]]
    window_padding: Literal["repeat", "zero-context"]
    q_from: Literal["mean", "last"]
    q_cells: int
    layer_norm: bool
    ff_variant: Literal["code", "poster"]
    ff_margin: float
    ff_update_probability: float
    ff_updates: int
    ff_normalise: Literal["all", "hidden", "none", "homogeneous"]
    gamma: float
    double_q: bool
    loss: Literal["mse", "huber"]
    learning_rate: float
    learning_rate_end: float
    learning_rate_steps: int
    head_learning_rate: float
    clip: float
    beta1: float
    beta2: float
    adam_epsilon: float
    batch: int
    experience: Literal["replay", "rollout"]
    rollout: int
    td_lambda: float
    epochs: int
    minibatches_per_step: int
    train_period: int
    learning_starts: int
    target_period: int
    tau: float
    replay_capacity: int
    epsilon_start: float
    epsilon_end: float
    exploration_steps: int
    exploration_from: Literal["learning", "start"]
    total_steps: int
    evaluation_episodes: int
    evaluation_epsilon: float
    seed: int
