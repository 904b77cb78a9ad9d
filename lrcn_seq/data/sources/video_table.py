"""A table of your own videos with a label or sentences each, as CSV or JSON lines."""

from __future__ import annotations

from lrcn_seq.data.sources._folds import splits_of
from lrcn_seq.data.sources._tables import read_samples
from lrcn_seq.data.sources.base import Source, check_shares
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Positive, Share
from lrcn_seq.registry import sources


@sources.register
class VideoTable(Source):
    """Rows of a video with a label, a sentence, or both; several rows of one video are one sample.

    With columns `start` and `end` (seconds), each row labels a part of its video: every frame has a class of its own, or none.

    Args:
        table: a CSV file with a header, or JSON lines; paths in it are absolute or relative to its folder.
        media, text, label, split, group: names of the columns. Without them the usual ones are looked for: media, image,
            video, file or path · text, caption(s) or sentence(s) · label or class · split · group (the source video, say).
        dev, test: without a split column, shares of the groups, chosen by hash.
        folds: instead, that many parts of equal size and mix of labels; part `fold` is test, the next one dev, the rest train.
    """

    def __init__(
        self,
        table: str,
        *,
        media: str | None = None,
        text: str | None = None,
        label: str | None = None,
        split: str | None = None,
        group: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.2,
        seed: NotNegative = 0,
        folds: Positive | None = None,
        fold: NotNegative = 0,
    ):
        check_shares(dev, test)
        found = read_samples(
            table,
            named={
                "media": media,
                "text": text,
                "label": label,
                "split": split,
                "group": group,
                "start": None,
                "end": None,
            },
            needed=("media",),
        )
        if not any(sample.captions or sample.label or sample.moments for sample in found):
            raise DataError(
                f"{table}: expected a column with labels or sentences. Received: neither; name it in the config."
            )
        splits = splits_of(
            [(sample.group, sample.label or "") for sample in found],
            dev=dev,
            test=test,
            seed=seed,
            folds=folds,
            fold=fold,
        )
        self.samples = [
            sample._replace(split=(not folds and sample.split) or splits[sample.group])
            for sample in found
        ]
