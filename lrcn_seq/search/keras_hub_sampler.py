"""The samplers of KerasHub that select one word at a time.

For beam search and ranked sampling, see `beam` and `sampling`. KerasHub is imported when the search
is built, not with this module.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import keras
from keras import ops

from lrcn_seq.records import BeamWidth, Hypotheses, PositiveNumber, Share, Special, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search._constraints import Constraints
from lrcn_seq.search._decoding_loop import decode
from lrcn_seq.search._hypotheses import assemble
from lrcn_seq.search.base import Search, Step, Tree


@searches.register
class KerasHub(Search):
    """Return one sentence per row (K = 1), drawn by a sampler of KerasHub.

    The score is the log probability under the model, without temperature or truncation.

    Args:
        sampler: the sampler of KerasHub.
        k: the number of words from which `top_k` draws (by default 5), or the largest number from
            which `top_p` draws.
        p: the cumulative probability of `top_p`.
        temperature: the divisor of the logits; values below 1 sharpen the distribution.
        suppress_unknown: whether to forbid the unknown word.
    """

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
        options: dict[str, dict[str, Any]] = {"top_k": {"k": k or 5}, "top_p": {"p": p, "k": k}}
        self.sampler = classes[sampler](temperature=temperature, **options.get(sampler, {}))
        self.sampler.seed_generator = self.seeds = SeedByPosition()
        self.constraints = Constraints(suppress_unknown=suppress_unknown)

    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: int | keras.random.SeedGenerator = 0,
    ) -> Hypotheses:
        """Return the hypotheses; see `Search`."""
        self.constraints.check(limit)
        self.seeds.seed = keras.random.randint((), 0, 2**30, dtype="int32", seed=seed)
        forbidden_ids = self.constraints.forbidden_ids(special)

        def choose(logits: Tensor, _words: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
            self.seeds.position = position
            logits = ops.cast(logits, "float32")
            ids = ops.arange(logits.shape[-1])[:, None]
            forbidden = ops.any(ids == ops.convert_to_tensor(forbidden_ids), axis=1)
            word = self._sample(ops.where(forbidden, -math.inf, logits))
            gain = ops.take_along_axis(logits, word[:, None], axis=1)[:, 0]
            return word, gain - ops.logsumexp(logits, axis=1)

        words, total = decode(choose, step, state, memory, special=special, limit=limit)
        return assemble(words[:, None], total[:, None], total[:, None], special=special)

    def _sample(self, logits: Tensor) -> Tensor:
        """Draw one word (N,) int32 from logits (N, V)."""
        if getattr(self.sampler, "k", None):
            self.sampler.k = min(self.sampler.k, logits.shape[-1])
        probabilities = self.sampler.compute_probabilities(logits)
        return ops.cast(self.sampler.get_next_token(probabilities), "int32")


class SeedByPosition(keras.random.SeedGenerator):  # type: ignore[misc]  # Keras has no types
    """A generator with one seed per position of a sentence, without a variable.

    A loop on JAX cannot update the variable of Keras's own generator, so its constructor is not
    called.
    """

    def __init__(self) -> None:
        self.seed: Tensor = 0
        self.position: Tensor = 0

    def next(self, ordered: bool = True) -> Tensor:  # noqa: ARG002 - signature of Keras
        """Return the pair (seed, position)."""
        dtype = "int32" if keras.backend.backend() == "torch" else "uint32"
        return ops.cast(ops.stack([self.seed, self.position]), dtype)
