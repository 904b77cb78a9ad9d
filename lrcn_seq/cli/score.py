"""Score captions against references: BLEU, ROUGE-L, CIDEr and METEOR, without Java.

The scores equal those of the COCO evaluation code.
Hypotheses: COCO results JSON, JSON lines {"id", "caption"}, the predictions.jsonl of a run, what
`lrcn caption` and `lrcn describe` write with --output, CSV with the columns id (or file) and
caption, or text with one caption per line; several files are several systems.
References: COCO annotations, JSON {id: [caption, ...]}, JSON lines {"id", "captions": [...]}, what
`lrcn evaluate` writes with --references-out, CSV with the columns id (or file) and caption, or one
or more text files.
A file named - is stdin. Files are matched with ids by the end of their path, such as val/1.jpg.
A metric may have options: bleu:variant=sacrebleu, cider:frequencies=coco.npz,
meteor:stages=exact_stem; `lrcn parts metrics cider` lists them.

  lrcn score --hypotheses results.json --references coco.json --metrics bleu,rouge_l,cider,meteor
  lrcn score --hypotheses ours.json theirs.json --references references.json --paired
  cat captions.csv | lrcn score --hypotheses - --references references.csv
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.errors import ArgumentError, ConfigError, DataError, UsageError
from lrcn_seq.terminal import print_json, print_line, print_note

if TYPE_CHECKING:
    from lrcn_seq.errors import Problem
    from lrcn_seq.metrics import Corpus, Metric

References = Mapping[str, Sequence[str]]
Results = Mapping[str, dict[str, Any]]
"""The `--json` object of each system, by system name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    _add_files(parser)
    _add_scores(parser)
    parser.add_argument(
        "--format",
        default="text",
        choices=["text", "markdown", "latex"],
        help="format of the tables (default: text)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_files(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the input and output files."""
    parser.add_argument(
        "--hypotheses",
        nargs="+",
        required=True,
        metavar="FILE",
        help="captions to score, one file per system",
    )
    parser.add_argument(
        "--references", nargs="+", required=True, metavar="FILE", help="captions to compare with"
    )
    parser.add_argument(
        "--subset", action="store_true", help="allow references without a hypothesis"
    )
    parser.add_argument(
        "--training",
        metavar="FILE",
        help="training captions, for the share of novel captions in --health",
    )
    parser.add_argument(
        "--save-frequencies",
        metavar="FILE.npz",
        help="save the document frequencies of the references, for CIDEr on other data",
    )


def _add_scores(parser: argparse.ArgumentParser) -> None:
    """Add the options for metrics, tokenization, significance tests and caption diversity."""
    parser.add_argument(
        "--metrics",
        default="bleu",
        help="names separated by commas: bleu,rouge_l,cider,meteor (default: bleu)",
    )
    parser.add_argument(
        "--tokenize",
        default="ptb",
        choices=["ptb", "none", "13a"],
        help="how captions are split into words (default: ptb)",
    )
    parser.add_argument(
        "--per-sentence", action="store_true", help="also print the scores of every caption"
    )
    parser.add_argument(
        "--paired", action="store_true", help="compare each pair of systems by a paired bootstrap"
    )
    parser.add_argument("--intervals", action="store_true", help="also 95 %% bootstrap intervals")
    parser.add_argument(
        "--health",
        action="store_true",
        help="also print the diversity, lengths and repetition of the hypotheses",
    )
    parser.add_argument(
        "--unknown", metavar="WORD", help="token of unknown words, for their share in --health"
    )


def run(arguments: argparse.Namespace) -> int:
    """Score all systems, and print tables or one JSON object."""
    from lrcn_seq.metrics.scoring.caption_files import read_hypotheses, read_references
    from lrcn_seq.metrics.scoring.score_functions import score_corpus
    from lrcn_seq.metrics.scoring.significance import paired_corpora

    if arguments.paired and len(arguments.hypotheses) < 2:
        raise UsageError("--paired: expected at least two files of hypotheses. Received: one.")
    check_stdin(arguments)
    metrics = parse_metrics(arguments.metrics)
    references = read_references(arguments.references)
    paths = system_paths(arguments.hypotheses)
    hypotheses = {
        name: match_references(read_hypotheses(path), references) for name, path in paths.items()
    }
    corpora = {
        name: build_corpus(paths[name], found, references, arguments)
        for name, found in hypotheses.items()
    }
    if arguments.save_frequencies:
        save_frequencies(references, arguments)
    results: dict[str, dict[str, Any]] = {
        name: {
            **score_corpus(corpus, metrics).as_dict(sentences=arguments.per_sentence),
            **extra_results(corpus, metrics, hypotheses[name], arguments),
        }
        for name, corpus in corpora.items()
    }
    pairs = [row._asdict() for row in paired_corpora(corpora, metrics)] if arguments.paired else []
    print_results(results, pairs, arguments)
    print_warnings(results, bootstrap=arguments.intervals or arguments.paired)
    return 0


def parse_metrics(text: str) -> list[Metric]:
    """Build the metrics that `--metrics` names.

    Raises:
        UsageError: a metric does not exist, or one of its options is invalid.
    """
    from lrcn_seq.metrics.scoring.metric_specs import metric_specs
    from lrcn_seq.metrics.scoring.score_functions import make_metrics

    try:
        return make_metrics(metric_specs(text))
    except ConfigError as error:
        message = " ".join(option_message(problem) for problem in error.problems)
        raise UsageError(f"--metrics: {message}") from None


def option_message(problem: Problem) -> str:
    """Return the message of a problem, preceded by the metric option that it concerns, if any."""
    option = problem.place.partition(".")[2]
    return problem.message if option in ("", "type") else f"{option}: {problem.message}"


def check_stdin(arguments: argparse.Namespace) -> None:
    """Raise UsageError if stdin is given twice, since it can be read only once."""
    training = [arguments.training] if arguments.training else []
    if [*arguments.hypotheses, *arguments.references, *training].count("-") > 1:
        raise UsageError("Expected stdin (-) once. Received: - twice; give a file instead.")


def match_references(hypotheses: Mapping[str, str], references: References) -> Mapping[str, str]:
    """Replace the files of hypotheses by the ids of their references.

    Hypotheses with ids or line numbers are returned unchanged.
    """
    from lrcn_seq.metrics.scoring.caption_files import Files, Lines
    from lrcn_seq.metrics.scoring.file_ids import match_files

    if not isinstance(hypotheses, Files) or isinstance(references, Lines):
        return hypotheses
    ids = match_files(hypotheses, references)
    if len(set(ids)) < len(ids):  # two files of one name; keep their paths
        return hypotheses
    return dict(zip(ids, hypotheses.values(), strict=True))


def build_corpus(
    path: str,
    hypotheses: Mapping[str, str],
    references: References,
    arguments: argparse.Namespace,
) -> Corpus:
    """Match the hypotheses of one system with the references.

    Raises:
        DataError: the ids or lines do not match.
    """
    from lrcn_seq.metrics import make_corpus
    from lrcn_seq.metrics.scoring.caption_files import Lines

    pair = f"{path} with {', '.join(arguments.references)}"
    by_line = isinstance(hypotheses, Lines)
    if by_line != isinstance(references, Lines):
        raise DataError(
            f"{pair}: expected text with text, matched by line, or JSON with JSON, matched by id. "
            "Received: text and JSON; convert one of them."
        )
    surplus = len(references) - len(hypotheses)
    if by_line and (surplus < 0 or (surplus > 0 and not arguments.subset)):
        raise DataError(
            f"{pair}: expected equally many lines. Received: {len(hypotheses)} hypotheses, "
            f"{len(references)} lines of references; add the missing lines."
        )
    try:
        return make_corpus(
            hypotheses, references, tokenize=arguments.tokenize, subset=arguments.subset
        )
    except ArgumentError as error:
        raise DataError(f"{pair}: {error}") from None


def extra_results(
    corpus: Corpus,
    metrics: Sequence[Metric],
    hypotheses: Mapping[str, str],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Return the entries `intervals` and `health` of the results of a system, if requested."""
    from lrcn_seq.metrics.scoring.significance import interval_rows

    results: dict[str, Any] = {}
    if arguments.intervals:
        results["intervals"] = {
            row.metric: [row.low, row.high]
            for metric in metrics
            for row in interval_rows(metric, corpus)
        }
    if arguments.health:
        results["health"] = health_of(hypotheses, arguments)
    return results


def health_of(hypotheses: Mapping[str, str], arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the diversity, lengths and repetition of the hypotheses of a system."""
    from lrcn_seq.metrics import health
    from lrcn_seq.metrics.scoring.caption_files import read_references

    training = None
    if arguments.training:
        groups = read_references([arguments.training]).values()
        training = [caption for group in groups for caption in group]
    return health(
        hypotheses,
        training_captions=training,
        unknown=arguments.unknown,
        tokenize=arguments.tokenize,
    )._asdict()


def save_frequencies(references: References, arguments: argparse.Namespace) -> None:
    """Save the document frequencies of the references."""
    from lrcn_seq.metrics import document_frequencies

    path = arguments.save_frequencies
    document_frequencies(references, tokenize=arguments.tokenize).save(path)
    print_note(f"{path}: document frequencies of {len(references)} images")


def system_paths(paths: Sequence[str]) -> dict[str, str]:
    """Return the hypothesis file of each system by name: the stem, or the path if stems repeat.

    The system of stdin (`-`) is named stdin.

    Raises:
        UsageError: a file is given twice.
    """
    if len(set(paths)) < len(paths):
        repeated = max(paths, key=paths.count)
        raise UsageError(
            f"--hypotheses: expected every file once. Received: {repeated} twice; remove one."
        )
    stems = ["stdin" if path == "-" else Path(path).stem for path in paths]
    return {
        stem if stems.count(stem) == 1 else path: path
        for stem, path in zip(stems, paths, strict=True)
    }


def print_results(
    results: Results, pairs: Sequence[dict[str, Any]], arguments: argparse.Namespace
) -> None:
    """Print one JSON object, or tables with their signatures.

    Args:
        results: the results of each system.
        pairs: the comparison of each pair of systems by each metric.
        arguments: the options of the call.
    """
    if not arguments.json:
        print_tables(results, pairs, arguments)
    elif len(results) == 1:
        print_json(next(iter(results.values())))
    else:
        print_json({"systems": results, "paired": pairs})


def print_tables(
    results: Results, pairs: Sequence[dict[str, Any]], arguments: argparse.Namespace
) -> None:
    """Print the table of scores, the other requested tables, and the signatures."""
    from lrcn_seq.metrics.scoring.score_tables import (
        difference_table,
        health_table,
        notes,
        score_table,
        sentence_table,
    )

    tables = [score_table(results)]
    if arguments.per_sentence:
        tables += [sentence_table(name, result) for name, result in results.items()]
    if pairs:
        tables.append(difference_table(pairs))
    if arguments.health:
        tables.append(health_table(results))
    print("\n\n".join(table.as_text(arguments.format) for table in tables))
    lines = signatures(results, intervals=arguments.intervals, paired=bool(pairs))
    print()
    for line in notes(lines, arguments.format):
        print_line(line)


def signatures(results: Results, *, intervals: bool, paired: bool) -> list[str]:
    """Return the signatures, which state how the numbers in the tables were computed."""
    from lrcn_seq.metrics.scoring.significance import bootstrap_signature

    lines = list(
        dict.fromkeys(line for result in results.values() for line in result["signatures"].values())
    )
    if intervals:
        lines.append(f"interval|{bootstrap_signature()}")
    if paired:
        lines.append(f"p|{bootstrap_signature(paired=True)}")
    return lines


def print_warnings(results: Results, *, bootstrap: bool) -> None:
    """Warn on stderr of a bootstrap over few sentences, and of a CIDEr that is always 0."""
    from lrcn_seq.metrics.scoring.significance import RELIABLE_SEGMENTS

    count = min(result["count"] for result in results.values())
    if bootstrap and count < RELIABLE_SEGMENTS:
        print_note(
            f"lrcn score: a bootstrap over {count} sentence{'s' * (count > 1)} is not reliable; "
            f"use {RELIABLE_SEGMENTS} or more."
        )
    cider = [result["signatures"].get("cider", "") for result in results.values()]
    if any("|frequencies:references(1)" in signature for signature in cider):
        print_note(
            "lrcn score: CIDEr from the document frequencies of one image is always 0; save those "
            "of a larger set with --save-frequencies FILE.npz and score with "
            "--metrics cider:frequencies=FILE.npz."
        )
