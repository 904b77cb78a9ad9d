"""Runs on the Hugging Face Hub: download by address, and upload with a model card."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lrcn_seq import config as configs
from lrcn_seq.errors import ArgumentError, MissingPackageError, RunError, error_reason
from lrcn_seq.files import read_json
from lrcn_seq.runs.folder import (
    CONFIDENCE,
    CONFIG,
    DERIVED,
    HISTORY,
    SCORES,
    WEIGHTS,
    check_trained,
)

PREFIX = "hf://"
"""The beginning of the address of a run on the hub, `hf://USER/NAME` or `hf://USER/NAME@REVISION`."""
DOWNLOADED = (CONFIG, WEIGHTS, "*.json")
"""The files of a run that are downloaded; none of them contains code."""
ENDPOINT = "HF_ENDPOINT"
"""The environment variable with the address of another server."""


class HubAddress(NamedTuple):
    """The address of a run on the hub."""

    repository: str
    revision: str | None = None

    def __str__(self) -> str:
        revision = "" if self.revision is None else f"@{self.revision}"
        return f"{PREFIX}{self.repository}{revision}"


def is_hub_address(path: str | Path) -> bool:
    """Return whether a path is the address of a run on the hub."""
    return isinstance(path, str) and path.startswith(PREFIX)


def local_folder(run: str | Path) -> Path:
    """Return the folder of a run, after a download if the run is an address on the hub.

    Args:
        run: a run folder, or `hf://USER/NAME` or `hf://USER/NAME@REVISION`.

    Raises:
        ArgumentError: the address is invalid.
        MissingPackageError: the package `huggingface_hub` is not installed.
        RunError: the hub cannot be reached, or has no such run.
    """
    return download(str(run)) if is_hub_address(run) else Path(run)


def parse_address(address: str) -> HubAddress:
    """Return the parts of an address, with or without `hf://`.

    Raises:
        ArgumentError: the address does not consist of a user and a name.
    """
    repository, _, revision = address.removeprefix(PREFIX).partition("@")
    parts = repository.split("/")
    if len(parts) != 2 or not all(parts) or address.endswith("@"):
        raise ArgumentError(
            f"Expected the address of a run as {PREFIX}USER/NAME or {PREFIX}USER/NAME@REVISION. "
            f"Received: {address!r}."
        )
    return HubAddress(repository, revision or None)


def download(address: str) -> Path:
    """Download a run, or find it in the cache of the hub, and return its folder.

    Raises:
        ArgumentError: the address is invalid.
        MissingPackageError: the package `huggingface_hub` is not installed.
        RunError: the hub cannot be reached, or has no such run.
    """
    place = parse_address(address)
    with hub_errors(place, "download"):
        import huggingface_hub

        folder = huggingface_hub.snapshot_download(
            place.repository,
            revision=place.revision,
            allow_patterns=list(DOWNLOADED),
            endpoint=os.environ.get(ENDPOINT),
            library_name="lrcn_seq",
        )
    return Path(str(folder))


def push(
    folder: str | Path,
    repository: str,
    *,
    private: bool | None = None,
    token: str | None = None,
    message: str = "Upload a run of lrcn_seq",
) -> str:
    """Upload a trained run with a model card, so that `lrcn_seq.load` can load it by address.

    The config, the vocabulary or classes, the weights, the scores and the history are uploaded, but
    neither predictions nor the report, which show the data. The config names the paths of the data.

    Args:
        folder: the run folder.
        repository: `hf://USER/NAME` or `USER/NAME`; created if it does not exist.
        private: whether a new repository is private; None for the default of the hub.
        token: the access token; None for that of `hf auth login`.
        message: the message of the commit.

    Returns:
        The address of the commit in a browser.

    Raises:
        ArgumentError: the address is invalid.
        MissingPackageError: the package `huggingface_hub` is not installed.
        RunError: the folder is not a trained run, or the hub refuses the upload.
    """
    place, folder = parse_address(repository), Path(folder)
    check_trained(folder)
    files = {name: folder / name for name in uploaded_files(folder)}
    contents: dict[str, Any] = {"README.md": model_card(folder, place).encode(), **files}
    with hub_errors(place, "upload"):
        import huggingface_hub

        api = huggingface_hub.HfApi(
            endpoint=os.environ.get(ENDPOINT), token=token, library_name="lrcn_seq"
        )
        api.create_repo(place.repository, private=private, exist_ok=True)
        commit = api.create_commit(
            place.repository,
            [huggingface_hub.CommitOperationAdd(*item) for item in contents.items()],
            commit_message=message,
            revision=place.revision,
        )
    return str(commit.commit_url)


def uploaded_files(folder: Path) -> list[str]:
    """Return the names of the files of a run that are uploaded."""
    outputs = _task_type(folder).outputs_type.file_name
    names = (CONFIG, DERIVED, outputs, WEIGHTS, CONFIDENCE, SCORES, HISTORY)
    return [name for name in names if (folder / name).is_file()]


def model_card(folder: Path, place: HubAddress) -> str:
    """Return the model card of a run: metadata, use, scores and config.

    Args:
        folder: the run folder.
        place: the address at which the run will be loaded.
    """
    kind = _task_type(folder)
    config = configs.read_run(folder / CONFIG)
    name = config.task["type"]
    suffix = "jpg" if kind.noun == "image" else "mp4"
    metadata = {
        "library_name": "keras",
        **({"pipeline_tag": kind.pipeline_tag} if kind.pipeline_tag else {}),
        "tags": ["lrcn_seq", name],
    }
    lines = [
        f"---\n{yaml.safe_dump(metadata, sort_keys=False)}---",
        f"# {place.repository.split('/')[1]}",
        f"A model of the task `{name}`, trained with lrcn_seq: encoder "
        f"`{config.encoder['type']}`, decoder `{config.decoder['type']}`.",
        f'```python\nimport lrcn_seq\n\ntask = lrcn_seq.load("{place}")\n'
        f'print(task.predict("{kind.noun}.{suffix}").lines())\n```',
        *_score_lines(folder),
        f"## Config\n\n```yaml\n{configs.dump(config)}```",
    ]
    return "\n\n".join(lines) + "\n"


def _score_lines(folder: Path) -> list[str]:
    """Return the scores of the last evaluation as a table in Markdown."""
    from lrcn_seq.runs.finished_scores import count_samples  # imports this module

    if not (folder / SCORES).is_file():
        return []
    scores: Mapping[str, Any] = read_json(folder / SCORES, "the scores of a run", dict)
    rows = [f"| {name} | {value:.4f} |" for name, value in scores["metrics"].items()]
    table = "\n".join(["| metric | value |", "|---|---|", *rows])
    return [f"## Scores\n\n{count_samples(scores)}:\n\n{table}"]


def _task_type(folder: Path) -> Any:
    """Return the class of the task of a run."""
    from lrcn_seq.tasks import task_type  # imports Keras

    return task_type(configs.read_run(folder / CONFIG))


@contextmanager
def hub_errors(place: HubAddress, action: str) -> Iterator[None]:
    """Translate the errors of the package `huggingface_hub`.

    Args:
        place: the address.
        action: `download` or `upload`.

    Raises:
        MissingPackageError: the package is not installed.
        RunError: the server cannot be reached, or refuses the request.
    """
    try:
        yield
    except ImportError as error:
        raise MissingPackageError("huggingface_hub", "hub", f"The address {place}") from error
    except Exception as error:  # the package raises many types
        server = os.environ.get(ENDPOINT, "the Hugging Face Hub")
        reason = error_reason(error)
        if type(error).__name__ == "LocalEntryNotFoundError":
            cause = error.__cause__
            reason = error_reason(cause) if isinstance(cause, Exception) else reason
            reason = f"no connection ({reason}) and no earlier download"
        raise RunError(
            f"{place}: expected to {action} at {server}. Received: {reason}. Check the "
            "address, the connection, and the login (`hf auth login`)."
        ) from error
