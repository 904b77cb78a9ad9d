"""Rescoring: captions of one task, ranked with their log probabilities under another task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrcn_seq.data.batches.captions import encode_captions
from lrcn_seq.records import Batch, Clips, Hypotheses
from lrcn_seq.search.base import Search, sort_hypotheses
from lrcn_seq.tasks._caption_ranking import CAPTIONS_PER_CALL, CaptionScorer
from lrcn_seq.tasks._ensemble import Rescorer
from lrcn_seq.tasks.base import Task

LENGTH_STEP = 8
"""Captions are padded to a multiple of this number of words, so that few shapes are compiled."""


def rescore(
    found: Hypotheses,
    texts: Sequence[Sequence[str]],
    clips: Clips,
    rescorer: Rescorer,
    search: Search,
) -> Hypotheses:
    """Rank hypotheses by the weighted mean of their score and of their score under another task.

    The score under the other task is the log probability of the words of the caption, encoded by
    the tokenizer of that task, and normalized by length as the search does. Its length is the
    number of words of the hypothesis, so that the tokenizers do not need to split texts alike.

    Args:
        found: hypotheses (B, K) as NumPy arrays.
        texts: the text of each hypothesis.
        clips: B clips, read for the other task.
        rescorer: the other task, with the weight of its score.
        search: the search that found the hypotheses.

    Returns:
        The hypotheses, sorted by their new scores. Their log probabilities stay the same.
    """
    task, weight = rescorer
    other = np.asarray(
        search.score(log_probabilities(task, clips, texts), np.maximum(found.lengths, 1))
    )
    valid = np.isfinite(found.scores) & np.isfinite(other)
    scores = (1 - weight) * np.where(valid, found.scores, 0.0) + weight * other
    return sort_hypotheses(found, np.where(valid, scores, -np.inf))


def log_probabilities(task: Task, clips: Clips, texts: Sequence[Sequence[str]]) -> np.ndarray:
    """Return the log probability (B, K) of each text of each clip, including its end word.

    Args:
        task: a task that writes captions.
        clips: B clips.
        texts: K texts of each clip.
    """
    scorer = task.cached_model("caption_scorer", lambda: CaptionScorer(task))
    captions = encode_captions(texts, task.tokenizer.encode)  # type: ignore[attr-defined]
    length = -(-int(captions.lengths.max()) // LENGTH_STEP) * LENGTH_STEP
    clips = task.frame_encoder.shorten(clips)
    sums = [
        scorer.predict_on_batch(Batch(clips, captions.owner[rows], captions.words(rows, length)))
        for rows in np.split(
            np.arange(len(captions)), range(CAPTIONS_PER_CALL, len(captions), CAPTIONS_PER_CALL)
        )
    ]
    return np.concatenate(sums).reshape(len(texts), -1)
