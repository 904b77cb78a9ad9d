"""Image captioning: one picture to a sentence (Donahue et al. 2015, section 4.2)."""

from __future__ import annotations

from typing import Any, ClassVar

from lrcn_seq.errors import Problem
from lrcn_seq.records import Clips
from lrcn_seq.registry import tasks
from lrcn_seq.tasks._sentences import SentenceTask
from lrcn_seq.tasks._writing import sentence_problems


@tasks.register
class Captioning(SentenceTask):
    """Words after words, the features of the picture beside them."""

    at_once: ClassVar[int] = 32

    @classmethod
    def problems(cls, config) -> list[Problem]:
        """A search that leaves no sentence, a metric that does not run here, a monitor that is none of the scores, or what only videos have."""
        problems = sentence_problems(cls, config)
        if config.data.sampling:
            problems.append(
                Problem(
                    "data.sampling",
                    "captioning looks at pictures, of which no frames are chosen. Leave it out, or use the task description.",
                )
            )
        if config.data.frames != "rgb":
            problems.append(
                Problem(
                    "data.frames",
                    "captioning looks at pictures, in which nothing moves. Leave it out, or use the task description.",
                )
            )
        return problems

    def seen(self, media: Any) -> Clips:
        """The picture as a clip of one frame, or all vectors in its place."""
        return self.reader.clip(media)
