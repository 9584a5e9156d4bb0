"""The folder of a run, as the program `arq` writes it too: config.txt, network.safetensors, log.csv, episodes.csv,
result.csv and checkpoint/."""

from __future__ import annotations

import logging
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._library import version

if TYPE_CHECKING:
    from .config import Config

_logger = logging.getLogger("libarq")

CONFIG = "config.txt"
NETWORK = "network.safetensors"
LOG = "log.csv"
EPISODES = "episodes.csv"
RESULT = "result.csv"
CHECKPOINT = "checkpoint"
RUN = "run.safetensors"
VECTOR_RUN = "run.json"
"""In the folder of the checkpoint: of a run, or of one in a Gymnasium vector environment."""
ALL = (CONFIG, NETWORK, LOG, EPISODES, RESULT, CHECKPOINT)


def make_folder(path: Any, force: bool) -> Path:
    """Makes the folder of a run; one that holds a run is refused unless `force`, which removes that run's files."""
    folder = Path(path)
    found = [name for name in ALL if (folder / name).exists()]
    if found and not force:
        raise FileExistsError(f"{folder} holds a run already ({found[0]}); force=True overwrites it")
    folder.mkdir(parents=True, exist_ok=True)
    for name in found:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink()
    return folder


def names_file(id: str) -> bool:
    """Whether opening the environment loads a file that its id names, instead of a collection from where plugins lie."""
    return "." in re.split(r"[?#|]", id, maxsplit=1)[0]


def portable_id(id: str) -> str:
    """The id as it works from any folder: with the whole path of a file."""
    if not names_file(id) or id.startswith("/"):
        return id
    folder = os.getcwd()
    if re.search(r"[?#|\n]", folder):
        _logger.warning("the path of %s cannot be kept: this run finds its plugin from this folder alone", id)
        return id
    return folder.rstrip("/") + "/" + (id[2:] if id.startswith("./") else id)


def write_config(folder: Path, environment: str, environments: int, config: Config) -> None:
    """Every parameter with its origin; in place of an older file at once."""
    lines = [f"version = {version()}", f"environment = {portable_id(environment)}", f"environments = {environments}"]
    lines += [f"{name} = {config.text(name)}  # {config.origin(name)}" for name in config.keys()]
    written = folder / (CONFIG + ".new")
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    written.replace(folder / CONFIG)


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
        for line in config.read_text(encoding="utf-8").split("\n"):
            if line.startswith(prefix) and len(line) > len(prefix):
                return _plain(config, line[len(prefix) :])
    raise ValueError(f"{config} does not tell the environment's id: say env")


def _plain(config: Path, id: str) -> str:
    """A file's text must not steer the terminal that shows it."""
    if re.search(r"[\x00-\x1f\x7f-\x9f]", id):
        raise ValueError(f"{config}: its environment is no id: it has control characters")
    return id


def environment_to_play(run_or_file: Any, trust: bool) -> str:
    """environment_of(), for opening it: a plugin whose file only the run names is code that nobody has asked for."""
    id = environment_of(run_or_file)
    if names_file(id) and not trust:
        raise ValueError(
            f"{run_or_file} is of the plugin {id}; a run's plugin is code, which is loaded only when you name it as env "
            "or say trust=True"
        )
    return id
