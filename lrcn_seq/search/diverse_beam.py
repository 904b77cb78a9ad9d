"""Diverse beam search: groups of beams, each of which avoids the words of the earlier groups.

Vijayakumar et al., "Diverse Beam Search: Decoding Diverse Solutions from Neural Sequence Models",
arXiv 1610.02424, 2016, algorithm 1 with the Hamming diversity of section 5.1. At every step, the
groups are extended one after the other. From the log probability of a word, `diversity` is
subtracted for each earlier group's beam that was extended by this word at the same step. The
penalties stay in the score, as in fairseq and Hugging Face Transformers.
"""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import BeamWidth, NotNegative, NumberAtLeastOne, NumberNotNegative, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search._beam_records import Beams
from lrcn_seq.search._constraints import AtLimit
from lrcn_seq.search._length_normalization import Length
from lrcn_seq.search.beam import Beam


@searches.register
class DiverseBeam(Beam):
    """Beam search with groups of beams that use different words at the same position.

    A sentence that several groups find is returned once, with the score of the first group, so that
    a row may have fewer than `best` sentences. The log probabilities contain no penalties.

    Args:
        beams: the number of beams of all groups, a multiple of `groups`.
        groups: the number of groups; 1 for plain beam search. With as many groups as beams, the
            groups differ most.
        diversity: the penalty on the log probability of a word, for each beam of an earlier group
            that has this word at the same position. Vijayakumar et al. 2016 recommend 0.2 to 0.8.
        length: the length normalization of the score. `none` keeps the log probability, `average`
            divides it by the number of words n, `power` by n^alpha, and `gnmt` by
            ((5 + n) / 6)^alpha (Wu et al. 2016, equation 14).
        alpha: the exponent of `power` and `gnmt`.
        word_reward: a number added to the score for every word; larger values prefer longer
            sentences.
        coverage: the weight β of the coverage penalty of Wu et al. 2016, equation 14, which is
            added to the score. It prefers sentences whose words have attended to all regions, and
            needs a decoder with attention; 0 for none.
        minimum_length: the smallest number of words before the end word.
        block_ngram: the size n of the n-grams that may not occur twice in a sentence; 0 allows
            repetition.
        repetition_penalty: the factor, at least 1, of the log probability of a word that the
            sentence contains already (Keskar et al. 2019, section 4.1); the score
            contains the penalty, the log probability does not.
        suppress_unknown: whether to forbid the unknown word.
        prefix: the text with which every sentence begins. Its words need not satisfy the other
            constraints; their log probabilities count.
        forbidden: words and phrases that may not occur.
        forbidden_endings: words and phrases after which the end word is forbidden, such as `a` and
            `with`. A sentence that is cut at the word limit can still end there.
        repeatable: words that `block_ngram` ignores as the last word of an n-gram.
        required: words and phrases that every sentence must contain, at most 8. The beams are
            divided among hypotheses that need different numbers of further words. Phrases may
            overlap.
        at_limit: `compete` ranks a hypothesis without an end word at the word limit by score among
            the finished hypotheses of its group; if the group is full, it must be more probable
            than all of them. `force` makes the end word the last word at the limit and adds its log
            probability.
        best: the number of returned sentences; None for as many as there are beams.
    """

    def __init__(
        self,
        *,
        beams: BeamWidth = 6,
        groups: BeamWidth = 3,
        diversity: NumberNotNegative = 0.5,
        length: Length = "average",
        alpha: NumberNotNegative = 0.6,
        word_reward: NumberNotNegative = 0.0,
        coverage: NumberNotNegative = 0.0,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        repetition_penalty: NumberAtLeastOne = 1.0,
        suppress_unknown: bool = True,
        prefix: str = "",
        forbidden: Sequence[str] = (),
        forbidden_endings: Sequence[str] = (),
        repeatable: Sequence[str] = (),
        required: Sequence[str] = (),
        at_limit: AtLimit = "compete",
        best: BeamWidth | None = None,
    ):
        if beams % groups:
            raise ArgumentError(
                "expected `beams` to be a multiple of `groups`. Received: "
                f"beams={beams}, groups={groups}; search with {-(-beams // groups) * groups} beams."
            )
        super().__init__(
            beams=beams,
            length=length,
            alpha=alpha,
            word_reward=word_reward,
            coverage=coverage,
            minimum_length=minimum_length,
            block_ngram=block_ngram,
            repetition_penalty=repetition_penalty,
            suppress_unknown=suppress_unknown,
            prefix=prefix,
            forbidden=forbidden,
            forbidden_endings=forbidden_endings,
            repeatable=repeatable,
            required=required,
            at_limit=at_limit,
            best=best,
        )
        self.groups, self.diversity = groups, diversity

    def _penalized(self, gains: Tensor, ids: Tensor, earlier: list[Beams]) -> Tensor:
        """Return log probabilities of candidates minus the diversity penalty; see `Beam`."""
        if not earlier:
            return gains
        used = ops.concatenate(
            [ops.where(ops.isfinite(beams.total), beams.word, -1) for beams in earlier], axis=1
        )
        matches = ops.sum(ops.cast(ids[..., None] == used[:, None, None, :], "float32"), axis=-1)
        return gains - self.diversity * matches
