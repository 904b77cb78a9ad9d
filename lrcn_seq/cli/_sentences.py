"""What `caption` and `describe` have in common: a search from the command line, and sentences as rows."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lrcn_seq.cli._files import add_output, expand, open_output, parted, positive
from lrcn_seq.errors import UsageError

VERBS = {"captioning": "caption", "description": "describe", "activity": "classify"}
Predict = Callable[[Any, list[str], dict], Iterable]
"""A task, files and a search to predictions, one after the other."""


def add_search(parser: argparse.ArgumentParser) -> None:
    """The arguments that both verbs have after their files."""
    parser.add_argument("--beams", type=positive, metavar="K", help="beams of the search")
    parser.add_argument(
        "--best", type=positive, default=1, metavar="N", help="sentences for each, best first"
    )
    add_output(parser)


def write_all(
    arguments: argparse.Namespace, names: list[str], predict: Predict, *, task: str
) -> int:
    """Prints sentences for each file; those that cannot be read are named, and the exit code is then 1."""
    import lrcn_seq

    names, overrides = parted(names)
    files = expand(names)
    results, failed = [], 0
    with open_output(arguments.output) as output:
        left = output.waiting(files)
        model = loaded(lrcn_seq.load(arguments.run), task, arguments.run)
        search = model.resolve_search(
            changed(model.settings, overrides) if overrides else None,
            beams=arguments.beams,
            best=arguments.best,
        )
        for prediction in predict(model, left, search):
            row = as_dict(prediction)
            failed += "error" in row
            if arguments.json:
                results.append(row)
            output.write(row)
            show(
                row, VERBS[task], quiet=arguments.json, several=len(files) > 1 or arguments.best > 1
            )
    if arguments.json:
        print(json.dumps({"results": results}, ensure_ascii=False))
    return 1 if failed else 0


def loaded(model: Any, task: str, folder: str) -> Any:
    """The task of a run, once it is seen to be the one that the verb is for.

    Raises:
        UsageError: it is another.
    """
    if model.name != task:
        raise UsageError(
            f"{folder}: expected a run of the task {task}. Received: a run of {model.name}; use `lrcn {VERBS.get(model.name, '...')}`."
        )
    return model


def changed(settings, overrides: list[str]) -> dict:
    """The search of the run with what the call changes; of another type, its defaults with it."""
    from lrcn_seq.config import override_section

    tree = {"search": dict(settings.search)}
    override_section("search", tree, overrides)
    return tree["search"]


def tracked(batches: list, title: str) -> Iterator:
    """Batches behind a progress bar on stderr while a terminal looks on."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return iter(
        track(
            batches,
            title,
            console=console,
            transient=True,
            disable=not console.is_terminal or len(batches) < 2,
        )
    )


def as_dict(prediction) -> dict:
    """The row of `--json` and `--output`."""
    if prediction.error:
        return {"file": prediction.file, "error": prediction.error}
    if prediction.windows:
        windows = [
            {
                "start": one.start,
                "end": one.end,
                "captions": [caption._asdict() for caption in one.captions],
            }
            for one in prediction.windows
        ]
        return {"file": prediction.file, "windows": windows}
    return {
        "file": prediction.file,
        "captions": [caption._asdict() for caption in prediction.captions],
    }


def show(row: dict, verb: str, *, quiet: bool, several: bool) -> None:
    """One line a sentence on stdout, behind its file and its time where there are several; the sentence of an error on stderr."""
    if "error" in row:
        print(f"lrcn {verb}: {row['file']}: {row['error']}", file=sys.stderr)
    elif not quiet:
        before = f"{row['file']}\t" if several else ""
        for window in row.get("windows", ()):
            for caption in window["captions"]:
                print(f"{before}{clock(window['start'])}–{clock(window['end'])}\t{caption['text']}")
        for caption in row.get("captions", ()):
            print(f"{before}{caption['text']}")


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
