"""A custom table of images or videos with captions, as CSV or JSON."""

from __future__ import annotations

from lrcn_seq.data.sources._table_samples import read_samples
from lrcn_seq.data.sources.base import Source, check_shares, splits_by_hash
from lrcn_seq.records import Seed, Share
from lrcn_seq.registry import sources


@sources.register
class CaptionTable(Source):
    """Images or videos with captions; rows of the same file form one sample.

    Args:
        table: A CSV file with a header (delimited by comma, tab or semicolon), or JSON Lines or an
            array of JSON objects with a text or a list of texts per row. Media paths are absolute
            or relative to the folder of the table.
        media: The column of media paths; by default `media`, `image`, `video`, `file`, `path` or
            `file_name`.
        text: The column of captions; by default all columns named `caption(s)`, `caption1`,
            `caption2` and so on, or likewise `text(s)` or `sentence(s)`.
        split: The column of splits (train, dev, test); by default `split`, if present.
        group: The column of groups that stay in one split; by default `group`, if present.
        dev: Without a split column, the share of groups in dev, selected by hash.
        test: Without a split column, the share of groups in test, selected by hash.
        seed: The seed of the hash.

    Raises:
        ArgumentError: If `dev` and `test` leave nothing for training.
        DataError: If the table or one of its rows is unusable.
    """

    paths = ("table",)

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
        seed: Seed = 0,
    ):
        check_shares(dev, test)
        samples, self.notes = read_samples(
            table,
            names={"media": media, "text": text, "split": split, "group": group},
            required=("media", "text"),
        )
        open_groups = (sample.group for sample in samples if not sample.split)
        splits = splits_by_hash(open_groups, dev, test, seed)
        self.samples = [
            sample if sample.split else sample._replace(split=splits[sample.group])
            for sample in samples
        ]
