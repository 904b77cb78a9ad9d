"""The most probable word at every step."""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Hypotheses, NotNegative, NumberNotNegative, Special
from lrcn_seq.registry import searches
from lrcn_seq.search._choice import Length, Rules, candidates, normalized
from lrcn_seq.search._walk import handed_over, walk, word_counts
from lrcn_seq.search.base import Search


@searches.register
class Greedy(Search):
    """One sentence for each row, K = 1.

    Args:
        length: what the score is: the log probability (none), its average over words, or gnmt with `alpha`.
        minimum_length: words that come before the end at least.
        block_ngram: no n words in a row twice; 0 allows it.
        suppress_unknown: never the unknown word.
    """

    def __init__(
        self,
        *,
        length: Length = "average",
        alpha: NumberNotNegative = 0.6,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        suppress_unknown: bool = True,
    ):
        self.length, self.alpha = length, alpha
        self.rules = Rules(minimum_length, block_ngram, suppress_unknown)

    def __call__(self, step, state, memory, *, special: Special, limit: int, seed=0) -> Hypotheses:  # noqa: ARG002 - nothing is random here
        """The sentences; see `Search`."""
        self.rules.check(limit)

        def choose(logits, words, position):
            gains, ids = candidates(
                logits, words, position, places=1, rules=self.rules, special=special
            )
            best = ops.argmax(gains, axis=1)[:, None]
            return ops.take_along_axis(ids, best, axis=1)[:, 0], ops.take_along_axis(
                gains, best, axis=1
            )[:, 0]

        words, total = walk(choose, step, state, memory, special=special, limit=limit)
        scores = normalized(
            total, ops.maximum(word_counts(words, special), 1), kind=self.length, alpha=self.alpha
        )
        return handed_over(words[:, None], scores[:, None], total[:, None], special=special)
