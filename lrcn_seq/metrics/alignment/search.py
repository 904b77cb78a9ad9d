"""Which matches of two sentences to keep, so that no word is in two: METEOR's beam search, in its order, ties included.

Denkowski and Lavie 2014, section 2: as many words as possible, then as few chunks, then as little crossing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

BEAM = 40
# One number ranks a path: words matched (less is more) above chunks above distance.
CHUNK, WORD = 1 << 40, 1 << 64


class Match(NamedTuple):
    """Words `start:end` of the reference with words `first:last` of the hypothesis.

    theirs, ours: the same as bits. gain: how much the match counts in the search. distance: between the places. stage: how it was found.
    """

    start: int
    end: int
    first: int
    last: int
    theirs: int
    ours: int
    gain: int
    distance: int
    stage: int


def make_match(start: int, length: int, first: int, size: int, *, stage: int) -> Match:
    """A match of `length` reference words and `size` hypothesis words. Only exact ones count in full: others count half, rounded down."""
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
    """The matches kept, and in how many chunks they are. `candidates` (L,): for each reference word the matches that start there."""
    sure = sure_matches(candidates)
    ours = theirs = 0
    for match in sure.values():
        ours, theirs = ours | match.ours, theirs | match.theirs
    # A path: rank, where the last match ends in the hypothesis (-1: no chunk is open), where in the reference, words used in both, matches chosen.
    paths = [(0, -1, 0, ours, theirs, ())]
    choices = max(
        (place for place, here in enumerate(candidates) if here and place not in sure), default=-1
    )
    for place, here in enumerate(candidates):
        if len(paths) > 1:
            paths.sort(key=itemgetter(0))
            del paths[BEAM:]
            if place > choices:
                # All that is left is the same for every path, but for one chunk that may or may not go on.
                limit = paths[0][0] + CHUNK
                paths = [path for path in paths if path[0] <= limit]
        match = sure.get(place)
        if match:
            paths = [
                (
                    rank
                    - match.gain
                    + match.distance
                    + (CHUNK if end not in (-1, match.first) else 0),
                    match.last,
                    match.end,
                    ours,
                    theirs,
                    chosen,
                )
                for rank, end, _, ours, theirs, chosen in paths
            ]
        else:
            paths = step(paths, here, place)
    paths.sort(key=itemgetter(0))
    rank, chosen = min(
        (
            (rank if end == -1 else rank + CHUNK, chosen)
            for rank, end, _, _, _, chosen in paths[:BEAM]
        ),
        key=itemgetter(0),
    )
    kept = list(sure.values())
    while chosen:
        match, chosen = chosen
        kept.append(match)
    return kept, rank % WORD // CHUNK


def sure_matches(candidates: Sequence[Sequence[Match]]) -> Mapping[int, Match]:
    """Matches that share no word with any other."""
    once_ours = once_theirs = more_ours = more_theirs = 0
    for here in candidates:
        for match in here:
            more_ours, once_ours = more_ours | once_ours & match.ours, once_ours | match.ours
            more_theirs, once_theirs = (
                more_theirs | once_theirs & match.theirs,
                once_theirs | match.theirs,
            )
    return {
        place: here[0]
        for place, here in enumerate(candidates)
        if len(here) == 1 and not here[0].ours & more_ours and not here[0].theirs & more_theirs
    }


def step(paths: list[tuple], here: Sequence[Match], place: int) -> list[tuple]:
    """Every path with each match that starts here and is free, then without any."""
    following = []
    for path in paths:
        rank, end, reached, ours, theirs, chosen = path
        if theirs >> place & 1:
            if place < reached:
                following.append(path)
            continue
        for match in here:
            if not (match.ours & ours or match.theirs & theirs):
                cut = CHUNK if end not in (-1, match.first) else 0
                following.append(
                    (
                        rank - match.gain + cut,
                        match.last,
                        match.end,
                        ours | match.ours,
                        theirs | match.theirs,
                        (match, chosen),
                    )
                )
                # The original adds the distance to the path that goes on, not to the new one; so must this to rank alike.
                rank += match.distance
        following.append(
            (rank if end == -1 else rank + CHUNK, -1, reached + 1, ours, theirs, chosen)
        )
    return following or paths[:1]
