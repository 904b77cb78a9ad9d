"""The run folder: its file names, its lock, and the checks before training."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from lrcn_seq import config as configs
from lrcn_seq.errors import RunError
from lrcn_seq.files import read_json, read_json_lines, remove_leftovers, write_text
from lrcn_seq.locks import lock_file, open_lock
from lrcn_seq.runs.environment import describe_environment
from lrcn_seq.runs.state import StateFolder

CONFIDENCE = "confidence.json"
CONFIG = "config.yaml"
DERIVED = "derived.json"
ENDS = "training.json"
ENVIRONMENT = "machine.json"
HISTORY = "history.jsonl"
LOCK = ".lock"
PREDICTIONS = "predictions.jsonl"
REPORT = "report.html"
SCORES = "scores.json"
SKIPPED = "left_out.jsonl"
TIMES = "times.jsonl"
WEIGHTS = "model.weights.h5"
PLACES = ("working_folder", "run_folder")
"""Keys of `machine.json` for the folders in which the run began."""
OVERRIDES = "overrides"
"""Key of `machine.json` for the overrides with which the run is trained."""
CHANGEABLE_KEYS = ("training.epochs", "training.patience", "training.keep_state")
"""Keys that a resumed run may change, to train longer and to keep its state."""


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
        from lrcn_seq.metrics.base import values_html

        scores = read_json(self / SCORES, "the scores of a run", dict)
        return (
            f"<p>{escape(str(self.folder))}: {scores['count']:,} samples of the split "
            f"{escape(scores['split'])}</p>{values_html(scores['metrics'])}"
        )

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def has_begun(self) -> bool:
        """Whether training can continue: from a state, or from the weights of a finished run."""
        return self.states.exists or self.is_finished

    @property
    def is_finished(self) -> bool:
        """Whether the run has been trained and evaluated, and its state was removed."""
        results = (CONFIG, HISTORY, WEIGHTS)
        return not self.states.exists and all((self / name).exists() for name in results)

    def check(self, config: configs.Config, *, resume: bool) -> None:
        """Check that a config can be trained in this folder.

        Args:
            config: the config.
            resume: whether an existing run may be resumed.

        Raises:
            RunError: the folder contains a run and `resume` is False, a run of a config that
                differs in more than `CHANGEABLE_KEYS`, or files of another program.
        """
        if not self.has_begun:
            self._check_files(config)
            return
        if not resume:
            advice = "Continue it with --resume, unless another process is training it"
            if self.is_finished:
                advice = "It is finished; train it longer with --resume training.epochs=MORE"
            raise RunError(
                f"{self.folder}: the folder contains a run. {advice}, or choose another folder "
                "with --run."
            )
        configs.check_unchanged(self.folder, config.model_dump())
        check_changes(self, configs.read_run(self / CONFIG), self.complete(config))

    def complete(self, config: configs.Config) -> configs.Config:
        """Return a config with a value for every key; missing keys get their current default.

        If the run has begun, keys newer than its version get values that keep its behavior, and
        `auto` gets the value that was sized to its data.
        """
        if not self.has_begun:
            return configs.state_keys(config)
        stated = configs.state_keys(config, configs.read_version(self / CONFIG))
        return configs.restore_sizes(stated, configs.read_run(self / CONFIG))

    def _check_files(self, config: configs.Config) -> None:
        if (self / WEIGHTS).exists():
            raise RunError(
                f"{self.folder}: expected a run with its training state. Received: a trained model "
                "without state/; choose another folder with --run."
            )
        if not self.folder.exists():
            return
        present = [name for name in setup_files(config) if (self / name).exists()]
        if present and not (self / ENVIRONMENT).exists():
            raise RunError(
                f"{self.folder}: expected an empty folder or an interrupted run. Received: a "
                f"folder with {', '.join(present)} of another program; choose another folder with "
                "--run."
            )

    def update(self, config: configs.Config, overrides: Sequence[str] = ()) -> None:
        """Replace the config and the overrides of a resumed run, if they have changed."""
        if configs.read_run(self / CONFIG) != configs.state_keys(config):
            write_text(self / CONFIG, configs.dump_run(config))
        if overrides and list(overrides) != self.overrides():
            record = {**self._record(), OVERRIDES: list(overrides)}
            write_text(self / ENVIRONMENT, json.dumps(record, indent=1))

    def create(self, config: configs.Config, overrides: Sequence[str] = ()) -> None:
        """Prepare the folder of a new run: remove leftover files, write environment and config.

        Args:
            config: the config.
            overrides: the overrides with which it was read.
        """
        if not self.has_begun:
            self.clear(config)
            # Written first, since this file marks an interrupted run.
            record = {
                **describe_environment(),
                **self._current_places(),
                OVERRIDES: list(overrides),
            }
            write_text(self / ENVIRONMENT, json.dumps(record, indent=1))
            configs.remember_files(self.folder, config.model_dump())
            write_text(self / CONFIG, configs.dump_run(config))

    def clear(self, config: configs.Config) -> None:
        """Remove the files that are written before training starts."""
        for name in setup_files(config):
            if (self / name).is_dir():
                shutil.rmtree(self / name)
            else:
                (self / name).unlink(missing_ok=True)

    def remove_unless_begun(self, config: configs.Config) -> None:
        """Remove the run if it has no training state; keep its list of skipped files."""
        if not self.has_begun:
            self.clear(config)
            (self / LOCK).unlink(missing_ok=True)
            for folder in (self.states.folder, self.folder):
                with contextlib.suppress(OSError):
                    folder.rmdir()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder for this process, and remove leftover files of killed processes.

        Raises:
            RunError: the folder cannot be written to, or another process holds the lock.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = open_lock(self / LOCK)
        except OSError as error:
            raise RunError(
                f"{self.folder}: expected to write into the run folder. Received: "
                f"{error.strerror or error}; choose another folder with --run."
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
        """Replace `history.jsonl` by the history of a training state, with one row per epoch."""
        write_text(self / HISTORY, "".join(json.dumps(row) + "\n" for row in rows))

    def history(self) -> list[dict[str, Any]]:
        """Return the rows of all finished epochs in `history.jsonl`; [] without the file."""
        if not (self / HISTORY).exists():
            return []
        return read_json_lines(
            self / HISTORY, "the history of epochs", lambda rows: [dict(row) for row in rows]
        )

    def environment(self) -> dict[str, str]:
        """Return the environment in which the run began; {} if its file is missing."""
        others = (*PLACES, OVERRIDES)
        return {name: str(value) for name, value in self._record().items() if name not in others}

    def overrides(self) -> list[str]:
        """Return the overrides with which the run is trained; [] if they are not recorded."""
        values = self._record().get(OVERRIDES)
        return list(map(str, values)) if isinstance(values, list) else []

    def _record(self) -> dict[str, Any]:
        """Return the content of `machine.json`; {} if the file is missing."""
        if not (self / ENVIRONMENT).exists():
            return {}
        return read_json(
            self / ENVIRONMENT, "the environment of the run", lambda values: dict(values.items())
        )

    def places(self) -> tuple[Path, Path] | None:
        """Return the working folder and the run folder at the start of the run, if known."""
        values = self._record()
        known = all(isinstance(values.get(name), str) for name in PLACES)
        return (Path(values[PLACES[0]]), Path(values[PLACES[1]])) if known else None

    def _current_places(self) -> dict[str, str]:
        return dict(zip(PLACES, (str(Path.cwd()), str(self.folder.resolve())), strict=True))

    def skipped_files(self) -> list[tuple[str, str]]:
        """Return the name of each skipped file with the reason; [] if no file was skipped."""
        if not (self / SKIPPED).exists():
            return []
        return read_json_lines(
            self / SKIPPED,
            "the list of skipped files",
            lambda rows: [(str(row["media"]), str(row["reason"])) for row in rows],
        )


def check_changes(run: Run, before: configs.Config, after: configs.Config) -> None:
    """Raise RunError unless a run can be resumed with another config.

    Args:
        run: the run.
        before: its config.
        after: the config to resume with.
    """
    trees = (configs.parse(configs.dump(one), "the config") for one in (before, after))
    changes = list(configs.differences(*trees))
    changeable = () if before.stages else CHANGEABLE_KEYS
    if any(line.partition(":")[0] not in changeable for line in changes):
        raise RunError(
            f"{run.folder}: --resume expects the config with which the run began. Received: "
            f"another config ({'; '.join(changes[:3])}{' …' if changes[3:] else ''}); use the same "
            "config, whose overrides may be left out, or a new --run. Without stages, "
            f"{' and '.join(CHANGEABLE_KEYS[:2])} may change."
        )
    finished = len(run.history())
    if changes and int(after.training.epochs) < finished:
        raise RunError(
            f"{run.folder}: --resume expects training.epochs of at least {finished}, the epochs "
            f"that are finished. Received: {after.training.epochs}; raise it, or use a new --run."
        )


def setup_files(config: configs.Config) -> list[str]:
    """Return the names of the files written before training, in the order of their removal."""
    from lrcn_seq.tasks import Classes, Vocabulary, task_type  # imports Keras

    outputs = {Vocabulary.file_name, Classes.file_name, task_type(config).outputs_type.file_name}
    return [CONFIG, configs.PARTS_FOLDER, DERIVED, *sorted(outputs), ENVIRONMENT]


def check_trained(folder: Path) -> None:
    """Raise RunError unless a folder contains the config and the weights of a run.

    The code of a run is not executed; a run with unknown code is refused, see `config.part_files`.
    """
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
    configs.check_trusted(folder)
