"""The coverage penalty: sentences that leave regions without attention have a lower score.

Wu et al., "Google's Neural Machine Translation System", arXiv 1609.08144, 2016, equation 14.
"""

from __future__ import annotations

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Tensor
from lrcn_seq.search.base import NO_ATTENTION, Step, Tree


def initial_coverage(step: Step, word: Tensor, state: Tree, memory: Tree) -> Tensor:
    """Return zeros of the shape of the attention weights of a step, (N, M).

    Args:
        step: the decoding step, which is called for the shape of its attention weights alone.
        word: the start words, (N,).
        state: the initial state.
        memory: constant inputs of the step.

    Raises:
        ArgumentError: the step has no attention weights.
    """
    attention = step(word, state, memory).attention
    if attention is None:
        raise ArgumentError(NO_ATTENTION.format(received="a decoder without attention"))
    return ops.zeros(ops.shape(attention), "float32")


def coverage_score(coverage: Tensor, weight: float) -> Tensor:
    """Return the weighted sum of log(min(coverage, 1)) over the regions, (N,), at most 0.

    Regions that never had any attention are padding and do not count.

    Args:
        coverage: the sums of the attention weights of all words, (N, M).
        weight: β in equation 14.
    """
    covered = ops.where(coverage > 0, ops.minimum(coverage, 1.0), 1.0)
    return weight * ops.sum(ops.log(covered), axis=-1)
