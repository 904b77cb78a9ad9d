"""What captioning and description share: words after words, what was seen beside them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from lrcn_seq.data.clips import joined
from lrcn_seq.errors import ArgumentError, ConfigError, MediaError, RunError
from lrcn_seq.records import SPECIAL, Batch, Caption, Clips, Hypotheses, CaptionPrediction
from lrcn_seq.registry import searches, signature
from lrcn_seq.tasks._losses import by_owner, word_loss
from lrcn_seq.tasks._writing import Writer, search_problems
from lrcn_seq.tasks.base import Task, check_media, name_in


class SentenceTask(Task):
    """A word decoder over what an encoder makes of pictures or clips."""

    needs: ClassVar[str] = "vocabulary_size"
    best_by: ClassVar[str] = "cider"

    def __init__(self, encoder, decoder, config, tokenizer=None):
        super().__init__(encoder, decoder, config, tokenizer)
        self.own_words = self.add_weight(
            name="own_words", shape=(), initializer="zeros", trainable=False
        )
        """Probability of feeding the model's own word (scheduled sampling); training sets it."""
        self.draws = keras.random.SeedGenerator(config.seed)

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
            uniforms = keras.random.uniform(
                (ops.shape(words)[1], ops.shape(words)[0]), seed=self.draws
            )
            return self.decoder.sampled(
                encoded, words, probability=self.own_words, uniforms=uniforms, training=True
            )
        return self.decoder(encoded, words, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: ARG002 - as Keras calls it
        """Mean cross-entropy over real words × the loss weight; `sample_weight` is (B,) or (B, L−1)."""
        settings = self.settings.training.loss
        return settings.weight * word_loss(
            y_pred,
            x.words[:, 1:],
            label_smoothing=settings.label_smoothing,
            sample_weight=sample_weight,
        )

    def write(self, clips: Clips, search: dict[str, Any] | None = None) -> Hypotheses:
        """The sentences that a search finds for clips, compiled."""
        search = search or self.settings.search
        known = getattr(self, "_writer", None)
        if known is None or known[0] != search:
            known = (search, Writer([self], search))
            # Past Keras, which would take the writer for a layer of this model.
            object.__setattr__(self, "_writer", known)
        return known[1].write([clips])

    def predict(
        self,
        media: Sequence[Any],
        *,
        beams: int | None = None,
        best: int = 1,
        search: dict[str, Any] | None = None,
        batch: int | None = None,
    ) -> list[CaptionPrediction]:
        """Sentences for paths, PIL pictures or arrays (H, W, 3) or (T, H, W, 3), in their order; what cannot be read has an `error`.

        Args:
            beams: of a beam search. best: sentences for each picture; the search becomes at least so wide.
            search: `{"type": NAME, …}` in the place of the run's search.
            batch: pictures or clips that go through the network at once.

        Raises:
            ArgumentError, ConfigError: the call is wrong.
        """
        check_media(media)
        if self.tokenizer is None:
            raise RunError(
                "Expected a task with its words. Received: a fresh one, built for a number of words; train it, or load a run."
            )
        batch = self.predict_batch_size if batch is None else batch
        if batch < 1:
            raise ArgumentError(f"batch: expected at least one. Received: batch={batch}.")
        search = self.searching(search, beams=beams, best=best)
        results: list[CaptionPrediction] = []
        for start in range(0, len(media), batch):
            results += self._predict_batch(media[start : start + batch], search, best, start)
        return results

    def searching(
        self, search: dict[str, Any] | None = None, *, beams: int | None = None, best: int = 1
    ) -> dict[str, Any]:
        """A search, the run's own without one, with these beams and at least as wide as the sentences asked for.

        Raises:
            ArgumentError, ConfigError: no such search, or none that leaves a sentence.
        """
        if best < 1:
            raise ArgumentError(f"best: expected at least one sentence. Received: best={best}.")
        given = search is not None
        search = search if given else self.settings.search
        if not isinstance(search, Mapping) or "type" not in search:
            raise ArgumentError(
                f"search: expected a mapping with a `type`, like that of a config. Received: search={search!r}."
            )
        search = dict(search)
        if beams is not None and given and search["type"] != "beam":
            raise ArgumentError(
                f"beams: only a beam search has them. Received: beams={beams} with a search of the type {search['type']}."
            )
        if beams is not None:
            search = {**(search if search["type"] == "beam" else {"type": "beam"}), "beams": beams}
        if problems := search_problems(search, SPECIAL, self.settings.data.words_limit + 1):
            raise ConfigError(problems, "the search")
        known = signature(searches.get(search["type"]))
        if best > 1 and not known.keys() & {"beams", "draws"}:
            raise ArgumentError(
                f"best: expected 1, all that a search of the type {search['type']} finds. Received: best={best}; ask for beams as well."
            )
        for width in known.keys() & {"beams", "draws"}:
            search[width] = max(best, search.get(width, known[width].default))
        if search.get("best"):
            search["best"] = max(best, search["best"])
        return search

    def _predict_batch(
        self, media: Sequence[Any], search: dict[str, Any], best: int, first: int
    ) -> list[CaptionPrediction]:
        clips, errors = [], {}
        for position, item in enumerate(media):
            try:
                clips.append(self.seen(item))
            except MediaError as error:
                errors[position] = error.reason
            except TypeError:
                errors[position] = (
                    f"expected a path, a PIL picture or an array. Received: {type(item).__name__}."
                )
        found = iter(self.captions(joined(clips), search, best) if clips else ())
        names = [name_in(media, position, first) for position in range(len(media))]
        return [
            CaptionPrediction(name, (), errors[p])
            if p in errors
            else CaptionPrediction(name, next(found))
            for p, name in enumerate(names)
        ]

    @abstractmethod
    def seen(self, media: Any) -> Clips:
        """The one clip of a path, PIL picture or array that a sentence is written about."""

    def captions(
        self, clips: Clips, search: dict[str, Any] | None = None, best: int = 1
    ) -> list[tuple[Caption, ...]]:
        """For each clip its sentences, texts distinct, best score first."""
        return self.texts(self.write(clips, search), best)

    def texts(self, found: Hypotheses, best: int = 1) -> list[tuple[Caption, ...]]:
        """Hypotheses as sentences."""
        return [
            self._texts(*row, best)
            for row in zip(found.words, found.scores, found.log_probabilities, strict=True)
        ]

    def _texts(self, words, scores, log_probabilities, best: int) -> tuple[Caption, ...]:
        texts: dict[str, Caption] = {}
        for sentence, score, log_probability in zip(words, scores, log_probabilities, strict=True):
            if np.isfinite(score):
                # The search leaves a place for the end; a sentence that did not end has one word more in it.
                text = self.tokenizer.decode(sentence[: self.settings.data.words_limit].tolist())
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
