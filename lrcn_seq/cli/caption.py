"""Caption images: files, folders or globs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lrcn_seq.cli._arguments import add_run
from lrcn_seq.cli._inputs import split_overrides
from lrcn_seq.cli._predictions import predict_files, predict_in_batches
from lrcn_seq.cli._search_options import add_media, add_search, caption_options

if TYPE_CHECKING:
    from lrcn_seq.cli._output import JsonLines
    from lrcn_seq.records import Prediction

FEW_IMAGES = 4
"""Up to this number of images, compiling the encoder takes longer than it saves."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run(parser)
    add_media(parser, "images", "IMAGE")
    add_search(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the captions of each image."""
    names, overrides = split_overrides(arguments.images)

    def predict(task: Any, files: Sequence[str], output: JsonLines) -> Iterable[Prediction]:
        for reader in task.readers():
            reader.frame_encoder.run_eagerly = len(files) <= FEW_IMAGES
        return predict_in_batches(
            files,
            output,
            partial(task.predict, on_error="record", **caption_options(task, arguments, overrides)),
            batch_size=task.predict_batch_size,
            title="captioning",
        )

    return predict_files(arguments, names, predict, verb="caption", show_file=arguments.best > 1)
