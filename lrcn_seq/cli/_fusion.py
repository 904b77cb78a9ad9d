"""Options for several runs that predict together, and for a run that ranks captions again."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.cli._arguments import numbers, share
from lrcn_seq.errors import UsageError

if TYPE_CHECKING:
    from lrcn_seq.tasks import Ensemble, Task

AVERAGES = ("probabilities", "log_probabilities")
RESCORE_WEIGHT = 0.5


def add_fusion(parser: argparse.ArgumentParser, *, rescoring: bool = True) -> None:
    """Add the options of a prediction verb for further runs.

    Args:
        parser: the parser of the verb.
        rescoring: whether the verb accepts runs that write captions.
    """
    parser.add_argument(
        "--fuse",
        action="append",
        default=[],
        metavar="RUN",
        help="a further run that predicts together with the first one; may be repeated",
    )
    add_mean(parser)
    if rescoring:
        add_rescoring(parser)


def add_mean(parser: argparse.ArgumentParser) -> None:
    """Add the options for the mean of fused runs."""
    parser.add_argument(
        "--weights", type=numbers, metavar=".33,.67", help="weights of the fused runs"
    )
    parser.add_argument(
        "--average",
        choices=AVERAGES,
        help="the mean of fused runs (default: log_probabilities of words, probabilities of "
        "classes)",
    )


def add_rescoring(parser: argparse.ArgumentParser) -> None:
    """Add the options for a run that ranks captions again."""
    parser.add_argument(
        "--rescore",
        metavar="RUN",
        help="rank all captions that the search finds again, by their mean score under this run "
        "and the others",
    )
    parser.add_argument(
        "--rescore-weight",
        type=share,
        metavar="W",
        help=f"weight of the score under the run of --rescore (default: {RESCORE_WEIGHT})",
    )


def check_fusion(arguments: argparse.Namespace) -> None:
    """Raise UsageError for options of a prediction verb that need further runs.

    Args:
        arguments: the arguments of the call.
    """
    from lrcn_seq.runs.ensembles import check_weights

    given = vars(arguments)
    for name in ("weights", "average"):
        if given.get(name) is not None and not given.get("fuse"):
            raise UsageError(
                f"--{name}: expected --fuse RUN as well. Received: one run; add a run to fuse."
            )
    check_weights(given.get("weights"), 1 + len(given.get("fuse") or ()))
    check_rescore_option(given)


def check_rescore_option(given: Mapping[str, Any]) -> None:
    """Raise UsageError if a weight is given without a run that ranks captions again."""
    if given.get("rescore_weight") is not None and given.get("rescore") is None:
        raise UsageError(
            "--rescore-weight: expected --rescore RUN as well. Received: "
            f"--rescore-weight={given['rescore_weight']} alone; add a run."
        )


def rescore_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `load_ensemble` for rescoring; none without `--rescore`."""
    if given.get("rescore") is None:
        return {}
    weight = given.get("rescore_weight")
    return {
        "rescore": given["rescore"],
        "rescore_weight": RESCORE_WEIGHT if weight is None else weight,
    }


def run_names(arguments: argparse.Namespace) -> list[str]:
    """Return the names of all runs of a prediction verb, the one for rescoring last."""
    given = vars(arguments)
    rescorer = given.get("rescore")
    return [given["run"], *(given.get("fuse") or ()), *([rescorer] if rescorer else ())]


def load_predictor(folders: Sequence[Path], arguments: argparse.Namespace) -> Task | Ensemble:
    """Load the task of one run, or an ensemble.

    Args:
        folders: the folders of the runs of `run_names`.
        arguments: the arguments of the call.
    """
    import lrcn_seq

    if len(folders) == 1:
        return lrcn_seq.load(folders[0])
    given, runs = vars(arguments), list(folders)
    options = rescore_options(given)
    if options:
        options["rescore"] = runs.pop()
    return lrcn_seq.load_ensemble(
        runs, weights=given.get("weights"), average=given.get("average"), **options
    )
