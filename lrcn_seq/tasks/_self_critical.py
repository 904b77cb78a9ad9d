"""Self-critical training: the expected reward of captions that the model writes.

Rennie et al., "Self-critical Sequence Training for Image Captioning", CVPR 2017, section 3.2; the
baseline `others` is that of Luo, "A Better Variant of Self-Critical Sequence Training", 2020,
section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
from keras import ops

from lrcn_seq.config.schema import Objective
from lrcn_seq.errors import ArgumentError, ConfigError, Problem
from lrcn_seq.layers.frozen_scope import frozen_scope
from lrcn_seq.metrics.scoring.caption_reward import CaptionReward, reward_metric
from lrcn_seq.records import SPECIAL, Batch, Encoded, Hypotheses, Sample, StepOutput, Tensor
from lrcn_seq.search.greedy import Greedy
from lrcn_seq.search.sampling import Sampling
from lrcn_seq.tasks._caption_rows import caption_rows
from lrcn_seq.tasks._host_call import host_call
from lrcn_seq.tasks._losses import word_losses

if TYPE_CHECKING:
    from lrcn_seq.config import Config
    from lrcn_seq.tasks._caption_task import CaptionTask


class DrawnCaptions(NamedTuple):
    """Captions drawn from the model, K per clip, N = P·K in all.

    Attributes:
        words: (N, L) ids of the drawn words, with the end word, padded with 0.
        logits: (N, L, V) logits of the drawn words.
        rewards: (N,) reward of each caption.
        advantages: (N,) reward minus baseline.
        reference_logits: (B, L', V) logits of the references; None if their loss has no weight.
    """

    words: Tensor
    logits: Tensor
    rewards: Tensor
    advantages: Tensor
    reference_logits: Tensor | None


def objective_problems(config: Config) -> list[Problem]:
    """Return the problems of `training.objective` for a task that writes captions."""
    objective, problems = config.training.objective, list[Problem]()
    if objective.type != "self_critical":
        return problems
    for name in objective.rewards():
        try:
            reward_metric(name)
        except (ArgumentError, ConfigError) as error:
            problems.append(Problem("training.objective.reward", str(error)))
    if objective.baseline == "others" and objective.samples < 2:
        problems.append(
            Problem(
                "training.objective.samples",
                "the baseline `others` is the mean reward of the other captions of an image. "
                f"Received: {objective.samples}; use 2 or more, or the baseline greedy.",
            )
        )
    if config.training.scheduled_sampling.probability:
        problems.append(
            Problem(
                "training.scheduled_sampling.probability",
                "expected 0 in a stage with the objective self_critical, which trains on words of "
                "the model already.",
            )
        )
    return problems


def make_reward(task: CaptionTask, samples: Sequence[Sample]) -> CaptionReward:
    """Return the reward of a task, with document frequencies from its training samples."""
    objective = task.settings.training.objective
    limit = task.settings.data.words_limit
    groups = [sample.captions for sample in samples if sample.captions]
    encoded = iter(task.tokenizer.encode_all(chain.from_iterable(groups)))
    return CaptionReward(
        objective.rewards(),
        [[next(encoded)[:limit] for _ in group] for group in groups],
        task.tokenizer.vocabulary(),
        word_reward=objective.word_reward,
        bad_endings=objective.bad_endings,
        ending_penalty=objective.ending_penalty,
    )


def draw_captions(task: CaptionTask, batch: Batch) -> DrawnCaptions:
    """Draw captions for the clips of a batch, and compute their rewards and logits.

    The captions are drawn with the dropout masks with which their logits are computed.

    Args:
        task: the task.
        batch: clips with their references. The references of a clip are adjacent.
    """
    objective, limit = task.settings.training.objective, task.settings.data.words_limit + 1
    encoded = task.encoder(batch.clips, training=True)
    clips = ops.arange(ops.shape(encoded.mask)[0], dtype="int32")
    owner = ops.repeat(clips, objective.samples)
    drawn, rows = caption_rows(task.decoder, encoded, owner)
    seeds = keras.random.randint((ops.shape(owner)[0],), 0, 2**30, dtype="int32", seed=task.draws)
    with frozen_scope(task.variables):
        words = _write(task, Sampling(), drawn, rows, limit, training=True, seed=seeds)
        written, images = words, owner
        if objective.baseline == "greedy":
            greedy = _write(task, Greedy(), encoded, {}, limit, training=False)
            written, images = ops.concatenate([words, greedy]), ops.concatenate([owner, clips])
    rewards = host_call(task.score_drawn, written, images, batch.words[:, 1:], batch.owner)
    rewards, advantages = _advantages(rewards, objective)
    words = trim_padding(words)
    inputs = ops.concatenate([ops.full_like(words[:, :1], SPECIAL.start), words[:, :-1]], axis=1)
    logits = task.decoder(drawn, inputs, training=True, **rows)
    reference_logits = None
    if objective.weight < 1:
        given, rows = caption_rows(task.decoder, encoded, batch.owner)
        reference_logits = task.decoder(given, batch.words[:, :-1], training=True, **rows)
    return DrawnCaptions(words, logits, rewards, advantages, reference_logits)


def _write(
    task: CaptionTask,
    search: Any,
    encoded: Encoded,
    rows: Mapping[str, Tensor],
    limit: int,
    *,
    training: bool,
    **seed: Any,
) -> Tensor:
    """Return the words (B, limit) of the first caption that a search finds for each row."""
    fixed = Encoded(ops.stop_gradient(encoded.features), encoded.mask)
    memory, state = task.decoder.start(fixed, training=training, **rows)

    def step(word: Tensor, state: Any, memory: Any) -> StepOutput:
        return task.decoder.step(word, state, memory)

    search.strict = False
    found: Hypotheses = search(step, state, memory, special=SPECIAL, limit=limit, **seed)
    return ops.stop_gradient(found.words[:, 0])


def _advantages(rewards: Tensor, objective: Objective) -> tuple[Tensor, Tensor]:
    """Return the rewards (N,) of the drawn captions, and these rewards minus their baseline.

    Args:
        rewards: rewards of the drawn captions, K per clip; with the baseline `greedy`, followed by
            those of the greedy captions (P,).
        objective: the objective.
    """
    K = objective.samples
    if objective.baseline == "greedy":
        clips = ops.shape(rewards)[0] // (K + 1)
        drawn = ops.reshape(rewards[: clips * K], (-1, K))
        baseline = rewards[clips * K :, None]
    else:
        drawn = ops.reshape(rewards, (-1, K))
        baseline = (ops.sum(drawn, axis=1, keepdims=True) - drawn) / (K - 1)
    return ops.reshape(drawn, (-1,)), ops.reshape(drawn - baseline, (-1,))


def trim_padding(words: Tensor) -> Tensor:
    """Return words (N, L) without the last positions that are padding in all rows.

    On JAX, whose shapes are constant, all positions are kept.
    """
    if keras.backend.backend() == "jax":
        return words
    length = ops.maximum(ops.max(ops.sum(ops.cast(words != SPECIAL.pad, "int32"), axis=1)), 1)
    return words[:, :length]


def self_critical_loss(drawn: DrawnCaptions) -> Tensor:
    """Return the mean over words of −log p times the advantage of the caption.

    Its gradient is that of the negative expected reward (Rennie et al. 2017, equation 6). The
    unknown word, which is never drawn, has no probability.
    """
    losses, mask = drawn_word_losses(drawn)
    total = ops.sum(losses * mask * ops.stop_gradient(drawn.advantages)[:, None])
    return total / ops.maximum(ops.sum(mask), 1.0)


def drawn_word_losses(drawn: DrawnCaptions) -> tuple[Tensor, Tensor]:
    """Return −log p of the drawn words (N, L), and a mask (N, L) that is 0 at padding."""
    ids = ops.arange(drawn.logits.shape[-1])
    logits = ops.where(ids == SPECIAL.unknown, -1e9, ops.cast(drawn.logits, "float32"))
    return word_losses(logits, drawn.words)


class RewardTrackers:
    """The mean reward of drawn captions, and their mean entropy in nats per word, over an epoch.

    The entropy of the distribution of the next word is estimated by −log p of the drawn words.
    """

    def __init__(self) -> None:
        self.reward = keras.metrics.Mean("reward")
        self.entropy = keras.metrics.Mean("entropy")

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Both metrics."""
        return [self.reward, self.entropy]

    def update(self, drawn: DrawnCaptions) -> None:
        """Add the captions of a batch."""
        losses, mask = drawn_word_losses(drawn)
        self.reward.update_state(drawn.rewards)
        self.entropy.update_state(losses, sample_weight=mask)
