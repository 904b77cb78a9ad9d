"""One folder for each class, of videos or of folders of frames."""

from __future__ import annotations

from pathlib import Path

from lrcn_seq.data.sources._folds import splits_of
from lrcn_seq.data.sources._reading import column, names_in, read_table, shortened
from lrcn_seq.data.sources.base import Source, check_shares, checked
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Positive, Sample, Share
from lrcn_seq.registry import sources


@sources.register
class ClassFolders(Source):
    """Clips labeled by the folder that they lie in.

    Args:
        folder: holds a folder for each class; hidden files are passed over.
        classes: the classes to take; None takes all folders that hold clips, in the order of their names.
        groups: a table with columns `file` and `group` (and `label`, where two classes share file names): clips cut from one
            video must not be parted. Relative to `folder`. Without it every clip is a group of its own.
        dev, test: shares of the groups, chosen by hash.
        folds: instead, that many parts of equal size and mix of classes; part `fold` is test, the next one dev, the rest train.
    """

    def __init__(
        self,
        folder: str,
        classes: list[str] | None = None,
        *,
        groups: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.2,
        seed: NotNegative = 0,
        folds: Positive | None = None,
        fold: NotNegative = 0,
    ):
        check_shares(dev, test)
        found = [
            (label, path)
            for label in _classes(folder, classes)
            for path in _clips(Path(folder) / label)
        ]
        if not found:
            raise DataError(
                f"{folder}: expected folders of clips, one for each class. Received: none with a clip in it."
            )
        group_of = (
            _groups(folder, groups, found)
            if groups
            else {path: f"{label}/{path.name}" for label, path in found}
        )
        splits = splits_of(
            [(group_of[path], label) for label, path in found],
            dev=dev,
            test=test,
            seed=seed,
            folds=folds,
            fold=fold,
        )
        self.samples = checked(
            (
                Sample(
                    f"{label}/{path.name}",
                    str(path),
                    group_of[path],
                    splits[group_of[path]],
                    label=label,
                )
                for label, path in found
            ),
            folder,
        )


def _classes(folder: str, wanted: list[str] | None) -> list[str]:
    names_in(folder, "a folder for each class")
    present = sorted(
        entry.name
        for entry in Path(folder).iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )
    absent = [name for name in wanted or () if name not in present]
    if absent:
        raise DataError(
            f"{folder}: expected a folder for each class. Received: none for {shortened(absent)}; there are {', '.join(present) or 'no folders'}."
        )
    return present if wanted is None else wanted


def _clips(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _groups(folder: str, table: str, found: list[tuple[str, Path]]) -> dict[Path, str]:
    place = str(Path(folder) / table)
    rows = read_table(place, "a table of files and groups")
    file, group = (
        column(rows, None, (name,), place=place, role=name) for name in ("file", "group")
    )
    label = column(rows, None, ("label", "class"), place=place, role="label", required=False)
    known = {
        (str(row[label]) if label else None, Path(str(row[file])).name): str(row[group])
        for row in rows
    }
    groups = {path: known.get((name if label else None, path.name)) for name, path in found}
    lost = [f"{path.parent.name}/{path.name}" for path, name in groups.items() if not name]
    if lost:
        raise DataError(
            f"{place}: expected the group of every clip. Received: none of {shortened(lost)} ({len(lost)} in all)."
        )
    return groups
