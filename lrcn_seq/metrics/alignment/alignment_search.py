"""Resolution of an alignment: METEOR's beam search over conflicting matches.

It maximizes the covered words, then minimizes the chunks, then the distances of matches (Denkowski
and Lavie 2014, section 2). Each word belongs to at most one match. The order of the search,
including ties, is that of METEOR 1.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

BEAM = 40
# The cost of a path is one integer: chunks · CHUNK + distances of the matches − their gains, which
# are multiples of WORD.
CHUNK, WORD = 1 << 40, 1 << 64


class Match(NamedTuple):
    """A match of reference words `start:end` with hypothesis words `first:last`.

    Attributes:
        start: first reference word.
        end: end of the reference words, exclusive.
        first: first hypothesis word.
        last: end of the hypothesis words, exclusive.
        reference_bits: the reference words as a bit mask.
        hypothesis_bits: the hypothesis words as a bit mask.
        gain: amount by which the match reduces the cost of a path.
        distance: |start − first|.
        stage: 0 exact, 1 stem, 2 synonym, 3 paraphrase.
    """

    start: int
    end: int
    first: int
    last: int
    reference_bits: int
    hypothesis_bits: int
    gain: int
    distance: int
    stage: int


Chosen = tuple[Match, "Chosen"] | tuple[()]
"""Linked list of matches, the latest first."""
Path = tuple[int, int, int, int, int, Chosen]
"""A partial alignment: cost, end of the open chunk in the hypothesis (−1 if none is open), end of
the latest match in the reference, bits of used hypothesis and reference words, matches."""


def make_match(start: int, length: int, first: int, size: int, *, stage: int) -> Match:
    """Return a match of `length` reference words with `size` hypothesis words.

    The gain is the number of matched words in both sentences. Inexact matches gain half of the
    words of each sentence, rounded down.
    """
    gain = length + size if stage == 0 else length // 2 + size // 2
    return Match(
        start,
        start + length,
        first,
        first + size,
        (1 << length) - 1 << start,
        (1 << size) - 1 << first,
        gain * WORD,
        abs(start - first),
        stage,
    )


def resolve(candidates: Sequence[Sequence[Match]]) -> tuple[list[Match], int]:
    """Select an alignment from the possible matches.

    Args:
        candidates: (L,) the matches that start at each reference word.

    Returns:
        The matches of the best alignment and its number of chunks.
    """
    certain = unambiguous_matches(candidates)
    hypothesis_bits = reference_bits = 0
    for match in certain.values():
        hypothesis_bits |= match.hypothesis_bits
        reference_bits |= match.reference_bits
    paths: list[Path] = [(0, -1, 0, hypothesis_bits, reference_bits, ())]
    last_choice = max(
        (word for word, matches in enumerate(candidates) if matches and word not in certain),
        default=-1,
    )
    for word, matches in enumerate(candidates):
        if len(paths) > 1:
            paths.sort(key=itemgetter(0))
            del paths[BEAM:]
            if word > last_choice:
                # From here on, all paths cost the same, except that an open chunk may add CHUNK.
                limit = paths[0][0] + CHUNK
                paths = [path for path in paths if path[0] <= limit]
        if word in certain:
            paths = [append_certain(path, certain[word]) for path in paths]
        else:
            paths = extend(paths, matches, word)
    paths.sort(key=itemgetter(0))
    costs = [
        (cost if end == -1 else cost + CHUNK, chosen) for cost, end, *_, chosen in paths[:BEAM]
    ]
    cost, chosen = min(costs, key=itemgetter(0))
    return [*certain.values(), *match_list(chosen)], cost % WORD // CHUNK


def match_list(chosen: Chosen) -> list[Match]:
    """Return a linked list of matches as a list."""
    matches = []
    while chosen:
        match, chosen = chosen
        matches.append(match)
    return matches


def unambiguous_matches(candidates: Sequence[Sequence[Match]]) -> Mapping[int, Match]:
    """Return the matches that share no word with another match, by their first reference word."""
    used_hypothesis = used_reference = shared_hypothesis = shared_reference = 0
    for matches in candidates:
        for match in matches:
            shared_hypothesis |= used_hypothesis & match.hypothesis_bits
            used_hypothesis |= match.hypothesis_bits
            shared_reference |= used_reference & match.reference_bits
            used_reference |= match.reference_bits
    return {
        word: matches[0]
        for word, matches in enumerate(candidates)
        if len(matches) == 1
        and not matches[0].hypothesis_bits & shared_hypothesis
        and not matches[0].reference_bits & shared_reference
    }


def append_certain(path: Path, match: Match) -> Path:
    """Return a path extended by an unambiguous match.

    The cost omits the gain and distance of the match, which are the same in all paths. It rises
    only if the match ends an open chunk.
    """
    cost, end, _, hypothesis_bits, reference_bits, chosen = path
    cost += CHUNK if end not in (-1, match.first) else 0
    return cost, match.last, match.end, hypothesis_bits, reference_bits, chosen


def extend(paths: list[Path], matches: Sequence[Match], word: int) -> list[Path]:
    """Return all continuations of the paths at a reference word.

    Each path is continued without a match, and with each match that does not conflict with it.

    Args:
        paths: partial alignments of the previous words.
        matches: matches that start at the word.
        word: index of the reference word.
    """
    extended: list[Path] = []
    for path in paths:
        cost, end, reached, hypothesis_bits, reference_bits, chosen = path
        if reference_bits >> word & 1:
            if word < reached:
                extended.append(path)
            continue
        for match in matches:
            if match.hypothesis_bits & hypothesis_bits or match.reference_bits & reference_bits:
                continue
            break_cost = CHUNK if end not in (-1, match.first) else 0
            extended.append(
                (
                    cost - match.gain + break_cost,
                    match.last,
                    match.end,
                    hypothesis_bits | match.hypothesis_bits,
                    reference_bits | match.reference_bits,
                    (match, chosen),
                )
            )
            # METEOR 1.5 adds the distance to the path without the match, not to the new path.
            cost += match.distance
        unmatched_cost = cost if end == -1 else cost + CHUNK
        extended.append((unmatched_cost, -1, reached + 1, hypothesis_bits, reference_bits, chosen))
    return extended or paths[:1]
