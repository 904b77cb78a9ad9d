"""Differences of the PTB tokenizer from the Java program, on four data sets and generated text.

    python tools/benchmarks/metrics_tokens.py DATA [LINES]

DATA is the folder with coco/, flickr8k/, msvd/ and tacos/. Lines with different
tokens go to stderr.
"""

import random
import re
import sys
from itertools import chain
from pathlib import Path

from metrics_data import SETS, parse_arguments

from lrcn_seq.metrics.ptb import tokenize

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/metrics"))
from make_samples import hard_line, java_tokens

# Known reasons for different tokens: Java treats a capital sigma before a digit or a hyphen as a
# final sigma, and reads a tag with an open quote beyond the end of the line.
REASONS = {
    "a capital sigma before a digit or a hyphen": re.compile("Σ[0-9-]"),
    "a tag with an open quote": re.compile("<[A-Za-z!?][^>]*[\"']"),
}


def different(lines: list[str]) -> list[tuple[str, str, str]]:
    """Return the lines with different tokens: each line, our tokens and Java's."""
    return [
        (line, ours, " ".join(theirs))
        for line, ours, theirs in zip(lines, tokenize(lines), java_tokens(lines), strict=True)
        if ours != " ".join(theirs)
    ]


def main(data: Path, count: int) -> None:
    """Print how many lines have different tokens, by data set, and by reason for generated text."""
    print("| text | lines | tokenized differently |\n|---|---:|---:|")
    for name, load in SETS.items():
        lines = [text.replace("\n", " ") for text in chain.from_iterable(load(data).values())]
        found = different(lines)
        print(f"| {name} | {len(lines)} | {len(found)} |", flush=True)
        print(*found[:20], sep="\n", file=sys.stderr)
    generator = random.Random(99)
    lines = [hard_line(generator) for _ in range(count)]
    found = different(lines)
    print(f"| generated hard text | {len(lines)} | {len(found)} |\n")
    for reason, pattern in REASONS.items():
        print(f"- {reason}: {sum(bool(pattern.search(line)) for line, _, _ in found)} of these")
    unexplained = [
        line for line, _, _ in found if not any(p.search(line) for p in REASONS.values())
    ]
    print(f"- neither reason: {len(unexplained)} of these")
    print(*found[:40], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main(*parse_arguments(__doc__, 100_000))
