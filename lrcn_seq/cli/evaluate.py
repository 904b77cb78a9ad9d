"""Evaluate runs by real decoding; write predictions, scores and the report into each run.

Several runs are compared side by side, with a paired bootstrap of every difference. With --fuse,
they predict together, and the results go to a folder of their own.

  lrcn evaluate runs/mine
  lrcn evaluate runs/mine data.source.table=other.csv --references-out references.jsonl
  lrcn evaluate runs/a runs/b
  lrcn evaluate hf://user/run data.source.table=my.csv --output runs/downloaded
  lrcn evaluate runs/a runs/b --fuse --weights .33,.67 --output runs/fused
  lrcn evaluate runs/a --rescore runs/b --output runs/rescored
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.cli._arguments import positive_integer
from lrcn_seq.cli._fusion import add_mean, add_rescoring, check_rescore_option, rescore_options
from lrcn_seq.cli._inputs import split_overrides
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import UsageError
from lrcn_seq.terminal import print_json, print_line, print_note

if TYPE_CHECKING:
    from lrcn_seq.runs import EvaluatedRun
    from lrcn_seq.runs.run_comparison import ComparedRuns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.set_defaults(override_prefix="data.source.")
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="run folders, and overrides data.source.key=value; several runs are compared",
    )
    parser.add_argument("--split", default="test", choices=["train", "dev", "test"])
    parser.add_argument(
        "--limit", type=positive_integer, metavar="N", help="evaluate only the first N samples"
    )
    _add_fusion(parser)
    parser.add_argument(
        "--retrieval",
        action="store_true",
        help="also rank captions by image and images by caption",
    )
    parser.add_argument(
        "--coco-results",
        metavar="FILE",
        help="write the captions in the format of the COCO server",
    )
    parser.add_argument(
        "--references-out",
        metavar="FILE",
        help="write the reference captions of the samples, for `lrcn score`",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_fusion(parser: argparse.ArgumentParser) -> None:
    """Add the options for fused runs."""
    parser.add_argument(
        "--fuse", action="store_true", help="let several runs predict together (see --output)"
    )
    add_mean(parser)
    add_rescoring(parser)
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="folder for the results of fused or rescored runs, or of a run on the hub",
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate the runs, and print the scores with their signatures."""
    from lrcn_seq.runs.folder import check_trained
    from lrcn_seq.runs.hub import local_folder
    from lrcn_seq.runs.training_folder import evaluation_config
    from lrcn_seq.runs.unfinished_training import note_unfinished

    names, overrides = split_overrides(arguments.runs)
    check_usage(arguments, names)
    folders = [str(local_folder(name)) for name in names]
    rescoring = rescore_options(vars(arguments))
    if rescoring:
        rescoring["rescore"] = str(local_folder(arguments.rescore))
    for folder in (*folders, *filter(None, [rescoring.get("rescore")])):
        check_trained(Path(folder))
    for folder in folders[:1] if arguments.fuse else folders:
        evaluation_config(folder, overrides)
    for folder in folders:
        note_unfinished(folder)
    if arguments.output is None:
        check_unlocked(folders)
    import_keras()
    from lrcn_seq.runs import evaluate_runs
    from lrcn_seq.runs.run_comparison import compare_runs

    options: dict[str, Any] = {
        "overrides": overrides,
        "split": arguments.split,
        "limit": arguments.limit,
        "retrieval": arguments.retrieval,
        "references": arguments.references_out,
    }
    if len(folders) > 1 and not arguments.fuse:
        compared = compare_runs(folders, **options)
        print_comparison(compared, as_json=arguments.json)
        print_files(compared.runs.values())
        return 0
    evaluated = evaluate_runs(
        folders,
        weights=arguments.weights,
        coco_results=arguments.coco_results,
        output=arguments.output,
        average=arguments.average,
        **rescoring,
        **options,
    )
    print_scores(evaluated, as_json=arguments.json)
    print_files([evaluated])
    if not (arguments.fuse or rescoring):
        print_next(evaluated, names[0])
    return 0


def check_usage(arguments: argparse.Namespace, folders: Sequence[str]) -> None:
    """Raise UsageError if the options do not fit the number of runs."""
    if not folders:
        raise UsageError("Expected a run folder. Received: none.")
    if arguments.fuse and (len(folders) < 2 or arguments.output is None):
        raise UsageError(
            "--fuse: expected several runs and --output DIR. Received: "
            f"{len(folders)} run{'s' * (len(folders) > 1)}"
            f"{'' if arguments.output else ' without --output'}."
        )
    check_rescore_option(vars(arguments))
    rescoring = arguments.rescore is not None
    if rescoring and (arguments.output is None or (len(folders) > 1 and not arguments.fuse)):
        raise UsageError(
            "--rescore: expected one run, or --fuse, and --output DIR. Received: "
            f"{len(folders)} run{'s' * (len(folders) > 1)}"
            f"{'' if arguments.output else ' without --output'}."
        )
    on_hub = check_hub_runs(arguments, folders)
    given = {
        "weights": ",".join(map(str, arguments.weights or ())),
        "average": arguments.average,
        "output": arguments.output,
    }
    for name, value in given.items():
        allowed = arguments.fuse or (name == "output" and (on_hub or rescoring))
        if getattr(arguments, name) is not None and not allowed:
            raise UsageError(
                f"--{name}: expected --fuse as well. Received: --{name}={value} for "
                f"{len(folders)} runs."
            )
    if arguments.coco_results is not None and len(folders) > 1 and not arguments.fuse:
        raise UsageError(
            f"--coco-results: expected one run, or --fuse. Received: {len(folders)} runs; evaluate "
            "them one by one."
        )


def check_unlocked(folders: Sequence[str]) -> None:
    """Raise RunError if another process uses a run into which results will be written."""
    from lrcn_seq.runs.folder import Run

    for folder in folders:
        with Run(folder).lock():
            pass


def check_hub_runs(arguments: argparse.Namespace, folders: Sequence[str]) -> bool:
    """Return whether a run is on the hub; raise UsageError if results cannot be written."""
    from lrcn_seq.runs.hub import is_hub_address

    address = next(filter(is_hub_address, folders), None)
    if address is None:
        return False
    if len(folders) > 1 and not arguments.fuse:
        raise UsageError(
            f"{address}: expected run folders on this machine, since a comparison writes into each "
            "run. Received: a run on the hub; evaluate it by itself with --output DIR."
        )
    if arguments.output is None:
        raise UsageError(
            f"{address}: expected --output DIR, the folder for the results of a run on the hub. "
            "Received: none; add it."
        )
    return True


def print_scores(evaluated: EvaluatedRun, *, as_json: bool) -> None:
    """Print the scores of one run, or of fused runs, with intervals and signatures."""
    from lrcn_seq.metrics.scoring.score_tables import interval_text, is_always_one
    from lrcn_seq.runs.finished_scores import count_samples

    scores = evaluated.scores
    if as_json:
        print_json(scores)
        return
    intervals = {name: interval_text(scores, name) for name in scores["metrics"]}
    width = max(map(len, intervals.values()), default=0)
    for name, value in scores["metrics"].items():
        if is_always_one(name, scores["signatures"][name]):
            continue
        interval = f"{intervals[name]:{width}}  " if width else ""
        print_line(f"{name:11} {value:.4f}  {interval}{scores['signatures'][name]}")
    print_line(f"{count_samples(scores)}; {evaluated.remark}")
    for direction, recall in scores.get("retrieval", {}).items():
        print_line(f"{direction}: {recall}")


def print_files(evaluated: Iterable[EvaluatedRun]) -> None:
    """Print on stderr where the results of runs were written."""
    from lrcn_seq.runs.finished_scores import file_lines

    for run in evaluated:
        for line in file_lines(run.folder):
            print_note(line)


def print_next(evaluated: EvaluatedRun, name: str) -> None:
    """Print on stderr the command that predicts with a run of this name."""
    from lrcn_seq.tasks import task_type

    verb = task_type(evaluated.settings).verb
    print_note(f"Next: lrcn {verb} {name} FILE...")


def print_comparison(compared: ComparedRuns, *, as_json: bool) -> None:
    """Print the scores of several runs side by side, and their differences."""
    from lrcn_seq.evaluation.base import FEW_GROUPS
    from lrcn_seq.metrics.scoring.score_tables import difference_table, score_table
    from lrcn_seq.runs.finished_scores import count_samples

    first = next(iter(compared.runs.values())).scores
    if (count := first.get("groups", first["count"])) < FEW_GROUPS and compared.differences:
        unit = "groups" if "groups" in first else "samples"
        print_note(
            f"lrcn evaluate: a bootstrap over {count} {unit} is not reliable; use {FEW_GROUPS} or "
            "more."
        )
    systems = {name: run.scores for name, run in compared.runs.items()}
    paired = [row._asdict() for row in compared.differences]
    if as_json:
        print_json({"systems": systems, "paired": paired})
        return
    tables = [score_table(systems), *([difference_table(paired)] if paired else [])]
    print("\n\n".join(table.as_text("text") for table in tables), end="\n\n")
    for line in signatures(compared):
        print_line(line)
    for name, evaluated in compared.runs.items():
        print_line(f"{name}: {count_samples(evaluated.scores)}; {evaluated.remark}")
        for direction, recall in evaluated.scores.get("retrieval", {}).items():
            print_line(f"{name}: {direction}: {recall}")


def signatures(compared: ComparedRuns) -> list[str]:
    """Return the distinct signatures of the scores, and that of the differences."""
    scores = [run.scores for run in compared.runs.values()]
    lines = list(dict.fromkeys(line for row in scores for line in row["signatures"].values()))
    if compared.differences:
        over = "groups" if "groups" in scores[0] else "samples"
        lines.append(f"p|paired bootstrap over {over}|samples:{compared.differences[0].samples}")
    return lines
