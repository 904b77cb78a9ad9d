"""Classify videos: files, folders or globs; also frame by frame."""

from __future__ import annotations

import argparse
import json
import sys
from array import array
from pathlib import Path

from lrcn_seq.cli._files import Output, add_output, expand, open_output, positive
from lrcn_seq.cli._sentences import loaded, tracked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("run", help="a run folder")
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="videos, folders, globs")
    parser.add_argument(
        "--top",
        type=positive,
        default=5,
        metavar="N",
        help="classes for each video, likeliest first",
    )
    parser.add_argument(
        "--per-frame",
        action="store_true",
        help="also the distribution after each frame, in constant memory with --output",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints the classes of each video; those that cannot be read are named, and the exit code is then 1."""
    import lrcn_seq

    files = expand(arguments.videos)
    results, failed = [], 0
    with open_output(arguments.output) as output:
        left = output.waiting(files)
        task = loaded(lrcn_seq.load(arguments.run), "activity", arguments.run)
        for file in tracked(left, "classifying"):
            row = classified(task, file, arguments, output)
            failed += "error" in row
            if arguments.json:
                results.append(row)
            show(row, quiet=arguments.json, several=len(files) > 1)
    if arguments.json:
        print(json.dumps({"classes": list(task.labels), "results": results}, ensure_ascii=False))
    return 1 if failed else 0


def classified(task, file: str, arguments: argparse.Namespace, output: Output) -> dict:
    """The row of `--json`, once it is written to the output."""
    from lrcn_seq.errors import MediaError

    try:
        if arguments.per_frame:
            return by_frame(task, file, arguments, output)
    except MediaError as error:
        row = {"file": file, "error": error.reason}
    else:
        row = as_dict(task.predict([file], top=arguments.top)[0])
    output.write(row)
    return row


def as_dict(prediction) -> dict:
    """The row of `--json` and `--output`."""
    if prediction.error:
        return {"file": prediction.file, "error": prediction.error}
    return {"file": prediction.file, "labels": [label._asdict() for label in prediction.labels]}


def by_frame(task, file: str, arguments: argparse.Namespace, output: Output) -> dict:
    """The same with `frames` and `times`. The output gets them as they come, and so does the screen; only `--json` must hold them all."""
    from lrcn_seq.progress import progress_bar as progress

    times, frames, separator = array("d"), [], ""
    with output.line() as put, progress(Path(file).name) as told:
        put(json.dumps({"file": file}, ensure_ascii=False)[:-1] + ', "frames": [')
        for clock, answers, so_far in task.stream_frames(file, progress=told):  # noqa: B007 - the last is used after the loop
            times.extend(clock)
            put(separator + ", ".join(map(json.dumps, answers.tolist())))
            separator = ", "
            if arguments.json:
                frames += answers.tolist()
            else:
                show_frames(task, clock, answers)
        labels = [label._asdict() for label in task.top_labels(so_far[-1], arguments.top)]
        put(
            f'], "times": {json.dumps(times.tolist())}, "labels": {json.dumps(labels, ensure_ascii=False)}}}'
        )
    return {
        "file": file,
        "labels": labels,
        **({"frames": frames, "times": times.tolist()} if arguments.json else {}),
    }


def show_frames(task, clock, answers) -> None:
    """A line a frame: its time and its likeliest class."""
    for seconds, row in zip(clock, answers, strict=True):
        print(f"{seconds:.3f}\t{task.labels[row.argmax()]}\t{row.max():.4f}")


def show(row: dict, *, quiet: bool, several: bool) -> None:
    """A line a class with its probability; the sentence of an error on stderr."""
    if "error" in row:
        print(f"lrcn classify: {row['file']}: {row['error']}", file=sys.stderr)
    elif not quiet:
        before = f"{row['file']}\t" if several else ""
        for label in row["labels"]:
            print(f"{before}{label['label']}\t{label['probability']:.4f}")
