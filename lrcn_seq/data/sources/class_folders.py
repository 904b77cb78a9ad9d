"""Folders of clips, one folder per class; a clip is a video file or a folder of frames."""

from __future__ import annotations

from pathlib import Path

from lrcn_seq.data.sources._source_files import find_column, list_files, read_table, require_column
from lrcn_seq.data.sources._splits import assign_splits
from lrcn_seq.data.sources.base import Source, check_shares, validate_samples
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.records import NotNegative, Positive, Sample, Seed, Share
from lrcn_seq.registry import sources


@sources.register
class ClassFolders(Source):
    """Clips labeled with the name of their folder.

    Args:
        folder: The folder that contains a folder per class. Hidden files are ignored.
        classes: The classes to read; None reads all folders in alphabetical order.
        groups: A table, relative to `folder`, with the columns `file` and `group`, and `label` if
            two classes share file names. Clips of one group, such as clips cut from one video, stay
            in one split. Without it, each clip is its own group.
        dev: The share of groups in dev, selected by hash.
        test: The share of groups in test, selected by hash.
        seed: The seed of the hash and of the folds.
        folds: The number of cross-validation folds, balanced in size and classes, which replace the
            shares.
        fold: The fold that is test; the next one is dev, the others are train.

    Raises:
        ArgumentError: If `dev` and `test` leave nothing for training, or the folds are impossible.
        DataError: If a class has no folder, there are no clips, or a clip has no group.
    """

    def __init__(
        self,
        folder: str,
        classes: list[str] | None = None,
        *,
        groups: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.2,
        seed: Seed = 0,
        folds: Positive | None = None,
        fold: NotNegative = 0,
    ):
        check_shares(dev, test)
        clips = [
            (label, path)
            for label in _list_classes(folder, classes)
            for path in _list_clips(Path(folder) / label)
        ]
        if not clips:
            raise DataError(
                f"{folder}: expected folders of clips, one for each class. "
                "Received: none with a clip in it; put each clip in the folder of its class."
            )
        group_of = (
            _read_groups(folder, groups, clips)
            if groups
            else {path: f"{label}/{path.name}" for label, path in clips}
        )
        splits = assign_splits(
            [(group_of[path], label) for label, path in clips],
            dev=dev,
            test=test,
            seed=seed,
            folds=folds,
            fold=fold,
        )
        samples = (
            Sample(
                id=f"{label}/{path.name}",
                media=str(path),
                group=group_of[path],
                split=splits[group_of[path]],
                label=label,
            )
            for label, path in clips
        )
        self.samples = validate_samples(samples, folder)


def _list_classes(folder: str, classes: list[str] | None) -> list[str]:
    """Return the classes to read, in order."""
    list_files(folder, "a folder for each class")
    present = sorted(
        entry.name
        for entry in Path(folder).iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )
    missing = [name for name in classes or () if name not in present]
    if missing:
        raise DataError(
            f"{folder}: expected a folder for each class. Received: none for "
            f"{shorten_names(missing)}; there are {', '.join(present) or 'no folders'}."
        )
    return present if classes is None else classes


def _list_clips(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _read_groups(folder: str, table: str, clips: list[tuple[str, Path]]) -> dict[Path, str]:
    """Return the group of each clip according to a table."""
    place = str(Path(folder) / table)
    rows = read_table(place, "a table of files and groups")
    file = require_column(rows, None, ("file",), place=place, role="file")
    group = require_column(rows, None, ("group",), place=place, role="group")
    label = find_column(rows, None, ("label", "class"), place=place, role="label")
    listed = {
        (str(row[label]) if label else None, Path(str(row[file])).name): str(row[group])
        for row in rows
    }
    groups = {path: listed.get((name if label else None, path.name), "") for name, path in clips}
    missing = [f"{path.parent.name}/{path.name}" for path, name in groups.items() if not name]
    if missing:
        raise DataError(
            f"{place}: expected the group of every clip. Received: none for "
            f"{shorten_names(missing)} ({len(missing):,} in total); add them to the table."
        )
    return groups
