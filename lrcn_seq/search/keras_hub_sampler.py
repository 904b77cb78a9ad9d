"""A search with the samplers of KerasHub that select one word at a time.

For beam search and ranked sampling, see `beam` and `sampling`. KerasHub is imported when the search
is built, not with this module.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from keras import ops

from lrcn_seq.records import BeamWidth, Hypotheses, PositiveNumber, Share, Special, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search._constraints import Constraints
from lrcn_seq.search._decoding_loop import decode
from lrcn_seq.search._hypotheses import assemble
from lrcn_seq.search._row_seeds import ConstantSeed, row_seeds
from lrcn_seq.search._state_tree import batch_size
from lrcn_seq.search._truncated_distribution import probability_to_reach
from lrcn_seq.search.base import Search, Seed, Step, Tree


@searches.register
class KerasHub(Search):
    """A search for one sentence per row (K = 1), drawn by a sampler of KerasHub.

    The score is the log probability under the model, without temperature or truncation.

    Args:
        sampler: the name of the sampler.
        k: the number of most probable words from which `top_k` draws (by default 5); for `top_p`,
            the largest number of words from which it draws.
        p: the cumulative probability of `top_p`.
        temperature: the divisor of the logits; values below 1 sharpen the distribution.
        suppress_unknown: whether to forbid the unknown word.
    """

    per_row_seeds: ClassVar[bool] = True

    def __init__(
        self,
        *,
        sampler: Literal["greedy", "random", "top_k", "top_p"] = "top_p",
        k: BeamWidth | None = None,
        p: Share = 0.9,
        temperature: PositiveNumber = 1.0,
        suppress_unknown: bool = True,
    ):
        from keras_hub import samplers

        classes = {
            "greedy": samplers.GreedySampler,
            "random": samplers.RandomSampler,
            "top_k": samplers.TopKSampler,
            "top_p": samplers.TopPSampler,
        }
        options: dict[str, dict[str, Any]] = {
            "top_k": {"k": k or 5},
            "top_p": {"p": probability_to_reach(p), "k": k},
        }
        self.sampler = classes[sampler](temperature=temperature, **options.get(sampler, {}))
        self.constraints = Constraints(suppress_unknown=suppress_unknown)

    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: Seed = 0,
    ) -> Hypotheses:
        """Return the hypotheses; see `Search`."""
        self.constraints.check(limit)
        seeds = row_seeds(seed, batch_size(state, memory))
        forbidden_ids = self.constraints.forbidden_ids(special)

        def choose(logits: Tensor, _words: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
            logits = ops.cast(logits, "float32")
            ids = ops.arange(logits.shape[-1])[:, None]
            forbidden = ops.any(ids == ops.convert_to_tensor(forbidden_ids), axis=1)
            allowed = ops.where(forbidden, -math.inf, logits)
            # The samplers of KerasHub return indices out of range for rows without a finite logit.
            possible = ops.isfinite(ops.logsumexp(allowed, axis=1))
            word = self._sample(ops.where(possible[:, None], allowed, 0.0), seeds, position)
            gain = ops.take_along_axis(logits, word[:, None], axis=1)[:, 0]
            gain = gain - ops.logsumexp(logits, axis=1)
            return word, ops.where(possible, gain, -math.inf)

        words, total = decode(choose, step, state, memory, special=special, limit=limit)
        return assemble(
            words[:, None], total[:, None], total[:, None], special=special, strict=self.strict
        )

    def _sample(self, logits: Tensor, seeds: Tensor, position: Tensor) -> Tensor:
        """Draw one word (N,) int32 from each row of logits (N, V).

        Args:
            logits: the logits of allowed words; −inf for other words.
            seeds: the seed of each row, (N,).
            position: the position of the word.
        """
        if getattr(self.sampler, "k", None):
            self.sampler.k = min(self.sampler.k, logits.shape[-1])

        def draw(row: tuple[Tensor, Tensor]) -> Tensor:
            probabilities, seed = row
            self.sampler.seed_generator = ConstantSeed(seed, position)
            return ops.cast(self.sampler.get_next_token(probabilities[None])[0], "int32")

        return ops.map(draw, (self.sampler.compute_probabilities(logits), seeds))
