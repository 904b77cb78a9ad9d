"""Tasks that write captions together, and a task that ranks their captions again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Caption, Clips
from lrcn_seq.tasks._caption_prediction import CaptionPredictor
from lrcn_seq.tasks._caption_rescoring import rescore
from lrcn_seq.tasks._caption_search import CaptionSearch
from lrcn_seq.tasks._ensemble import Average, Ensemble
from lrcn_seq.tasks._search_resolution import count_captions
from lrcn_seq.tasks._serving import CaptionServing, ServingModel


class CaptionEnsemble(CaptionPredictor, Ensemble):
    """Tasks that predict each word together, also with different encoders and decoders.

    A rescorer may have another vocabulary. See `Ensemble` for the arguments.
    """

    default_average: ClassVar[Average] = "log_probabilities"
    supports_rescoring: ClassVar[bool] = True
    tasks: tuple[Any, ...]
    _search: tuple[Mapping[str, Any], CaptionSearch] | None = None

    def resolve_search(
        self,
        search: Mapping[str, Any] | None = None,
        *,
        beams: int | None = None,
        best: int = 1,
    ) -> dict[str, Any]:
        """Return the search of a call; see `CaptionPredictor`.

        Raises:
            ArgumentError: there is a rescorer, but the search finds only one caption.
        """
        resolved = super().resolve_search(search, beams=beams, best=best)
        self._check_count(resolved)
        return resolved

    def _check_count(self, search: Mapping[str, Any]) -> None:
        """Raise ArgumentError if captions are rescored and a search finds only one."""
        if self.rescorer is not None and count_captions(search) == 1:
            raise ArgumentError(
                "rescore: expected a search that finds several captions. Received: a search of the "
                f"type {search['type']} that finds one; set beams, for example to 10."
            )

    def caption_clips(
        self,
        clips: Sequence[Clips],
        search: Mapping[str, Any] | None = None,
        best: int = 1,
        *,
        words: bool = False,  # noqa: ARG002 - an ensemble has no support of words
    ) -> list[tuple[Caption, ...]]:
        """Write captions for clips with all tasks; see `CaptionPredictor`."""
        model = self._compiled_search(dict(search or self.settings.search))
        found = model.hypotheses(clips[: len(self.tasks)])
        if self.rescorer is not None:
            texts = self.tasks[0].decode_texts(found)
            found = rescore(found, texts, clips[-1], self.rescorer, model.search)
        return self.tasks[0].decode_hypotheses(found, best)

    def serving_model(self) -> ServingModel:
        """Return the model that `export` writes; see `Ensemble`."""
        if self.rescorer is not None:
            raise ArgumentError(
                "rescore: expected an ensemble without it, since captions are rescored outside the "
                "exported model. Received: a run that rescores; load the ensemble without it."
            )
        return CaptionServing(self.tasks, self.weights, self.average)

    def _compiled_search(self, spec: Mapping[str, Any]) -> CaptionSearch:
        """Return the compiled search of all tasks, which is kept for later calls."""
        if self._search is None or self._search[0] != spec:
            self._check_count(spec)
            self._search = spec, CaptionSearch(self.tasks, spec, self.weights, self.average)
        return self._search[1]
