"""Training losses: cross-entropy of words and labels."""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Tensor


def word_losses(
    logits: Tensor, words: Tensor, *, label_smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Compute the cross-entropy of every word.

    Args:
        logits: (B, L, V).
        words: (B, L) target IDs, 0 for padding.
        label_smoothing: share of the target that is spread evenly over all words.

    Returns:
        Losses (B, L), and a mask (B, L) that is 1 at words and 0 at padding.
    """
    logits = ops.cast(logits, "float32")
    losses = ops.sparse_categorical_crossentropy(words, logits, from_logits=True)
    return smooth_labels(losses, logits, label_smoothing), ops.cast(words != 0, "float32")


def word_loss(
    logits: Tensor,
    words: Tensor,
    *,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """Compute the mean cross-entropy over words, excluding padding.

    Args:
        logits: (B, L, V).
        words: (B, L) target IDs, 0 for padding.
        label_smoothing: share of the target that is spread evenly over all words.
        sample_weight: weights of the captions (B,) or of their words (B, L).
    """
    losses, mask = word_losses(logits, words, label_smoothing=label_smoothing)
    weight = mask
    if sample_weight is not None:
        per_word = len(sample_weight.shape) == 2
        weight = mask * ops.cast(sample_weight if per_word else sample_weight[:, None], "float32")
    return ops.sum(losses * weight) / ops.maximum(ops.sum(mask), 1.0)


def label_loss(
    logits: Tensor,
    mask: Tensor,
    labels: Tensor,
    *,
    weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Compute the mean cross-entropy over steps that have a label and are not padding.

    Args:
        logits: (P, S, C).
        mask: (P, S), False at padding.
        labels: (P, 1), shared by all steps of a clip, or (P, S); −1 where there is no label.
        weights: (P,) weights of the clips.
        label_smoothing: share of the target that is spread evenly over all classes.
    """
    logits, labels = ops.cast(logits, "float32"), ops.broadcast_to(labels, ops.shape(mask))
    losses = ops.sparse_categorical_crossentropy(ops.maximum(labels, 0), logits, from_logits=True)
    losses = smooth_labels(losses, logits, label_smoothing)
    real = ops.cast(ops.logical_and(mask, labels >= 0), "float32")
    weight = real if weights is None else real * weights[:, None]
    return ops.sum(losses * weight) / ops.maximum(ops.sum(real), 1.0)


def smooth_labels(losses: Tensor, logits: Tensor, share: float) -> Tensor:
    """Apply label smoothing (Szegedy et al. 2016, section 7).

    Args:
        losses: cross-entropy (...) of the target classes.
        logits: (..., C).
        share: share of the target that is spread evenly over all classes.
    """
    if not share:
        return losses
    uniform = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
    return (1 - share) * losses + share * uniform
