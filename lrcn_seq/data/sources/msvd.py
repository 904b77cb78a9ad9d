"""MSVD: short video clips with about forty captions each.

Chen and Dolan 2011, "Collecting Highly Parallel Data for Paraphrase Evaluation".
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Any

from lrcn_seq.data.sources._media_paths import is_media
from lrcn_seq.data.sources._source_files import (
    abbreviate,
    check_text,
    list_files,
    parse_json,
    read_text,
)
from lrcn_seq.data.sources._splits import join_groups
from lrcn_seq.data.sources.base import Source, check_shares, splits_by_hash, validate_samples
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.records import Sample, Seed, Share
from lrcn_seq.registry import sources

JSON_FORM = '[{"id": name, "caption": [sentence, …]}, …]'


@sources.register
class Msvd(Source):
    """Clips named VIDEO_FIRST_LAST; clips of one video stay in one split.

    Args:
        captions: A JSON file `[{"id": name, "caption": [sentence, …]}, …]`, or a text file with
            lines 'NAME sentence', the original format.
        videos: The folder of clips. Missing clips are left out and counted in `notes`.
        dev: The share of videos in dev, selected by hash.
        test: The share of videos in test, selected by hash. The usual split has 1,200, 100 and 670
            of 1,970 clips, but distributes clips of one video over several splits.
        seed: The seed of the hash.

    Raises:
        ArgumentError: If `dev` and `test` leave nothing for training.
        DataError: If a file or folder is unusable.
    """

    paths = ("captions", "videos")

    def __init__(
        self,
        captions: str,
        videos: str,
        *,
        dev: Share = 0.05,
        test: Share = 0.34,
        seed: Seed = 0,
    ):
        check_shares(dev, test)
        sentences = _read_captions(captions)
        files = _find_clips(videos, sentences)
        missing = [name for name in sentences if name not in files]
        if missing:
            self.notes = (
                f"{len(missing):,} clips with captions are not in the folder and were left out "
                f"({shorten_names(missing)}).",
            )
        present = [name for name in sentences if name in files]
        if not present:
            raise DataError(
                f"{videos}: expected clips described in {captions}. "
                f"Received: none of {len(sentences):,}; check the two paths."
            )
        video_of = {name: name.rsplit("_", 2)[0] for name in present}
        samples = [
            Sample(
                id=name,
                media=str(Path(videos) / files[name]),
                group=video_of[name],
                split="",
                captions=tuple(sentences[name]),
            )
            for name in present
        ]
        samples = join_groups(samples)
        splits = splits_by_hash((sample.group for sample in samples), dev, test, seed)
        self.samples = validate_samples(
            (sample._replace(split=splits[sample.group]) for sample in samples), captions
        )


def _find_clips(folder: str, names: Container[str]) -> dict[str, str]:
    """Return the file name of each clip that is in the folder.

    Raises:
        DataError: If a clip has several files.
    """
    files: dict[str, str] = {}
    for file in sorted(filter(is_media, list_files(folder, "the clips of MSVD"))):
        name = Path(file).stem
        if name in names and files.setdefault(name, file) != file:
            raise DataError(
                f"{folder}: expected one file for the clip {name!r}. Received: {files[name]} and "
                f"{file}; keep one of them."
            )
    return files


def _read_captions(path: str) -> dict[str, list[str]]:
    """Return the captions of each clip from either format of the caption file."""
    text = read_text(path, "the captions of MSVD")
    pairs = _json_pairs if text.lstrip().startswith(("[", "{")) else _line_pairs
    captions: dict[str, list[str]] = {}
    for name, caption in pairs(path, text):
        stem = Path(name).stem if Path(name).suffix in (".avi", ".mp4", ".webm") else name
        captions.setdefault(stem, []).append(" ".join(caption.split()))
    return captions


def _json_pairs(path: str, text: str) -> list[tuple[str, str]]:
    """Return the (clip, caption) pairs of a JSON file."""
    try:
        entries = parse_json(text)
    except ValueError as error:
        raise DataError(f"{path}: expected {JSON_FORM} in JSON ({error}).") from None
    if not isinstance(entries, list):
        raise DataError(f"{path}: expected {JSON_FORM}. Received: {abbreviate(entries)}.")
    return [
        (name, caption)
        for number, entry in enumerate(entries, start=1)
        for name, captions in [_check_entry(f"{path}, entry {number}", entry)]
        for caption in captions
    ]


def _check_entry(place: str, entry: Any) -> tuple[str, list[str]]:
    """Return the name and the captions of an entry; one caption may be given without a list."""
    values: dict[str, Any] = entry if isinstance(entry, dict) else {}
    name, captions = values.get("id"), values.get("caption")
    captions = captions if isinstance(captions, list) else [captions]
    if any(not isinstance(text, str) or not text.strip() for text in (name, *captions)):
        raise DataError(
            f"{place}: expected {JSON_FORM}, all of them text. Received: {abbreviate(entry)}; "
            "correct the entry."
        )
    for text in (name, *captions):
        check_text(text, place)
    return str(name), captions


def _line_pairs(path: str, text: str) -> list[tuple[str, str]]:
    """Return the (clip, caption) pairs of a text file; lines that start with # are comments."""
    pairs = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("#"):
            continue
        name, _, caption = line.strip().partition(" ")
        if caption:
            pairs.append((name, caption))
        elif name:
            raise DataError(
                f"{path}, line {number}: expected 'NAME sentence'. Received: {line[:60]!r}; "
                "correct the line."
            )
    return pairs
