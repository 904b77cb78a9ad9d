"""MSVD: short video clips with about forty captions each.

Chen and Dolan 2011, "Collecting Highly Parallel Data for Paraphrase Evaluation".
"""

from __future__ import annotations

import json
from pathlib import Path

from lrcn_seq.data.sources._source_files import list_files, read_text
from lrcn_seq.data.sources.base import Source, check_shares, split_by_hash, validate_samples
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.records import Sample, Seed, Share
from lrcn_seq.registry import sources


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
        files = {Path(name).stem: name for name in list_files(videos, "the clips of MSVD")}
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
        samples = (
            Sample(
                id=name,
                media=str(Path(videos) / files[name]),
                group=video_of[name],
                split=split_by_hash(video_of[name], dev, test, seed),
                captions=tuple(sentences[name]),
            )
            for name in present
        )
        self.samples = validate_samples(samples, captions)


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
        return [
            (entry["id"], caption) for entry in json.loads(text) for caption in entry["caption"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path}: expected [{{"id": name, "caption": [sentence, …]}}, …] '
            f"({type(error).__name__}: {error})."
        ) from error


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
