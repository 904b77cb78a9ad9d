"""A custom table of videos with labels or captions, as CSV or JSON."""

from __future__ import annotations

from lrcn_seq.data.sources._splits import assign_splits
from lrcn_seq.data.sources._table_samples import read_samples
from lrcn_seq.data.sources.base import Source, check_shares
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Positive, Seed, Share
from lrcn_seq.registry import sources


@sources.register
class VideoTable(Source):
    """Videos with a label, captions, or both; rows of the same video form one sample.

    With the columns `start` and `end` (seconds), each row labels a part of its video. A frame has
    the class of the part that contains it, and no class if there is none.

    Args:
        table: A CSV file with a header, or JSON Lines, or an array of JSON objects. Media paths are
            absolute or relative to the folder of the table.
        media: The column of media paths; by default `media`, `image`, `video`, `file`, `path` or
            `file_name`.
        text: The column of captions; by default all columns named `caption(s)`, `caption1`,
            `caption2` and so on, or likewise `text(s)` or `sentence(s)`, if present.
        label: The column of labels; by default `label` or `class`, if present.
        split: The column of splits (train, dev, test); by default `split`, if present.
        group: The column of groups that stay in one split, such as the original video of a clip;
            by default `group`, if present.
        dev: Without a split column, the share of videos in dev.
        test: Without a split column, the share of videos in test.
        seed: The seed of the splits and folds.
        stratify: Whether all splits have the same proportions of labels. Otherwise, and for videos
            without labels, the hash of a group determines its split, and `dev` and `test` are
            expected shares of groups.
        folds: The number of cross-validation folds, balanced in size and labels. Folds replace the
            split column and the shares.
        fold: The number of the test fold; the next fold is dev, the others are train.

    Raises:
        ArgumentError: If `dev` and `test` leave nothing for training, or the folds are impossible.
        DataError: If the table or one of its rows is unusable.
    """

    paths = ("table",)

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
        seed: Seed = 0,
        stratify: bool = True,
        folds: Positive | None = None,
        fold: NotNegative = 0,
    ):
        check_shares(dev, test)
        names = {
            "media": media,
            "text": text,
            "label": label,
            "split": split,
            "group": group,
            "start": None,
            "end": None,
        }
        samples, self.notes = read_samples(table, names=names, required=("media",))
        if not any(s.captions or s.label or s.moments for s in samples):
            raise DataError(
                f"{table}: expected a column with labels or sentences. Received: neither; "
                "name it in the config."
            )
        self.samples = assign_splits(
            samples,
            dev=dev,
            test=test,
            seed=seed,
            stratify=stratify,
            folds=folds,
            fold=fold,
        )
