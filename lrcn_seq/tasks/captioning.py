"""Image captioning: one picture to a sentence (Donahue et al. 2015, section 4.2)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError, ConfigError, LrcnError, MediaError, Problem, RunError, did_you_mean
from lrcn_seq.records import SPECIAL, Batch, Caption, Clips, Encoded, Hypotheses, Prediction, Special, StepOutput
from lrcn_seq.registry import metrics, searches, signature, tasks
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

    @classmethod
    def problems(cls, config) -> list[Problem]:
        """A search that leaves no sentence, a metric that does not run here, or a monitor that is none of the scores."""
        return [*search_problems(config.search, SPECIAL, config.data.words_limit + 1), *score_problems(config)]

    def example(self) -> Batch:
        """One picture, one sentence of one word."""
        return Batch(self.example_clips(), np.zeros((1,), "int32"), np.ones((1, 3), "int32"))

    def build(self, batch_shape=None) -> None:  # noqa: ARG002 - Keras gives it
        """Builds both parts on the example: on torch Keras cannot trace them by itself."""
        example = self.example()
        self.decoder(by_owner(self.encoder(example.clips), example.owner), example.words[:, :-1])

    def call(self, batch: Batch, training: bool = False):
        """Logits (B, L−1, V) of each next word."""
        encoded = by_owner(self.encoder(batch.clips, training=training), batch.owner)
        words = batch.words[:, :-1]
        if training and self.settings.training.scheduled_sampling.probability:
            uniforms = keras.random.uniform((ops.shape(words)[1], ops.shape(words)[0]), seed=self.draws)
            return self.decoder.sampled(encoded, words, probability=self.own_words, uniforms=uniforms, training=True)
        return self.decoder(encoded, words, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: ARG002 - as Keras calls it
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
        """Sentences for paths, PIL pictures or arrays (H, W, 3), in their order; what cannot be read has an `error`.

        Args:
            beams: of a beam search. best: sentences for each picture; the search becomes at least so wide.
            search: `{"type": NAME, …}` in the place of the run's search.
            batch: pictures that go through the network at once.

        Raises:
            ArgumentError, ConfigError: the call is wrong.
        """
        if isinstance(media, (str, bytes)) or not isinstance(media, (Sequence, np.ndarray)) or getattr(media, "ndim", 4) != 4:
            raise ArgumentError(f"media: expected a list of paths, PIL pictures or arrays. Received: {type(media).__name__}; put a single one in a list.")
        if self.tokenizer is None:
            raise RunError("Expected a task with its words. Received: a fresh one, built for a number of words; train it, or load a run.")
        if batch < 1:
            raise ArgumentError(f"batch: expected at least one picture. Received: batch={batch}.")
        search = self.searching(search, beams=beams, best=best)
        results: list[Prediction] = []
        for start in range(0, len(media), batch):
            results += self._predict_batch(media[start : start + batch], search, best, start)
        return results

    def searching(self, search: dict[str, Any] | None = None, *, beams: int | None = None, best: int = 1) -> dict[str, Any]:
        """A search, the run's own without one, with these beams and at least as wide as the sentences asked for.

        Raises:
            ArgumentError, ConfigError: no such search, or none that leaves a sentence.
        """
        if best < 1:
            raise ArgumentError(f"best: expected at least one sentence. Received: best={best}.")
        search = dict(search or self.settings.search)
        if beams is not None:
            search = {**(search if search["type"] == "beam" else {"type": "beam"}), "beams": beams}
        if problems := search_problems(search, SPECIAL, self.settings.data.words_limit + 1):
            raise ConfigError(problems, "the search")
        known = signature(searches.get(search["type"]))
        for width in known.keys() & {"beams", "draws"}:
            search[width] = max(best, search.get(width, known[width].default))
        if search.get("best"):
            search["best"] = max(best, search["best"])
        return search

    def _predict_batch(self, media: Sequence[Any], search: dict[str, Any], best: int, first: int) -> list[Prediction]:
        frames, errors = [], {}
        for position, item in enumerate(media):
            try:
                frames.append(self.frames(item)[:1])
            except MediaError as error:
                errors[position] = error.reason
            except TypeError:
                errors[position] = f"expected a path, a PIL picture or an array. Received: {type(item).__name__}."
        found = iter(self.captions(Clips(np.concatenate(frames), np.arange(len(frames), dtype="int32")[:, None]), search, best) if frames else ())
        names = [os.fspath(item) if isinstance(item, (str, os.PathLike)) else str(first + position) for position, item in enumerate(media)]
        return [Prediction(name, (), errors[p]) if p in errors else Prediction(name, next(found)) for p, name in enumerate(names)]

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
        fed = np.concatenate([np.full_like(words[:, :1], SPECIAL.start), words[:, :-1]], axis=1)
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
        self.special, self.limit, self.draw = SPECIAL, tasks[0].settings.data.words_limit + 1, tasks[0].settings.seed

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


class _FirstStep(Exception):  # noqa: N818 - no error
    """A search has found nothing wrong with its settings."""


def search_problems(search: dict[str, Any], special: Special, limit: int) -> list[Problem]:
    """What is wrong with a search: it is built, and begun as far as its first step."""

    def step(*_):
        raise _FirstStep

    try:
        searches.build(search, place="search")(step, ops.zeros((1, 1)), (), special=special, limit=limit)
    except ConfigError as error:
        return error.problems
    except ArgumentError as error:
        return [Problem("search", str(error))]
    except _FirstStep:
        pass
    return []


def score_problems(config) -> list[Problem]:
    """Metrics that do not run here, and a monitor that is none of their scores."""
    names, problems = ["distinct_captions"], []
    for number, metric in enumerate(config.evaluation.metrics):
        try:
            names += metrics.build({"type": metric}).names
        except LrcnError as error:
            problems.append(Problem(f"evaluation.metrics.{number}", str(error)))
    monitor = config.training.monitor
    if monitor not in names and not problems:
        problems.append(Problem("training.monitor", f"expected one of the scores of evaluation.metrics: {', '.join(names)}. Received: {monitor!r}.{did_you_mean(monitor, names)}"))
    return problems


def by_owner(encoded: Encoded, owner) -> Encoded:
    """The features of each sentence's own clip: (P, S, R, D) to (B, S, R, D)."""
    return Encoded(ops.take(encoded.features, owner, axis=0), ops.take(encoded.mask, owner, axis=0))


def word_losses(logits, words, *, label_smoothing: float = 0.0):
    """Cross-entropy (B, L) of logits (B, L, V) for words (B, L), and 1 where a word is real, 0 where it is padding."""
    logits = ops.cast(logits, "float32")
    losses = ops.sparse_categorical_crossentropy(words, logits, from_logits=True)
    if label_smoothing:
        spread = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
        losses = (1 - label_smoothing) * losses + label_smoothing * spread
    return losses, ops.cast(words != 0, "float32")


def word_loss(logits, words, *, label_smoothing: float = 0.0, sample_weight=None):
    """Mean cross-entropy over the real words; `sample_weight` (B,) or (B, L) weighs it."""
    losses, real = word_losses(logits, words, label_smoothing=label_smoothing)
    weight = real
    if sample_weight is not None:
        weight = real * ops.cast(sample_weight if len(sample_weight.shape) == 2 else sample_weight[:, None], "float32")
    return ops.sum(losses * weight) / ops.maximum(ops.sum(real), 1.0)
