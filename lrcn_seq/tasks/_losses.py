"""What training minimizes: cross-entropy over words, and over labels."""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Encoded


def by_owner(encoded: Encoded, owner) -> Encoded:
    """The features of each sentence's own clip: (P, S, R, D) to (B, S, R, D)."""
    return Encoded(ops.take(encoded.features, owner, axis=0), ops.take(encoded.mask, owner, axis=0))


def word_losses(logits, words, *, label_smoothing: float = 0.0):
    """Cross-entropy (B, L) of logits (B, L, V) for words (B, L), and 1 where a word is real, 0 where it is padding."""
    logits = ops.cast(logits, "float32")
    losses = smoothed(
        ops.sparse_categorical_crossentropy(words, logits, from_logits=True),
        logits,
        label_smoothing,
    )
    return losses, ops.cast(words != 0, "float32")


def word_loss(logits, words, *, label_smoothing: float = 0.0, sample_weight=None):
    """Mean cross-entropy over the real words; `sample_weight` (B,) or (B, L) weighs it."""
    losses, real = word_losses(logits, words, label_smoothing=label_smoothing)
    weight = real
    if sample_weight is not None:
        weight = real * ops.cast(
            sample_weight if len(sample_weight.shape) == 2 else sample_weight[:, None], "float32"
        )
    return ops.sum(losses * weight) / ops.maximum(ops.sum(real), 1.0)


def label_loss(logits, mask, labels, *, weights=None, label_smoothing: float = 0.0):
    """Mean cross-entropy of logits (P, S, C) over the real steps that have a label.

    labels: (P, 1), one for all steps, or (P, S); −1 for none. weights: (P,) of the clips.
    """
    logits, labels = ops.cast(logits, "float32"), ops.broadcast_to(labels, ops.shape(mask))
    losses = ops.sparse_categorical_crossentropy(ops.maximum(labels, 0), logits, from_logits=True)
    losses = smoothed(losses, logits, label_smoothing)
    real = ops.cast(ops.logical_and(mask, labels >= 0), "float32")
    weight = real if weights is None else real * weights[:, None]
    return ops.sum(losses * weight) / ops.maximum(ops.sum(real), 1.0)


def smoothed(losses, logits, share: float):
    """Cross-entropy where a share of the truth is spread evenly over all classes (Szegedy et al. 2016, section 7)."""
    if not share:
        return losses
    return (1 - share) * losses + share * (
        ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
    )
