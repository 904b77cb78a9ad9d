"""The run folder: its file names, its lock, and the checks before training."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from lrcn_seq import config as configs
from lrcn_seq.errors import RunError
from lrcn_seq.files import read_json, read_json_lines, remove_leftovers, write_text
from lrcn_seq.locks import lock_file, open_lock
from lrcn_seq.runs.environment import describe_environment
from lrcn_seq.runs.state import StateFolder

CONFIG = "config.yaml"
DERIVED = "derived.json"
ENVIRONMENT = "machine.json"
HISTORY = "history.jsonl"
LOCK = ".lock"
PREDICTIONS = "predictions.jsonl"
REPORT = "report.html"
SCORES = "scores.json"
SKIPPED = "left_out.jsonl"
TIMES = "times.jsonl"
WEIGHTS = "model.weights.h5"


class Run:
    """A run folder.

    Args:
        folder: the path of the folder.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.states = StateFolder(self.folder / "state")

    def _repr_html_(self) -> str:
        """Return the path of the run and its scores, for a notebook."""
        if not (self / SCORES).is_file():
            return f"<p>{escape(str(self.folder))}: not evaluated</p>"
        scores = read_json(self / SCORES, "the scores of a run", dict)
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{value:.4f}</td></tr>"
            for name, value in scores["metrics"].items()
        )
        return (
            f"<p>{escape(str(self.folder))}: {scores['count']:,} samples of the split "
            f"{escape(scores['split'])}</p><table>{rows}</table>"
        )

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def has_begun(self) -> bool:
        """Whether a state exists from which training can continue."""
        return self.states.exists

    def check(self, config: configs.Config, *, resume: bool) -> None:
        """Check that a config can be trained in this folder.

        Args:
            config: the config.
            resume: whether an existing run may be resumed.

        Raises:
            RunError: the folder contains a run and `resume` is False, a run of another config, or
                files of another program.
        """
        if not self.has_begun:
            self._check_files(config)
            return
        if not resume:
            raise RunError(
                f"{self.folder}: the folder contains a run. Continue it with --resume, or choose "
                "another folder with --run."
            )
        before, after = configs.read_run(self / CONFIG), self.complete(config)
        trees = (configs.parse(configs.dump(one), "the config") for one in (before, after))
        if changes := list(configs.differences(*trees)):
            raise RunError(
                f"{self.folder}: --resume expects the config with which the run began. Received: "
                f"another config ({'; '.join(changes[:3])}{' …' if changes[3:] else ''}); use the "
                "same config and overrides, or a new --run."
            )

    def complete(self, config: configs.Config) -> configs.Config:
        """Return a config with the values of all keys that it leaves out.

        An existing run keeps its behavior: keys that came later have the value of its version.
        """
        version = configs.read_version(self / CONFIG) if self.has_begun else configs.VERSION
        return configs.state_keys(config, version)

    def _check_files(self, config: configs.Config) -> None:
        if (self / WEIGHTS).exists():
            raise RunError(
                f"{self.folder}: expected a run with its training state. Received: a trained model "
                "without state/; choose another folder with --run."
            )
        present = [name for name in setup_files(config) if (self / name).exists()]
        if present and not (self / ENVIRONMENT).exists():
            raise RunError(
                f"{self.folder}: expected an empty folder or an interrupted run. Received: a "
                f"folder with {', '.join(present)} of another program; choose another folder with "
                "--run."
            )

    def create(self, config: configs.Config) -> None:
        """Write the config of a new run, after removing the files of an interrupted attempt."""
        if not self.has_begun:
            self.clear(config)
            # Written first, since this file marks an interrupted run.
            write_text(self / ENVIRONMENT, json.dumps(describe_environment(), indent=1))
            write_text(self / CONFIG, configs.dump_run(config))

    def clear(self, config: configs.Config) -> None:
        """Remove the files that are written before training starts."""
        for name in setup_files(config):
            (self / name).unlink(missing_ok=True)

    def remove_unless_begun(self, config: configs.Config) -> None:
        """Remove a run that failed before its first state; the list of skipped files is kept."""
        if not self.has_begun:
            self.clear(config)
            (self / LOCK).unlink(missing_ok=True)
            for folder in (self.states.folder, self.folder):
                with contextlib.suppress(OSError):
                    folder.rmdir()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder for this process, and remove what killed processes left.

        Raises:
            RunError: the folder cannot be written to, or another process holds the lock.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = open_lock(self / LOCK)
        except OSError as error:
            raise RunError(
                f"{self.folder}: expected to write into the run folder. Received: "
                f"{error.strerror}; choose another folder with --run."
            ) from error
        with handle:
            if not lock_file(handle):
                raise RunError(
                    f"{self.folder}: another process uses this run folder. Wait for it, or choose "
                    "another folder."
                )
            remove_leftovers(self.folder)
            self.states.remove_leftovers()
            yield

    def write_history(self, rows: list[dict[str, Any]]) -> None:
        """Replace `history.jsonl` by the history of a state, with one row per epoch."""
        write_text(self / HISTORY, "".join(json.dumps(row) + "\n" for row in rows))

    def history(self) -> list[dict[str, Any]]:
        """Read the rows of all finished epochs; empty if there is no history."""
        if not (self / HISTORY).exists():
            return []
        return read_json_lines(
            self / HISTORY, "the history of epochs", lambda rows: [dict(row) for row in rows]
        )

    def environment(self) -> dict[str, str]:
        """Read the environment in which the run began; empty if unknown."""
        if not (self / ENVIRONMENT).exists():
            return {}
        return read_json(
            self / ENVIRONMENT,
            "the environment of the run",
            lambda values: {name: str(value) for name, value in values.items()},
        )

    def skipped_files(self) -> list[tuple[str, str]]:
        """Read the skipped files with the reasons; empty if there are none."""
        if not (self / SKIPPED).exists():
            return []
        return read_json_lines(
            self / SKIPPED,
            "the list of skipped files",
            lambda rows: [(str(row["media"]), str(row["reason"])) for row in rows],
        )


def setup_files(config: configs.Config) -> list[str]:
    """Return the files that are written before training starts, the environment last."""
    from lrcn_seq.tasks import Classes, Vocabulary, task_type  # imports Keras

    outputs = {Vocabulary.file_name, Classes.file_name, task_type(config).outputs_type.file_name}
    return [CONFIG, DERIVED, *sorted(outputs), ENVIRONMENT]


def check_trained(folder: Path) -> None:
    """Raise RunError unless a folder contains the config and the weights of a run."""
    if folder.is_file():
        raise RunError(
            f"{folder}: expected a run folder. Received: a file; give the run first, then the "
            "files."
        )
    if not (folder / CONFIG).is_file():
        raise RunError(
            f"{folder}: expected a run folder with {CONFIG}. Received: none; train a run with "
            f"`lrcn train CONFIG --run {folder}`."
        )
    if not (folder / WEIGHTS).is_file():
        raise RunError(
            f"{folder}: expected {WEIGHTS}. Received: a run without weights; continue training up "
            "to its first evaluation (lrcn train ... --resume)."
        )
