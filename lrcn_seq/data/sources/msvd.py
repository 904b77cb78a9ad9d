"""MSVD: short videos with some forty sentences each (Chen and Dolan 2011, "Collecting Highly Parallel Data for Paraphrase Evaluation")."""

from __future__ import annotations

import json
from pathlib import Path

from lrcn_seq.data.sources._reading import names_in, read_text, shortened
from lrcn_seq.data.sources.base import Source, check_shares, checked, split_of
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Sample, Share
from lrcn_seq.registry import sources


@sources.register
class Msvd(Source):
    """Clips named VIDEO_FIRST_LAST; those cut from one video stay together.

    Args:
        captions: JSON `[{"id": name, "caption": [sentence, …]}, …]`, or lines 'NAME sentence' as in the original file.
        videos: the folder of clips. Those that are not in it are left out and noted.
        dev, test: shares of the videos that clips were cut from, chosen by hash (of 1,970 clips, 100 and 670 in the usual split,
            which parts clips of one video).
    """

    def __init__(
        self,
        captions: str,
        videos: str,
        *,
        dev: Share = 0.05,
        test: Share = 0.34,
        seed: NotNegative = 0,
    ):
        check_shares(dev, test)
        sentences, files = (
            _sentences(captions),
            {Path(name).stem: name for name in names_in(videos, "the clips of MSVD")},
        )
        missing = [name for name in sentences if name not in files]
        self.notes = (
            (
                f"{len(missing):,} clips with captions are not in the folder and left out ({shortened(missing)}).",
            )
            if missing
            else ()
        )
        present = [name for name in sentences if name in files]
        if not present:
            raise DataError(
                f"{videos}: expected clips that {captions} describes. Received: none of {len(sentences):,}."
            )
        homes = {name: name.rsplit("_", 2)[0] for name in present}
        self.samples = checked(
            (
                Sample(
                    name,
                    str(Path(videos) / files[name]),
                    homes[name],
                    split_of(homes[name], dev, test, seed),
                    tuple(sentences[name]),
                )
                for name in present
            ),
            captions,
        )


def _sentences(path: str) -> dict[str, list[str]]:
    text = read_text(path, "the captions of MSVD")
    found: dict[str, list[str]] = {}
    for name, sentence in (
        _json_pairs(path, text) if text.lstrip().startswith(("[", "{")) else _line_pairs(path, text)
    ):
        stem = Path(name).stem if Path(name).suffix in (".avi", ".mp4", ".webm") else name
        found.setdefault(stem, []).append(" ".join(sentence.split()))
    return found


def _json_pairs(path: str, text: str) -> list[tuple[str, str]]:
    try:
        return [
            (entry["id"], sentence) for entry in json.loads(text) for sentence in entry["caption"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path}: expected [{{"id": name, "caption": [sentence, …]}}, …] ({type(error).__name__}: {error}).'
        ) from error


def _line_pairs(path: str, text: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(text.split("\n"), start=1):
        name, _, sentence = line.strip().partition(" ")
        if sentence and not line.startswith("#"):
            pairs.append((name, sentence))
        elif name and not line.startswith("#"):
            raise DataError(
                f"{path}, line {number}: expected 'NAME sentence'. Received: {line[:60]!r}."
            )
    return pairs
