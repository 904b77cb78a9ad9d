"""Image captioning: one picture to a sentence (Donahue et al. 2015, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from lrcn_seq.data.media import read_frames
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Batch, Caption, Clips, Encoded, Hypotheses, Prediction, StepOutput
from lrcn_seq.registry import searches, tasks
from lrcn_seq.tasks.base import Task


@tasks.register
class Captioning(Task):
    """Words after words, the features of the picture beside them."""

    needs: ClassVar[str] = "vocabulary_size"

    def __init__(self, encoder, decoder, config, tokenizer=None):
        super().__init__(encoder, decoder, config, tokenizer)
        self.own_words = self.add_weight(name="own_words", shape=(), initializer="zeros", trainable=False)
        """Probability of feeding the model's own word (scheduled sampling); training sets it."""
        self.draws = keras.random.SeedGenerator(config.seed)

    def example(self) -> Batch:
        """One picture, one sentence of one word."""
        return Batch(self.example_clips(), np.zeros((1,), "int32"), np.ones((1, 3), "int32"))

    def call(self, batch: Batch, training: bool = False):
        """Logits (B, L−1, V) of each next word."""
        encoded = by_owner(self.encoder(batch.clips, training=training), batch.owner)
        words = batch.words[:, :-1]
        if training and self.settings.training.scheduled_sampling.probability:
            uniforms = keras.random.uniform((ops.shape(words)[1], ops.shape(words)[0]), seed=self.draws)
            return self.decoder.sampled(encoded, words, probability=self.own_words, uniforms=uniforms, training=True)
        return self.decoder(encoded, words, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean cross-entropy over real words × the loss weight; `sample_weight` is (B,) or (B, L−1)."""
        settings = self.settings.training.loss
        return settings.weight * word_loss(y_pred, x.words[:, 1:], label_smoothing=settings.label_smoothing, sample_weight=sample_weight)

    def write(self, clips: Clips, search: dict[str, Any] | None = None) -> Hypotheses:
        """The sentences that a search finds for clips, compiled."""
        search = search or self.settings.search
        known = getattr(self, "_writer", None)
        if known is None or known[0] != search:
            known = (search, Writer([self], search))
            # Past Keras, which would take the writer for a layer of this model.
            object.__setattr__(self, "_writer", known)
        return known[1].write([clips])

    def predict(self, media: Sequence[Any], *, beams: int | None = None, best: int = 1, search: dict[str, Any] | None = None, batch: int = 32) -> list[Prediction]:
        """Sentences for paths, PIL pictures or arrays (H, W, 3), in their order; what cannot be read has an `error`."""
        search = dict(search or self.settings.search)
        if beams is not None:
            search = {**search, "type": "beam", "beams": beams} if search["type"] != "beam" else {**search, "beams": beams}
        results: list[Prediction] = []
        for start in range(0, len(media), batch):
            results += self._predict_batch(media[start : start + batch], search, best)
        return results

    def _predict_batch(self, media: Sequence[Any], search: dict[str, Any], best: int) -> list[Prediction]:
        frames, errors = [], {}
        for position, item in enumerate(media):
            try:
                frames.append(read_frames(item, self.encoder.preprocessing)[:1])
            except MediaError as error:
                errors[position] = error.reason
        found = iter(self.captions(Clips(np.concatenate(frames), np.arange(len(frames), dtype="int32")[:, None]), search, best) if frames else ())
        name = [str(item) if isinstance(item, (str, bytes)) or hasattr(item, "__fspath__") else f"{number}" for number, item in enumerate(media)]
        return [Prediction(name[p], (), errors[p]) if p in errors else Prediction(name[p], next(found)) for p in range(len(media))]

    def captions(self, clips: Clips, search: dict[str, Any] | None = None, best: int = 1) -> list[tuple[Caption, ...]]:
        """For each clip its sentences, texts distinct, best score first."""
        return self.texts(self.write(clips, search), best)

    def texts(self, found: Hypotheses, best: int = 1) -> list[tuple[Caption, ...]]:
        """Hypotheses as sentences."""
        return [self._texts(*row, best) for row in zip(found.words, found.scores, found.log_probabilities, strict=True)]

    def _texts(self, words, scores, log_probabilities, best: int) -> tuple[Caption, ...]:
        texts: dict[str, Caption] = {}
        for sentence, score, log_probability in zip(words, scores, log_probabilities, strict=True):
            if np.isfinite(score):
                text = self.tokenizer.decode(sentence.tolist())
                texts.setdefault(text, Caption(text, float(log_probability), float(score)))
        return tuple(texts.values())[:best]


    def attention(self, clips: Clips, words: np.ndarray) -> np.ndarray | None:
        """Where the decoder looked at each of words (B, L), which do not hold the start word: (B, L, S·R), or None without attention."""
        memory, state = self.decoder.start(self.encoder(clips, training=False))
        fed = np.concatenate([np.full_like(words[:, :1], self.tokenizer.special.start), words[:, :-1]], axis=1)
        seen = []
        for column in fed.T:
            out = self.decoder.step(ops.convert_to_tensor(column), state, memory)
            if out.attention is None:
                return None
            state = out.state
            seen.append(ops.convert_to_numpy(out.attention))
        return np.stack(seen, axis=1)


class Writer(keras.Model):
    """A search over one captioner, or over the mean log probability of several, as a model, so that every backend compiles it."""

    def __init__(self, tasks: Sequence[Captioning], search: dict[str, Any], weights: Sequence[float] | None = None):
        super().__init__()
        self.encoders, self.decoders = [task.encoder for task in tasks], [task.decoder for task in tasks]
        self.search = searches.build(search, place="search")
        self.shares = [weight / sum(weights) for weight in weights] if weights else [1 / len(tasks)] * len(tasks)
        self.special, self.limit, self.draw = tasks[0].tokenizer.special, tasks[0].settings.data.words_limit + 1, tasks[0].settings.seed

    def call(self, clips: Sequence[Clips]) -> Hypotheses:
        """Sentences for the same pictures as each captioner's encoder takes them."""
        starts = [decoder.start(encoder(seen, training=False)) for encoder, decoder, seen in zip(self.encoders, self.decoders, clips, strict=True)]
        memory, state = (tuple(parts) for parts in zip(*starts, strict=True))
        return self.search(self.step, state, memory, special=self.special, limit=self.limit, seed=self.draw)

    def step(self, word, state, memory) -> StepOutput:
        """One word of all captioners; of one alone, its logits as they are."""
        outputs = [decoder.step(word, own, seen) for decoder, own, seen in zip(self.decoders, state, memory, strict=True)]
        logits = outputs[0].logits
        if len(outputs) > 1:
            logits = sum(share * ops.log_softmax(ops.cast(output.logits, "float32")) for share, output in zip(self.shares, outputs, strict=True))
        return StepOutput(logits, None, tuple(output.state for output in outputs))

    def write(self, clips: Sequence[Clips]) -> Hypotheses:
        """The same, compiled, as arrays."""
        return Hypotheses(*map(ops.convert_to_numpy, self.predict_on_batch(tuple(clips))))


class Ranker(keras.Model):
    """Log probabilities of given sentences, compiled."""

    def __init__(self, task: Captioning):
        super().__init__()
        self.encoder, self.decoder = task.encoder, task.decoder

    def call(self, batch: Batch):
        """log p (B,) of words (B, L), the end included, each with the picture it belongs to."""
        encoded = by_owner(self.encoder(batch.clips, training=False), batch.owner)
        losses, real = word_losses(self.decoder(encoded, batch.words[:, :-1], training=False), batch.words[:, 1:])
        return -ops.sum(losses * real, axis=1)


def by_owner(encoded: Encoded, owner) -> Encoded:
    """The features of each sentence's own clip: (P, S, R, D) to (B, S, R, D)."""
    return Encoded(ops.take(encoded.features, owner, axis=0), ops.take(encoded.mask, owner, axis=0))


def word_losses(logits, words, *, label_smoothing: float = 0.0):
    """Cross-entropy (B, L) of logits (B, L, V) for words (B, L), and 1 where a word is real, 0 where it is padding."""
    logits = ops.cast(logits, "float32")
    normalizer = ops.logsumexp(logits, axis=-1)
    losses = normalizer - ops.take_along_axis(logits, words[..., None], axis=-1)[..., 0]
    if label_smoothing:
        losses = (1 - label_smoothing) * losses + label_smoothing * (normalizer - ops.mean(logits, axis=-1))
    return losses, ops.cast(words != 0, "float32")


def word_loss(logits, words, *, label_smoothing: float = 0.0, sample_weight=None):
    """Mean cross-entropy over the real words; `sample_weight` (B,) or (B, L) weighs it."""
    losses, real = word_losses(logits, words, label_smoothing=label_smoothing)
    weight = real
    if sample_weight is not None:
        weight = real * ops.cast(sample_weight if len(sample_weight.shape) == 2 else sample_weight[:, None], "float32")
    return ops.sum(losses * weight) / ops.maximum(ops.sum(real), 1.0)
