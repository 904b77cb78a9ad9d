"""The vocabulary or classes of a run: learned from the data once, then read from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrcn_seq.config import Config
from lrcn_seq.errors import RunError
from lrcn_seq.files import atomic_replacement, read_json, write_text
from lrcn_seq.runs.corpus import Corpus
from lrcn_seq.runs.folder import DERIVED, Run
from lrcn_seq.tasks import Outputs, task_type


def prepare_outputs(run: Run, config: Config, corpus: Corpus) -> Outputs:
    """Learn the vocabulary or classes of a new run, or read those of a resumed run.

    Args:
        run: the run.
        config: the config of the run.
        corpus: the samples of the run.

    Raises:
        DataError: no vocabulary or classes can be learned from the samples.
        RunError: the samples of a resumed run have changed, or a file is damaged.
    """
    if run.has_begun:
        check_samples(run, config, corpus)
    kind = task_type(config).outputs_type
    path = run / kind.file_name
    if not path.exists():
        outputs = kind.learn(config, corpus.samples)
        sizes = {kind.size_name: len(outputs.names), "samples": corpus.fingerprint}
        write_text(run / DERIVED, json.dumps(sizes))
        with atomic_replacement(path) as draft:
            outputs.save(draft)
    return kind.load(path)


def read_outputs(folder: Path, config: Config) -> Outputs:
    """Read the vocabulary or classes of a run, and check their number against `derived.json`.

    Args:
        folder: the run folder.
        config: the config of the run.

    Raises:
        RunError: the files are damaged or belong to another run.
    """
    kind = task_type(config).outputs_type
    size = read_derived(folder, config)[kind.size_name]
    outputs = kind.load(folder / kind.file_name)
    if len(outputs.names) != size:
        raise RunError(
            f"{folder / kind.file_name}: expected the {size} {kind.size_name} of {DERIVED}. "
            f"Received: {len(outputs.names)}; the file belongs to another run."
        )
    return outputs


def read_derived(folder: Path, config: Config) -> Mapping[str, Any]:
    """Read `derived.json`: the number of words or classes, and the fingerprint of the samples.

    Args:
        folder: the run folder.
        config: the config of the run.

    Raises:
        RunError: the file is missing or damaged.
    """
    name = task_type(config).outputs_type.size_name
    return read_json(
        folder / DERIVED,
        f"the number of {name}",
        lambda values: {**values, name: int(values[name])},
    )


def check_samples(run: Run, config: Config, corpus: Corpus) -> None:
    """Raise RunError if the samples differ from those with which the run began."""
    recorded = read_derived(run.folder, config).get("samples")
    if recorded not in (None, corpus.fingerprint):
        sizes = " and ".join(f"{len(corpus.splits[name]):,} {name}" for name in ("train", "dev"))
        raise RunError(
            f"{run.folder}: --resume expects the samples with which the run began. Received: "
            f"{sizes} samples, which are not the same; use the same data, or a new --run."
        )
