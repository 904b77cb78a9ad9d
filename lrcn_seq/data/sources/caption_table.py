"""A table of your own: media and sentences, as CSV or JSON lines."""

from __future__ import annotations

from lrcn_seq.data.sources._tables import read_samples
from lrcn_seq.data.sources.base import Source, check_shares, split_of
from lrcn_seq.records import NotNegative, Share
from lrcn_seq.registry import sources


@sources.register
class CaptionTable(Source):
    """Rows of media and sentence; several rows of one medium are one sample with several captions.

    Args:
        table: a CSV file with a header (comma, tab or semicolon), or JSON lines, where the text may be a list.
            Paths in it are absolute or relative to its folder.
        media, text, split, group: names of the columns. Without them the usual ones are looked for: media, image, video,
            file or path · text, caption(s) or sentence(s) · split (train, dev, test) · group (what must not be parted).
        dev, test: without a split column, shares of the groups, chosen by hash.
    """

    def __init__(
        self,
        table: str,
        *,
        media: str | None = None,
        text: str | None = None,
        split: str | None = None,
        group: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: NotNegative = 0,
    ):
        check_shares(dev, test)
        found = read_samples(
            table,
            named={"media": media, "text": text, "split": split, "group": group},
            needed=("media", "text"),
        )
        self.samples = [
            sample._replace(split=sample.split or split_of(sample.group, dev, test, seed))
            for sample in found
        ]
