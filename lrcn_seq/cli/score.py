"""Score sentences against references: BLEU, ROUGE-L, CIDEr, METEOR as the COCO evaluation code gives them, without Java.

Hypotheses: COCO results JSON, JSON lines {"id", "caption"}, or text, a sentence a line; several files are several systems.
References: COCO annotations, JSON {id: [sentence, ...]}, JSON lines {"id", "captions": [...]}, or one or more text files.
A metric may have options: bleu:variant=sacrebleu, cider:frequencies=coco.npz, meteor:stages=exact_stem; `lrcn parts metrics cider` lists them.

  lrcn score --hypotheses results.json --references annotations.json --metrics bleu,rouge_l,cider,meteor
  lrcn score --hypotheses ours.json theirs.json --references references.json --paired
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrcn_seq.errors import Problem


FEW = 30
"""Below this many sentences, or groups of clips, their resamples are too much alike for an interval."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument(
        "--hypotheses",
        nargs="+",
        required=True,
        metavar="FILE",
        help="what is to be scored, one file a system",
    )
    parser.add_argument(
        "--references", nargs="+", required=True, metavar="FILE", help="what it is scored against"
    )
    parser.add_argument(
        "--metrics",
        default="bleu",
        help="names with commas between them: bleu,rouge_l,cider,meteor (default: bleu)",
    )
    parser.add_argument(
        "--tokenize",
        default="ptb",
        choices=["ptb", "none", "13a"],
        help="how sentences become words (default: ptb)",
    )
    parser.add_argument(
        "--per-sentence", action="store_true", help="the scores of every sentence, too"
    )
    parser.add_argument(
        "--paired", action="store_true", help="compare each pair of systems by a paired bootstrap"
    )
    parser.add_argument("--intervals", action="store_true", help="95 %% intervals by bootstrap")
    parser.add_argument(
        "--subset", action="store_true", help="allow references without a hypothesis"
    )
    parser.add_argument(
        "--health",
        action="store_true",
        help="diversity, lengths and repetition of the hypotheses, too",
    )
    parser.add_argument(
        "--training",
        metavar="FILE",
        help="training captions, for the share of novel ones in --health",
    )
    parser.add_argument(
        "--unknown",
        metavar="WORD",
        help="how the unknown word is written, for its share in --health",
    )
    parser.add_argument(
        "--save-frequencies",
        metavar="FILE.npz",
        help="keep the references' document frequencies for CIDEr of other sets",
    )
    parser.add_argument(
        "--format",
        default="text",
        choices=["text", "markdown", "latex"],
        help="of the table (default: text)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Prints the scores."""
    from lrcn_seq.errors import UsageError
    from lrcn_seq.metrics.scoring.caption_files import read_references
    from lrcn_seq.metrics.scoring.score_functions import score_corpus
    from lrcn_seq.metrics.scoring.significance import paired_corpora

    if arguments.paired and len(arguments.hypotheses) < 2:
        raise UsageError("--paired: expected at least two files of hypotheses. Received: one.")
    measures = chosen_metrics(arguments.metrics)
    references = read_references(arguments.references)
    corpora = {
        name: corpus(path, references, arguments)
        for name, path in named(arguments.hypotheses).items()
    }
    save_frequencies(references, arguments)
    results = {
        name: score_corpus(own, measures).as_dict(sentences=arguments.per_sentence)
        for name, own in corpora.items()
    }
    for name, own in corpora.items():
        results[name] |= extras(own, measures, named(arguments.hypotheses)[name], arguments)
    rows = [row._asdict() for row in paired_corpora(corpora, measures)] if arguments.paired else []
    show(results, rows, arguments)
    hint(results, bootstrapped=arguments.intervals or arguments.paired)
    return 0


def chosen_metrics(text: str) -> list:
    """The metrics that were named."""
    from lrcn_seq.errors import ConfigError, UsageError
    from lrcn_seq.metrics.scoring.metric_specs import metric_specs
    from lrcn_seq.metrics.scoring.score_functions import make_metrics

    try:
        return make_metrics(metric_specs(text))
    except ConfigError as error:
        raise UsageError(
            f"--metrics: {' '.join(told(problem) for problem in error.problems)}"
        ) from None


def told(problem: Problem) -> str:
    """The sentence of a problem, with the option that it is about."""
    option = problem.place.partition(".")[2]
    return problem.message if option in ("", "type") else f"{option}: {problem.message}"


def corpus(path: str, references: dict[str, list[str]], arguments: argparse.Namespace):
    """One system with its references; what does not match is told with the file's name."""
    from lrcn_seq.errors import ArgumentError, DataError
    from lrcn_seq.metrics import make_corpus
    from lrcn_seq.metrics.scoring.caption_files import Lines, read_hypotheses

    hypotheses = read_hypotheses(path)
    if isinstance(hypotheses, Lines) != isinstance(references, Lines):
        raise DataError(
            f"{path} with {', '.join(arguments.references)}: expected text with text, matched by line, or JSON with JSON, matched by id. Received: one of each."
        )
    if isinstance(hypotheses, Lines) and (
        len(hypotheses) > len(references)
        or (len(hypotheses) < len(references) and not arguments.subset)
    ):
        raise DataError(
            f"{path} with {', '.join(arguments.references)}: expected equally many lines. Received: {len(hypotheses)} hypotheses, {len(references)} lines of references."
        )
    try:
        return make_corpus(
            hypotheses, references, tokenize=arguments.tokenize, subset=arguments.subset
        )
    except ArgumentError as error:
        raise DataError(f"{path} with {', '.join(arguments.references)}: {error}") from None


def extras(own, measures, path: str, arguments: argparse.Namespace) -> dict:
    """What was asked for beside the scores."""
    from lrcn_seq.metrics import health
    from lrcn_seq.metrics.scoring.caption_files import read_hypotheses, read_references
    from lrcn_seq.metrics.scoring.significance import interval_rows

    found = {}
    if arguments.intervals:
        found["intervals"] = {
            row.metric: [row.low, row.high]
            for measure in measures
            for row in interval_rows(measure, own)
        }
    if arguments.health:
        training = (
            [text for group in read_references([arguments.training]).values() for text in group]
            if arguments.training
            else None
        )
        found["health"] = health(
            read_hypotheses(path),
            training_captions=training,
            unknown=arguments.unknown,
            tokenize=arguments.tokenize,
        )._asdict()
    return found


def save_frequencies(references: dict[str, list[str]], arguments: argparse.Namespace) -> None:
    """Keeps the document frequencies, where asked to."""
    if arguments.save_frequencies:
        from lrcn_seq.metrics import document_frequencies

        document_frequencies(references, tokenize=arguments.tokenize).save(
            arguments.save_frequencies
        )
        print(
            f"{arguments.save_frequencies}: document frequencies of {len(references)} images",
            file=sys.stderr,
        )


def named(paths: list[str]) -> dict[str, str]:
    """A name for each file: its stem, or the whole path where stems are equal.

    Raises:
        UsageError: a file is named twice.
    """
    from lrcn_seq.errors import UsageError

    if len(set(paths)) < len(paths):
        raise UsageError(
            f"--hypotheses: expected every file once. Received: {max(paths, key=paths.count)} twice."
        )
    stems = [Path(path).stem for path in paths]
    return {
        stem if stems.count(stem) == 1 else path: path
        for stem, path in zip(stems, paths, strict=True)
    }


def show(results: dict[str, dict], rows: list[dict], arguments: argparse.Namespace) -> None:
    """One JSON object, or tables."""
    from lrcn_seq.metrics.scoring.score_tables import (
        difference_table,
        health_table,
        notes,
        score_table,
        sentence_table,
    )

    if arguments.json:
        only = next(iter(results.values()))
        print(
            json.dumps(
                only if len(results) == 1 else {"systems": results, "paired": rows},
                ensure_ascii=False,
            )
        )
        return
    tables = [
        score_table(results),
        *[
            sentence_table(name, result)
            for name, result in results.items()
            if arguments.per_sentence
        ],
    ]
    tables += [difference_table(rows)] if rows else []
    tables += [health_table(results)] if arguments.health else []
    print("\n\n".join(table.as_text(arguments.format) for table in tables))
    print("", *notes(signatures(results, rows, arguments), arguments.format), sep="\n")


def signatures(
    results: dict[str, dict], rows: list[dict], arguments: argparse.Namespace
) -> list[str]:
    """How the numbers of the tables were made, a line each."""
    from lrcn_seq.metrics.scoring.significance import bootstrap_signature

    lines = dict.fromkeys(
        line for result in results.values() for line in result["signatures"].values()
    )
    bootstrap = [
        name for name, there in (("interval", arguments.intervals), ("p", bool(rows))) if there
    ]
    return [
        *lines,
        *(f"{name}|{bootstrap_signature(paired=name == 'p')}" for name in bootstrap),
    ]


def hint(results: dict[str, dict], *, bootstrapped: bool) -> None:
    """Tells on stderr why CIDEr is 0 where it cannot be anything else, and when intervals are not to be believed."""
    least = min(result["count"] for result in results.values())
    if bootstrapped and least < FEW:
        print(
            f"lrcn score: a bootstrap over {least} sentence{'s' * (least > 1)} says little; intervals and p want {FEW} or more.",
            file=sys.stderr,
        )
    if any(
        "|frequencies:references(1)" in result["signatures"].get("cider", "")
        for result in results.values()
    ):
        print(
            "lrcn score: CIDEr from the document frequencies of one picture is always 0; keep those of a larger set by --save-frequencies FILE.npz "
            "and score with --metrics cider:frequencies=FILE.npz.",
            file=sys.stderr,
        )
