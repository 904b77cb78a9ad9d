"""Score runs by real decoding; write predictions, scores and report into the run, of several into the first, in the place of those there."""

from __future__ import annotations

import argparse
import json

from lrcn_seq.cli._files import parted, positive
from lrcn_seq.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="a run folder; several of one task are fused; data.source.key=value may stand among them",
    )
    parser.add_argument("--split", default="test", choices=["train", "dev", "test"])
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N samples")
    parser.add_argument("--weights", type=shares, metavar=".33,.67", help="of the fused runs")
    parser.add_argument(
        "--retrieval",
        action="store_true",
        help="also rank sentences by pictures and pictures by sentences",
    )
    parser.add_argument(
        "--coco-results",
        metavar="FILE",
        help="write the sentences in the format of the COCO server",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def shares(text: str) -> list[float]:
    """Numbers with commas between them."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected numbers like .33,.67. Received: {text!r}"
        ) from None


def run(arguments: argparse.Namespace) -> int:
    """Evaluates and prints the scores with their signatures."""
    from lrcn_seq.runs import evaluate_runs

    folders, overrides = parted(arguments.runs)
    if not folders:
        raise UsageError("Expected a run folder. Received: none.")
    scores, remark = evaluate_runs(
        folders,
        overrides=overrides,
        split=arguments.split,
        limit=arguments.limit,
        weights=arguments.weights,
        retrieval=arguments.retrieval,
        coco_results=arguments.coco_results,
    )
    if arguments.json:
        print(json.dumps(scores))
        return 0
    for name, value in scores["metrics"].items():
        print(f"{name:11} {value:.4f}  {scores['signatures'][name]}")
    print(f"{scores['count']} samples of {scores['split']}; {remark}")
    for direction, row in scores.get("retrieval", {}).items():
        print(f"{direction}: {row}")
    return 0
