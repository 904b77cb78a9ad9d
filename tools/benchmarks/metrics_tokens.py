"""The PTB tokenizer against the Java program: every caption of four data sets, and generated hard text; every line that differs.

python tools/benchmarks/metrics_tokens.py DATA [LINES]          # the folder with coco/, flickr8k/, msvd/ and tacos/
"""

import random
import re
import sys
from itertools import chain
from pathlib import Path

from metrics_data import SETS, given

from lrcn_seq.metrics.ptb import tokenize

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/metrics"))
from make_samples import hard_line, java_tokens

# Why lines differ. Java takes a capital sigma for a final one only where no letter follows in the same word, digits and hyphens
# included; and it looks for the end of a tag beyond the line when a quote in it is open.
REASONS = {
    "a capital sigma before a digit or a hyphen": re.compile("Σ[0-9-]"),
    "a tag with an open quote": re.compile("<[A-Za-z!?][^>]*[\"']"),
}


def different(lines: list[str]) -> list[tuple[str, str, str]]:
    """Lines with our text and the other, where they are not the same."""
    return [
        (line, ours, " ".join(theirs))
        for line, ours, theirs in zip(lines, tokenize(lines), java_tokens(lines), strict=True)
        if ours != " ".join(theirs)
    ]


def main(data: Path, count: int) -> None:
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
    print(
        f"- neither: {sum(not any(pattern.search(line) for pattern in REASONS.values()) for line, _, _ in found)} of these"
    )
    print(*found[:40], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main(*given(__doc__, 100_000))
