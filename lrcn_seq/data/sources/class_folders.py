"""Folders of clips, one folder per class; a clip is a media file or a folder of frames."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.csv_table import is_missing
from lrcn_seq.data.sources._media_paths import is_image, is_media, normalize_key
from lrcn_seq.data.sources._source_files import is_folder, list_entries, list_files
from lrcn_seq.data.sources._splits import assign_splits, join_groups, unique_files
from lrcn_seq.data.sources._table_samples import DEFAULT_NAMES, split_name
from lrcn_seq.data.sources._tables import cell_text, read_table
from lrcn_seq.data.sources.base import SPLITS, Source, check_shares, validate_samples
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.records import NotNegative, Positive, Sample, Seed, Share
from lrcn_seq.registry import sources

SYSTEM_FOLDERS = frozenset(
    ("@eaDir", "__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found")
)
"""Folders that operating systems create, some of them with thumbnails."""


@sources.register
class ClassFolders(Source):
    """Clips labeled with the name of their folder.

    Files without a media suffix, folders without frames, media files outside the folders of classes
    and links to other clips of a class are left out and counted in `notes`. Hidden files are
    ignored. Folder names that differ only in Unicode normalization are one class.

    Args:
        folder: The folder that contains a folder per class.
        classes: The classes to read; None reads all folders in alphabetical order.
        groups: A table, relative to `folder`, with the columns `file` and `group`. A file is a path
            such as `class/name.mp4`, or a file name; a column `label` states the class of a file
            name that two classes contain. Clips of one group, such as clips cut from one video,
            stay in one split. Without a table, each clip is its own group.
        dev: The share of clips in dev.
        test: The share of clips in test.
        seed: The seed of the splits and folds.
        stratify: Whether all splits have the same proportions of classes. Otherwise, the hash of a
            group determines its split, and `dev` and `test` are expected shares of groups.
        folds: The number of cross-validation folds, balanced in size and classes, which replace the
            shares.
        fold: The number of the test fold; the next fold is dev, the others are train.

    Raises:
        ArgumentError: If `dev` and `test` leave nothing for training, or the folds are impossible.
        DataError: If a class has no folder, all folders have names of splits, there are no clips,
            links put a file into two classes, or a clip has no group or several.
    """

    paths = ("folder",)

    def __init__(
        self,
        folder: str,
        classes: list[str] | None = None,
        *,
        groups: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.2,
        seed: Seed = 0,
        stratify: bool = True,
        folds: Positive | None = None,
        fold: NotNegative = 0,
    ):
        check_shares(dev, test)
        found = [_list_clips(label, path) for label, path in _list_classes(folder, classes)]
        samples = [sample for content in found for sample in content.clips]
        others = [name for content in found for name in content.others]
        self.notes = (*_notes(found, others), *_outside_note(folder))
        if not samples:
            raise DataError(
                f"{folder}: expected folders of clips, one for each class. "
                f"Received: {_received(folder)}{_other_files(others)}; "
                "put each clip in the folder of its class, and give the folder of these folders."
            )
        if groups:
            samples = _read_groups(folder, groups, samples)
        joined = join_groups(samples)
        clips = unique_files(joined)
        self.notes += tuple(_link_note({s.id for s in joined} - {s.id for s in clips}))
        self.samples = validate_samples(
            assign_splits(
                clips,
                dev=dev,
                test=test,
                seed=seed,
                stratify=stratify,
                folds=folds,
                fold=fold,
            ),
            folder,
        )


class ClassContent(NamedTuple):
    """The content of the folder of a class.

    Attributes:
        name: The name of the folder.
        clips: A sample for each clip, without a split, each in its own group.
        others: The names of files and folders that are not clips.
    """

    name: str
    clips: list[Sample]
    others: list[str]


def _list_classes(folder: str, classes: list[str] | None) -> list[tuple[str, str]]:
    """Return the label and the path of the folder of each class to read, in order."""
    present = [
        (unicodedata.normalize("NFC", entry.name), entry.path)
        for entry in list_entries(folder, "a folder for each class")
        if is_folder(entry) and not entry.name.startswith(".")
    ]
    names = [label for label, _ in present]
    if classes is None and len(names) > 1 and all(split_name(name) in SPLITS for name in names):
        raise DataError(
            f"{folder}: expected a folder for each class. Received: folders of splits "
            f"({', '.join(names)}); put the clips of a class into one folder, give the folder of "
            "one split, or name the classes in the config."
        )
    wanted = None if classes is None else [unicodedata.normalize("NFC", name) for name in classes]
    missing = [name for name in wanted or () if name not in names]
    if missing:
        raise DataError(
            f"{folder}: expected a folder for each class. Received: none for "
            f"{shorten_names(missing)}; there are {', '.join(names) or 'no folders'}."
        )
    if wanted is None:
        return sorted(present, key=lambda item: item[0])
    return [item for name in wanted for item in present if item[0] == name]


def _list_clips(label: str, path: str) -> ClassContent:
    """Return the clips of a class, and the names of other files."""
    content = ClassContent(Path(path).name, [], [])
    for entry in list_entries(path, f"clips of the class {label!r}"):
        name = f"{content.name}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if content.name not in SYSTEM_FOLDERS and _is_clip(entry):
            media = str(Path(entry.path))
            content.clips.append(Sample(name, media, group=name, split="", label=label))
        else:
            content.others.append(name)
    return content


def _is_clip(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a file with a media suffix or a folder with images."""
    if not is_folder(entry):
        return is_media(entry.name)
    if entry.name in SYSTEM_FOLDERS:
        return False
    frames = list_entries(entry.path, "frames")
    return any(is_image(frame.name) and not frame.name.startswith(".") for frame in frames)


def _notes(found: Sequence[ClassContent], others: Sequence[str]) -> Iterator[str]:
    """Yield sentences about files and folders without clips."""
    if others:
        yield (
            f"{len(others):,} files and folders are neither media nor folders of frames and were "
            f"left out ({shorten_names(others)})."
        )
    empty = [content.name for content in found if not content.clips]
    if empty:
        yield f"{len(empty):,} folders contain no clips ({shorten_names(empty)})."


def _outside_note(folder: str) -> Iterator[str]:
    """Yield a sentence about media files outside the folders of classes, if any."""
    names = [name for name in list_files(folder, "classes") if is_media(name) and name[0] != "."]
    if names:
        yield (
            f"{len(names):,} media files are in no folder of a class and were left out "
            f"({shorten_names(names)})."
        )


def _link_note(names: Collection[str]) -> Iterator[str]:
    """Yield a sentence about files that are links to other clips of their class, if any."""
    if names:
        yield (
            f"{len(names):,} files are links to other clips of their class and were left out "
            f"({shorten_names(names)})."
        )


def _received(folder: str) -> str:
    """Return what a folder has instead of folders of clips."""
    clips = [name for name in list_files(folder, "classes") if is_media(name)]
    return f"{len(clips):,} clips directly in the folder" if clips else "none with a clip in it"


def _other_files(names: Sequence[str]) -> str:
    return f", only {shorten_names(names)}" if names else ""


def _read_groups(folder: str, name: str, samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples with their groups from a table."""
    table = read_table(Path(folder) / name, "a table of files and groups")
    file = table.require_column(None, ("file", *DEFAULT_NAMES["media"]), "file")
    group = table.require_column(None, DEFAULT_NAMES["group"], "group")
    label = table.find_column(None, DEFAULT_NAMES["label"], "label")
    clips = _clips_by_name(samples)
    groups: dict[str, str] = {}
    for row in table.rows:
        place = table.place(row)
        cell = cell_text(place, row.values.get(file), "file")
        key = _clip_key(place, folder, cell, cell_text(place, row.values.get(label or ""), "label"))
        value = cell_text(place, row.values.get(group), "group")
        for clip in () if is_missing(value) else clips.get(key, ()):
            if groups.setdefault(clip, value) != value:
                raise DataError(
                    f"{place}: expected one group for {clip!r}. Received: {groups[clip]!r} and "
                    f"{value!r}; remove one of the rows, or write the file with its class folder."
                )
    missing = [sample.id for sample in samples if not groups.get(sample.id)]
    if missing:
        raise DataError(
            f"{table.path}: expected the group of every clip. Received: none for "
            f"{shorten_names(missing)} ({len(missing):,} in total); add them to the table."
        )
    return [sample._replace(group=groups[sample.id]) for sample in samples]


def _clips_by_name(samples: Sequence[Sample]) -> dict[str, list[str]]:
    """Return the IDs of the clips by file name, and by path relative to the folder of classes."""
    clips: dict[str, list[str]] = {}
    for sample in samples:
        path = normalize_key(sample.id)
        for key in (path, path.partition("/")[2]):
            clips.setdefault(key, []).append(sample.id)
    return clips


def _clip_key(place: str, folder: str, file: str, label: str) -> str:
    """Return `class/name` for a file of a table, or only its name if the class is not given."""
    path = normalize_key(file)
    if Path(path).is_absolute():
        path = normalize_key(os.path.relpath(path, Path(folder).absolute()))
    parts = path.split("/")[-2:]
    if label and len(parts) > 1 and parts[0] != label:
        raise DataError(
            f"{place}: expected the folder of the class {label!r}. Received: {file!r}; correct the "
            "path or the label."
        )
    return "/".join(parts if len(parts) > 1 or not label else [label, *parts])
