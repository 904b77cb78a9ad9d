"""Image captioning (Donahue et al. 2015, section 4.2)."""

from __future__ import annotations

from typing import Any, ClassVar

from lrcn_seq.config import Config
from lrcn_seq.errors import Problem
from lrcn_seq.records import Clips
from lrcn_seq.registry import tasks
from lrcn_seq.tasks._caption_problems import caption_problems
from lrcn_seq.tasks._caption_task import CaptionTask


@tasks.register
class Captioning(CaptionTask):
    """A task that writes captions for images."""

    noun: ClassVar[str] = "image"
    verb: ClassVar[str] = "caption"
    pipeline_tag: ClassVar[str | None] = "image-to-text"
    predict_batch_size: ClassVar[int] = 32

    @classmethod
    def problems(cls, config: Config) -> list[Problem]:
        """Return the problems of search, metrics, monitor and view, and of keys for videos only."""
        problems = caption_problems(cls, config)
        if config.data.sampling:
            problems.append(
                Problem(
                    "data.sampling",
                    "captioning reads images, which have no frames to sample. Remove the key, "
                    "or use the task `description`.",
                )
            )
        if config.data.frames != "rgb":
            problems.append(
                Problem(
                    "data.frames",
                    "captioning reads images, which show no motion. Remove the key, or use the "
                    "task `description`.",
                )
            )
        return problems

    def read_clip(self, media: Any) -> Clips:
        """Read an image as a clip of one frame, or all vectors of a file."""
        return media if isinstance(media, Clips) else self.media.clip(media)
