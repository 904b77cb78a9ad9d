"""Caption pictures: files, folders or globs."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from lrcn_seq.cli._files import expand, lines_done, open_output, positive
from lrcn_seq.errors import ConfigError, Problem

OVERRIDE = re.compile(r"\w+(\.\w+)+=")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("run", help="a run folder")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="pictures, folders, globs; section.key=value of the search may stand among them")
    parser.add_argument("--beams", type=positive, metavar="K", help="beams of the search")
    parser.add_argument("--best", type=positive, default=1, metavar="N", help="sentences for each picture, best first")
    parser.add_argument("--output", metavar="FILE.jsonl", help="write a line as soon as a picture is done; called again, goes on where it stopped")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Prints a sentence for each picture; those that cannot be read are named, and the exit code is then 1."""
    import lrcn_seq

    overrides = [text for text in arguments.images if OVERRIDE.match(text) and not Path(text).exists()]
    files = expand([text for text in arguments.images if text not in overrides])
    done = lines_done(arguments.output)
    results, failed = [], 0
    with open_output(arguments.output) as write:
        task = lrcn_seq.load(arguments.run)
        search = task.searching(changed(task.settings, overrides), beams=arguments.beams, best=arguments.best)
        for prediction in predictions(task, [file for file in files if file not in done], search, arguments.best):
            row = as_dict(prediction)
            failed += "error" in row
            if arguments.json:
                results.append(row)
            write(row)
            show(row, quiet=arguments.json, several=len(files) > 1 or arguments.best > 1)
    if arguments.json:
        print(json.dumps({"results": results}, ensure_ascii=False))
    return 1 if failed else 0


def changed(settings, overrides: list[str]) -> dict:
    """The search of the run with what the call changes; of another type, its defaults with it."""
    from lrcn_seq.config.loading import override

    tree = {"search": dict(settings.search)}
    problems = [Problem(text, "only search.key=value can be changed here.") for text in overrides if not text.startswith("search.")]
    for text in sorted(overrides, key=lambda text: not text.startswith("search.type=")):
        if problem := override(tree, text):
            problems.append(problem)
        elif text.startswith("search.type=") and tree["search"]["type"] != settings.search["type"]:
            tree["search"] = {"type": tree["search"]["type"]}
    if problems:
        raise ConfigError(problems, "the call")
    return tree["search"]


def predictions(task, files: list[str], search: dict, best: int) -> Iterator:
    """Predictions file by file, computed in batches, with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    size = 16
    batches = [files[start : start + size] for start in range(0, len(files), size)]
    console = Console(stderr=True)
    for batch in track(batches, "captioning", console=console, transient=True, disable=not console.is_terminal or len(batches) < 2):
        yield from task.predict(batch, search=search, best=best)


def as_dict(prediction) -> dict:
    """The row of `--json` and `--output`."""
    if prediction.error:
        return {"file": prediction.file, "error": prediction.error}
    return {"file": prediction.file, "captions": [caption._asdict() for caption in prediction.captions]}


def show(row: dict, *, quiet: bool, several: bool) -> None:
    """One line a sentence on stdout; the sentence of an error on stderr."""
    if "error" in row:
        print(f"lrcn caption: {row['file']}: {row['error']}", file=sys.stderr)
    elif not quiet:
        for caption in row["captions"]:
            print(f"{row['file']}\t{caption['text']}" if several else caption["text"])
