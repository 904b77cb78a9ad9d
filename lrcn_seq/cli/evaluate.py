"""Evaluate runs on a split; write predictions, scores and the report into the first run."""

from __future__ import annotations

import argparse
from pathlib import Path

from lrcn_seq.cli._arguments import numbers, positive_integer
from lrcn_seq.cli._inputs import split_overrides
from lrcn_seq.errors import UsageError
from lrcn_seq.terminal import print_json, print_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.set_defaults(override_prefix="data.source.")
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="run folders, and overrides data.source.key=value; several runs of one task are fused",
    )
    parser.add_argument("--split", default="test", choices=["train", "dev", "test"])
    parser.add_argument(
        "--limit", type=positive_integer, metavar="N", help="evaluate only the first N samples"
    )
    parser.add_argument(
        "--weights", type=numbers, metavar=".33,.67", help="weights of the fused runs"
    )
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
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate the runs, and print the scores with their signatures."""
    from lrcn_seq.runs.folder import check_trained

    folders, overrides = split_overrides(arguments.runs)
    if not folders:
        raise UsageError("Expected a run folder. Received: none.")
    for folder in folders:
        check_trained(Path(folder))
    from lrcn_seq.runs import evaluate_runs  # imports Keras

    evaluation = evaluate_runs(
        folders,
        overrides=overrides,
        split=arguments.split,
        limit=arguments.limit,
        weights=arguments.weights,
        retrieval=arguments.retrieval,
        coco_results=arguments.coco_results,
    )
    scores = evaluation.scores
    if arguments.json:
        print_json(scores)
        return 0
    for name, value in scores["metrics"].items():
        print_line(f"{name:11} {value:.4f}  {scores['signatures'][name]}")
    print_line(f"{scores['count']} samples of {scores['split']}; {evaluation.remark}")
    for direction, recall in scores.get("retrieval", {}).items():
        print_line(f"{direction}: {recall}")
    return 0
