"""Edge cases and random captions for the tests of all caption metrics."""

from __future__ import annotations

from hypothesis import strategies as st

Row = tuple[str, list[str]]
"""A hypothesis with its references, tokenized."""

SENTENCE = st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join)
ROWS = st.lists(
    st.tuples(SENTENCE, st.lists(SENTENCE, min_size=1, max_size=7)), min_size=1, max_size=6
)

WHOLE = "a man rides a brown horse on the beach"
LONG = " ".join(str(number % 97) for number in range(10_000))
EDGES: dict[str, list[Row]] = {
    "one image": [(WHOLE, ["a man on a horse", "the man rides on the beach"])],
    "one reference": [
        (WHOLE, ["the man rides a horse"]),
        ("two dogs play", ["dogs play in the snow"]),
    ],
    "no common word": [("x y z", [WHOLE, "a b"]), ("two dogs play", ["one cat sleeps"])],
    "empty hypothesis": [("", [WHOLE]), ("two dogs play", ["dogs play in the snow"])],
    "empty reference": [(WHOLE, ["", WHOLE]), ("two dogs", [""])],
    "seven references": [
        (WHOLE, [WHOLE.rsplit(" ", cut)[0] for cut in range(1, 8)]),
        ("two dogs play", ["dogs play", "two dogs", "a dog", "dogs", "two", "snow", "play"]),
    ],
    "identical": [(WHOLE, [WHOLE]), ("two dogs play", ["two dogs play"] * 5)],
    "10,000 words": [(LONG, ["1 2 3 4 5", "90 91 92 93 94 95 96 0 1"]), ("1 2 3", [LONG])],
}


def columns(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Split test cases into a list of hypotheses and a list of references."""
    return [hypothesis for hypothesis, _ in rows], [references for _, references in rows]


def coco_scores(scorer, rows: list[Row]):
    """Return the corpus value and the sentence values of a scorer of pycocoevalcap."""
    references = dict(enumerate(row[1] for row in rows))
    hypotheses = {number: [row[0]] for number, row in enumerate(rows)}
    return scorer.compute_score(references, hypotheses)
