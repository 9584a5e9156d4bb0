"""Checkpoints of trainings in Gymnasium vector environments: the agent's file, and beside it what the loop counts.

run.json names the agent's file and is replaced last, so the folder has a whole checkpoint at any time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .. import files
from ..agent import Agent
from ..config import Config
from ..context import Context

_KIND = "libarq vector run"


class VectorCheckpoint:
    """As Checkpoint, of a VectorRun; the agent is written when it is made, since only its own file has all of it."""

    def __init__(self, agent: Agent, config: Config, folder: Any, state: dict[str, Any]) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(exist_ok=True)
        self._agent = f"agent-{state['steps']}.safetensors"
        agent.save(self._folder / self._agent)
        self._texts: dict[str, str] = {}
        self._state = {
            "kind": _KIND,
            "agent": self._agent,
            "config": {name: [config.text(name), config.origin(name)] for name in config.keys()},
            **state,
        }

    def set_text(self, name: str, value: str) -> None:
        """As Checkpoint.set_text()."""
        self._texts[name] = value

    def write(self) -> None:
        """As Checkpoint.write()."""
        written = self._folder / (files.VECTOR_RUN + ".new")
        with open(written, "w", encoding="utf-8") as file:
            json.dump({**self._state, "texts": self._texts}, file)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._folder / files.VECTOR_RUN)
        for other in self._folder.glob("agent-*.safetensors"):
            if other.name != self._agent:
                other.unlink()

    def close(self) -> None:
        """Nothing is held."""


class SavedVectorRun:
    """One that was written."""

    def __init__(self, folder: Any, context: Context) -> None:
        self.folder = Path(folder)
        self._context = context
        path = self.folder / files.VECTOR_RUN
        try:
            self.state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if self.state["kind"] != _KIND:
                raise KeyError("kind")
            self.instances: int = int(self.state["instances"])
            self.agent: Path = self.folder / Path(self.state["agent"]).name
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is no checkpoint of a training in a vector environment: {error!r}") from None

    def text(self, name: str) -> str | None:
        """As Checkpoint.text()."""
        found = self.state["texts"].get(name)
        return None if found is None else str(found)

    def config(self) -> Config:
        """As Checkpoint.config()."""
        rows: dict[str, list[str]] = self.state["config"]
        presets = {origin for _, origin in rows.values()} - {"default", "set"}
        config = Config(presets.pop() if presets else None, context=self._context)
        for name, (text, origin) in rows.items():
            if origin == "set" or config.text(name) != text:
                config[name] = text
        return config

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> SavedVectorRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
