"""Write a starter config for your own data, with every key commented.

  lrcn init captioning                 captioning.yaml, for a table of images with captions
  lrcn init activity my/actions.yaml   for one folder of clips per class
  lrcn init description -              for a table of videos with captions; print it on stdout

An existing file is never overwritten.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from lrcn_seq.errors import UsageError
from lrcn_seq.terminal import print_line, print_note

STARTERS = {
    "captioning": "captioning/own_table",
    "activity": "activity/features_lstm",
    "description": "description/own_table",
}
"""The shipped config of each task from which a starter is made."""
STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("task", choices=list(STARTERS), help="the task of the config")
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="the file to write, or - for stdout (default: TASK.yaml)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the starter config, and name the command that checks it."""
    from lrcn_seq.config import starter_text
    from lrcn_seq.files import write_text

    file = arguments.file or f"{arguments.task}.yaml"
    name = shlex.quote(f"{arguments.task}.yaml" if file == STDOUT else file)
    text = starter_text(STARTERS[arguments.task], name)
    if file == STDOUT:
        print(text, end="")
        return 0
    check_new(file)
    write_text(file, text)
    print_line(file)
    print_note(f"Set data.source to your own data, then run: lrcn check {name} --data")
    return 0


def check_new(file: str) -> None:
    """Create the folder of a new file.

    Raises:
        UsageError: the file exists, even as a broken link, or its folder cannot be created.
    """
    if os.path.lexists(file):
        raise UsageError(
            f"{file}: expected the name of a new file. Received: an existing one, which stays "
            "unchanged; choose another FILE, or remove this one."
        )
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{file}: expected a folder that can be written. Received: {error.strerror}; choose "
            "another FILE."
        ) from error
