"""The folder of a run, as the program `arq` writes it too: config.txt, network.safetensors, log.csv, episodes.csv and
result.csv."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._library import version

if TYPE_CHECKING:
    from .config import Config

CONFIG = "config.txt"
NETWORK = "network.safetensors"
LOG = "log.csv"
EPISODES = "episodes.csv"
RESULT = "result.csv"
ALL = (CONFIG, NETWORK, LOG, EPISODES, RESULT)


def make_folder(path: Any, force: bool) -> Path:
    """Makes the folder of a run; one that holds a run is refused unless `force`, which removes that run's files."""
    folder = Path(path)
    found = [name for name in ALL if (folder / name).exists()]
    if found and not force:
        raise FileExistsError(f"{folder} holds a run already ({found[0]}); force=True overwrites it")
    folder.mkdir(parents=True, exist_ok=True)
    for name in found:
        (folder / name).unlink()
    return folder


def write_config(folder: Path, environment: str, environments: int, config: Config) -> None:
    """Every parameter with its origin."""
    lines = [f"version = {version()}", f"environment = {environment}", f"environments = {environments}"]
    lines += [f"{name} = {config.text(name)}  # {config.origin(name)}" for name in config.keys()]
    (folder / CONFIG).write_text("\n".join(lines) + "\n", encoding="utf-8")


def network_file(run_or_file: Any) -> str:
    """The network's file in a run's folder, or the file itself."""
    path = Path(os.fspath(run_or_file))
    if not path.is_dir():
        return str(path)
    if not (path / NETWORK).exists():
        raise FileNotFoundError(f"{path} holds no {NETWORK}: it is no run, or one that has not saved yet")
    return str(path / NETWORK)


def environment_of(run_or_file: Any) -> str:
    """The environment's id from the config.txt beside a network."""
    if not isinstance(run_or_file, (str, os.PathLike)):
        raise TypeError("env is missing; it may be left out for the folder of a run only")
    path = Path(run_or_file)
    config = (path if path.is_dir() else path.parent) / CONFIG
    prefix = "environment = "
    if config.exists():
        for line in config.read_text(encoding="utf-8").splitlines():
            if line.startswith(prefix) and len(line) > len(prefix):
                return line[len(prefix) :]
    raise ValueError(f"{config} does not tell the environment's id: say env")
