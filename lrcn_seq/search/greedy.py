"""The most probable word at every step."""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Hypotheses, NotNegative, NumberNotNegative, Special
from lrcn_seq.registry import searches
from lrcn_seq.search._choice import Length, Rules, candidates, normalized
from lrcn_seq.search._rows import row_count, while_rows
from lrcn_seq.search.base import Search


@searches.register
class Greedy(Search):
    """One sentence for each row, K = 1.

    Args:
        length: how the score is made from the log probability: none, average over words, or gnmt with `alpha`.
        minimum_length: words that come before the end at least.
        block_ngram: no n words in a row twice; 0 allows it.
        suppress_unknown: never the unknown word.
    """

    def __init__(self, *, length: Length = "average", alpha: NumberNotNegative = 0.6, minimum_length: NotNegative = 0, block_ngram: NotNegative = 0, suppress_unknown: bool = True):
        self.length, self.alpha = length, alpha
        self.rules = Rules(minimum_length, block_ngram, suppress_unknown)

    def __call__(self, step, state, memory, *, special: Special, limit: int, seed: int = 0) -> Hypotheses:  # noqa: ARG002 - nothing is random here
        """The sentences; see `Search`."""
        self.rules.check(limit)
        B = row_count(state, memory)

        def body(carry, state):
            position, word, total, words = carry
            out = step(word, state, memory)
            gains, ids = candidates(out.logits, words, position, places=1, rules=self.rules, special=special)
            best = ops.argmax(gains, axis=1)[:, None]
            going = (word != special.end) & ops.isfinite(total)
            word = ops.where(going, ops.reshape(ops.take_along_axis(ids, best, axis=1), (B,)), special.end)
            total = total + ops.where(going, ops.reshape(ops.take_along_axis(gains, best, axis=1), (B,)), 0.0)
            written = (ops.arange(limit) == position) & going[:, None]
            return (position + 1, word, total, ops.where(written, word[:, None], words)), out.state

        def going_on(carry):
            position, word, total, _ = carry
            return (position < limit) & ops.any((word != special.end) & ops.isfinite(total))

        carry = (ops.zeros((), "int32"), ops.full((B,), special.start, "int32"), ops.zeros((B,), "float32"), ops.full((B, limit), special.pad, "int32"))
        _, _, total, words = while_rows(going_on, body, carry, state)
        words = ops.where(ops.isfinite(total)[:, None], words, special.pad)
        lengths = ops.sum(ops.cast(words != special.pad, "int32"), axis=1)
        scores = normalized(total, ops.maximum(lengths, 1), kind=self.length, alpha=self.alpha)
        return Hypotheses(words[:, None], scores[:, None], lengths[:, None], total[:, None])
