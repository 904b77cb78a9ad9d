"""Greedy search: the most probable word at every step."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from lrcn_seq.records import (
    Hypotheses,
    NotNegative,
    NumberAtLeastOne,
    NumberNotNegative,
    Special,
    Tensor,
)
from lrcn_seq.registry import searches
from lrcn_seq.search._constrained_search import ConstrainedSearch, Texts
from lrcn_seq.search._constraints import (
    AtLimit,
    Constraints,
    candidates,
    penalize_repetition,
)
from lrcn_seq.search._decoding_loop import decode
from lrcn_seq.search._hypotheses import assemble, sentence_lengths
from lrcn_seq.search._length_normalization import Length
from lrcn_seq.search.base import Seed, Step, Tree


@searches.register
class Greedy(ConstrainedSearch):
    """Greedy search for one sentence per row (K = 1): the most probable word at every step.

    Args:
        length: the length normalization of the score. `none` keeps the log probability, `average`
            divides it by the number of words n, `power` by n^alpha, and `gnmt` by
            ((5 + n) / 6)^alpha (Wu et al. 2016, equation 14).
        alpha: the exponent of `power` and `gnmt`.
        word_reward: a number added to the score for every word; larger values prefer longer
            sentences.
        minimum_length: the smallest number of words before the end word.
        block_ngram: the size n of the n-grams that may not occur twice in a sentence; 0 allows
            repetition.
        repetition_penalty: the factor, at least 1, of the log probability of a word that the
            sentence contains already (Keskar et al. 2019, section 4.1). The
            score contains no penalty.
        suppress_unknown: whether to forbid the unknown word.
        prefix: the text with which every sentence begins. Its words need not satisfy the other
            constraints; their log probabilities count.
        forbidden: words and phrases that may not occur.
        forbidden_endings: words and phrases after which the end word is forbidden, such as `a` and
            `with`. A sentence that is cut at the word limit can still end there.
        repeatable: words that `block_ngram` ignores as the last word of an n-gram.
        at_limit: `compete` returns a sentence without an end word at the word limit as it is;
            `force` makes the end word its last word and adds its log probability.
    """

    def __init__(
        self,
        *,
        length: Length = "average",
        alpha: NumberNotNegative = 0.6,
        word_reward: NumberNotNegative = 0.0,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        repetition_penalty: NumberAtLeastOne = 1.0,
        suppress_unknown: bool = True,
        prefix: str = "",
        forbidden: Sequence[str] = (),
        forbidden_endings: Sequence[str] = (),
        repeatable: Sequence[str] = (),
        at_limit: AtLimit = "compete",
    ):
        self.length, self.alpha, self.word_reward = length, alpha, word_reward
        super().__init__(
            Constraints(
                minimum_length,
                block_ngram,
                suppress_unknown,
                at_limit,
                repetition_penalty=repetition_penalty,
            ),
            Texts(prefix, forbidden, forbidden_endings, repeatable),
        )

    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: Seed = 0,  # noqa: ARG002 - greedy search is deterministic
    ) -> Hypotheses:
        """Return the hypotheses; see `Search`."""
        self.constraints.check(limit)

        def choose(logits: Tensor, words: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
            gains, ids = candidates(
                logits, words, position, count=1, constraints=self.constraints, special=special
            )
            scores = penalize_repetition(gains, ids, words, position, self.constraints)
            best = ops.cast(ops.top_k(scores, 1)[1], "int32")
            word = ops.take_along_axis(ids, best, axis=1)[:, 0]
            return word, ops.take_along_axis(gains, best, axis=1)[:, 0]

        words, total = decode(choose, step, state, memory, special=special, limit=limit)
        length = ops.maximum(sentence_lengths(words, special), 1)
        scores = self.score(total, length)
        return assemble(
            words[:, None], scores[:, None], total[:, None], special=special, strict=self.strict
        )
