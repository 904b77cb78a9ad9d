"""KerasHub's samplers that choose word by word; for beam search and "draw N, keep the best" use `beam` and `sampling`.

KerasHub is imported when the search is built.
"""

from __future__ import annotations

import math
from typing import Literal

import keras
from keras import ops

from lrcn_seq.records import Hypotheses, Positive, PositiveNumber, Share, Special
from lrcn_seq.registry import searches
from lrcn_seq.search._choice import Rules
from lrcn_seq.search._walk import handed_over, walk
from lrcn_seq.search.base import Search


@searches.register
class KerasHub(Search):
    """One sentence for each row, K = 1; the score is its log probability under the model.

    Args:
        sampler: which of KerasHub's samplers.
        k: among how many words `top_k` draws (5 by default), and at most `top_p`. p: the share of `top_p`.
        temperature: below 1 sharpens.
        suppress_unknown: never the unknown word.
    """

    def __init__(
        self,
        *,
        sampler: Literal["greedy", "random", "top_k", "top_p"] = "top_p",
        k: Positive | None = None,
        p: Share = 0.9,
        temperature: PositiveNumber = 1.0,
        suppress_unknown: bool = True,
    ):
        from keras_hub import samplers

        kinds = {
            "greedy": samplers.GreedySampler,
            "random": samplers.RandomSampler,
            "top_k": samplers.TopKSampler,
            "top_p": samplers.TopPSampler,
        }
        arguments = {"top_k": {"k": k or 5}, "top_p": {"p": p, "k": k}}.get(sampler, {})
        self.sampler = kinds[sampler](temperature=temperature, **arguments)
        self.sampler.seed_generator = self.seeds = SeedByPosition()
        self.rules = Rules(suppress_unknown=suppress_unknown)

    def __call__(self, step, state, memory, *, special: Special, limit: int, seed=0) -> Hypotheses:
        """The sentences; see `Search`."""
        self.rules.check(limit)
        self.seeds.seed = keras.random.randint((), 0, 2**30, dtype="int32", seed=seed)

        def choose(logits, words, position):  # noqa: ARG001 - no rule here looks back
            self.seeds.position = position
            logits = ops.cast(logits, "float32")
            if getattr(self.sampler, "k", None):
                self.sampler.k = min(self.sampler.k, logits.shape[-1])
            forbidden = ops.any(
                ops.arange(logits.shape[-1])[:, None]
                == ops.convert_to_tensor(self.rules.never(special)),
                axis=1,
            )
            word = ops.cast(
                self.sampler.get_next_token(
                    self.sampler.compute_probabilities(ops.where(forbidden, -math.inf, logits))
                ),
                "int32",
            )
            return word, ops.take_along_axis(logits, word[:, None], axis=1)[:, 0] - ops.logsumexp(
                logits, axis=1
            )

        words, total = walk(choose, step, state, memory, special=special, limit=limit)
        return handed_over(words[:, None], total[:, None], total[:, None], special=special)


class SeedByPosition(keras.random.SeedGenerator):
    """A seed for every position without a variable, which a loop on JAX could not change."""

    def __init__(self):  # without the variable that Keras's own makes
        self.seed = self.position = 0

    def next(self, ordered=True):  # noqa: ARG002 - Keras's signature
        """(seed, position)."""
        return ops.cast(
            ops.stack([self.seed, self.position]),
            "int32" if keras.backend.backend() == "torch" else "uint32",
        )
