"""The search for an alignment of two sentences."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.metrics.alignment.alignment_search import (
    CHUNK,
    WORD,
    make_match,
    resolve,
    unambiguous_matches,
)

MATCHES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(1, 2),
        st.integers(0, 4),
        st.integers(1, 2),
        st.integers(0, 3),
    ),
    max_size=5,
    unique=True,
)


def conflict(a, b):
    """Return whether two matches share a word."""
    return bool(a.hypothesis_bits & b.hypothesis_bits or a.reference_bits & b.reference_bits)


def chunk_count(matches):
    """Return the number of chunks of an alignment."""
    return sum(
        before is None or before.end != match.start or before.last != match.first
        for before, match in itertools.pairwise([None, *sorted(matches)])
    )


def distance(alignment, candidates, certain):
    """Return the distance of an alignment as METEOR 1.5 sums it.

    An unambiguous match adds its own distance. At every other word that no earlier match covers,
    the possible matches are visited in order, and each one before the selected match adds its
    distance; all of them do if none is selected.
    """
    total = 0
    for word, matches in enumerate(candidates):
        earlier = [match for match in alignment if match.start < word or match in certain]
        if [match for match in matches if match in certain]:
            total += matches[0].distance
        elif not any(match.start <= word < match.end for match in earlier):
            for match in matches:
                if not any(conflict(match, other) for other in earlier):
                    if match in alignment:
                        break
                    total += match.distance
    return total


@settings(max_examples=500, deadline=None)
@given(MATCHES)
def test_the_alignment_has_the_lowest_cost_of_all(rows):
    """The selected alignment has the most words, then the fewest chunks and smallest distance."""
    matches = [
        make_match(start, length, first, size, stage=stage)
        for start, length, first, size, stage in rows
    ]
    certain = [m for m in matches if not any(conflict(m, o) for o in matches if o is not m)]
    candidates = [[match for match in matches if match.start == word] for word in range(6)]

    def cost(subset):
        words = sum(match.gain for match in subset)
        return -words, chunk_count(subset), distance(subset, candidates, certain)

    alignment, chunks = resolve(candidates)
    subsets = [
        subset
        for size in range(len(matches) + 1)
        for subset in itertools.combinations(matches, size)
        if not any(itertools.starmap(conflict, itertools.combinations(subset, 2)))
        and all(match in subset for match in certain)
    ]
    assert cost(alignment) == min(map(cost, subsets))
    assert chunks == chunk_count(alignment)


def test_gain_counts_words_of_exact_matches_in_full_and_of_others_half():
    """The gain of a match counts a word as 1 in an exact match and as 1/2 in other matches."""
    assert make_match(0, 3, 0, 1, stage=0).gain == 4 * WORD
    assert make_match(0, 3, 0, 1, stage=3).gain == WORD


def test_a_word_costs_more_than_any_number_of_chunks():
    """One aligned word outweighs any number of chunks, even in long sentences."""
    assert WORD > 10_000 * CHUNK > 10_000 * 10_000


def test_unambiguous_matches_share_no_word():
    """A match is unambiguous if it shares no word with another match."""
    rows = [[make_match(n, 1, first, 1, stage=0)] for n, first in enumerate((4, 4, 2))]
    assert unambiguous_matches(rows) == {2: rows[2][0]}


def test_the_first_of_equal_alignments_is_selected():
    """Of two equally good alignments, the one with earlier matches is selected."""
    alignment, _ = resolve([[make_match(0, 1, first, 1, stage=0) for first in (0, 2)], [], []])
    assert [match.first for match in alignment] == [0]


def test_a_chunk_continues_after_pruning():
    """A chunk continues with an unambiguous match after other paths have been pruned."""
    candidates = [
        [make_match(0, 2, 0, 2, stage=0), make_match(0, 1, 0, 1, stage=0)],
        [],
        [make_match(2, 1, 2, 1, stage=0)],
        [],
    ]
    alignment, chunks = resolve(candidates)
    assert (sorted(match.start for match in alignment), chunks) == ([0, 2], 1)


def test_30_equal_words_are_aligned_by_the_beam():
    """The beam search aligns 30 equal words, for which 30! alignments exist."""
    rows = [[make_match(n, 1, first, 1, stage=0) for first in range(30)] for n in range(30)]
    alignment, chunks = resolve(rows)
    assert (len(alignment), chunks) == (30, 1)
