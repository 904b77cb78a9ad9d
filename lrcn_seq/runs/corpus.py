"""The corpus of a run: the readable samples of its source, by split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.config import Config, DataSize
from lrcn_seq.data.media import ContentIndex, MediaReader, media_kind
from lrcn_seq.data.similar_names import similar_names, similarity_notes
from lrcn_seq.data.sources import Source
from lrcn_seq.data.survey import survey
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Sample
from lrcn_seq.registry import encoders, sources
from lrcn_seq.tasks import content_index, task_type
from lrcn_seq.terminal import print_note

SPLITS = ("train", "dev", "test")
SMALL_SPLIT = 8
"""Number of samples below which the scores of a split depend on chance."""


class Corpus(NamedTuple):
    """The readable samples of a data source.

    Attributes:
        splits: the samples of each split.
        notes: sentences about samples that the source skips, small splits and missing classes.
        contents: the index of file contents.
    """

    splits: dict[str, list[Sample]]
    notes: tuple[str, ...]
    contents: ContentIndex

    @property
    def samples(self) -> list[Sample]:
        """The samples of all splits."""
        return [sample for split in self.splits.values() for sample in split]

    @property
    def fingerprint(self) -> str:
        """A hash of the IDs, order, contents and targets of the training and dev samples."""
        digest, reader = sha256(), MediaReader("clips", index=self.contents)
        for split in ("train", "dev"):
            for sample in self.splits[split]:
                moments = [tuple(moment) for moment in sample.moments]
                fields: list[object] = [
                    split,
                    sample.id,
                    reader.content_hash(sample.media),
                    sample.captions,
                ]
                fields += [sample.label, moments, *([sample.targets] if sample.targets else [])]
                digest.update(repr(tuple(fields)).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()


def read_corpus(
    config: Config,
    *,
    skipped: Path | None = None,
    splits: Sequence[str] = SPLITS,
    source: Source | None = None,
) -> Corpus:
    """Read the data source of a config, and check that the file of every sample can be read.

    Args:
        config: the config.
        skipped: the file in which the unreadable files are listed if `data.on_error` is `skip`.
        splits: the splits to read.
        source: the data source, if it has been read before.

    Raises:
        DataError: files cannot be read, and the config does not allow skipping that many.
    """
    if source is None:
        source = sources.build(config.data.source, place="data.source")
    print_notes(source.notes)
    wanted = [sample for sample in source if sample.split in splits]
    index = content_index(config)
    with progress_bar("opening files") as progress:
        readable = survey(
            wanted,
            survey_reader(config, index),
            on_error=config.data.on_error,
            lost_share_limit=config.data.lost_share_limit,
            total=len(source),
            report=skipped if config.data.on_error == "skip" else None,
            progress=progress,
        )
    _report_unreadable(wanted, readable, skipped)
    lost = {sample.id for sample in wanted} - {sample.id for sample in readable}
    all_splits = divide(sample for sample in source if sample.id not in lost)
    split_notes = describe_splits(all_splits, config)
    print_notes(split_notes)
    by_split = {split: all_splits.get(split, []) for split in splits}
    return Corpus(by_split, (*source.notes, *split_notes), index)


def divide(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Group samples by split."""
    splits: dict[str, list[Sample]] = {split: [] for split in SPLITS}
    for sample in samples:
        if sample.split in splits:
            splits[sample.split].append(sample)
    return splits


def _report_unreadable(
    wanted: Sequence[Sample], readable: Sequence[Sample], skipped: Path | None
) -> None:
    """Print the number of skipped files and some of their names, if any."""
    if len(readable) == len(wanted):
        return
    names = sorted({sample.id for sample in wanted} - {sample.id for sample in readable})
    where = f" Reasons are listed in {skipped}." if skipped else ""
    print_note(
        f"{len(names):,} of {len(wanted):,} files cannot be read and are skipped "
        f"({shorten_names(names)}).{where}"
    )


def print_notes(notes: Iterable[str]) -> None:
    """Print notes about a source to stderr."""
    for note in notes:
        print_note(note)


def data_size(splits: Mapping[str, Sequence[Sample]]) -> DataSize:
    """Return the number of training captions or clips, and of dev samples."""
    targets = sum(max(1, len(sample.captions)) for sample in splits["train"])
    return DataSize(targets, len(splits["dev"]))


def check_splits(splits: Mapping[str, Sequence[Sample]]) -> None:
    """Raise DataError unless there are training and dev samples."""
    if not splits["train"]:
        raise DataError(
            "Expected training samples. Received: none in the split train; check data.source."
        )
    if not splits["dev"]:
        raise DataError(
            "Expected dev samples, since the best weights are those with the best dev score. "
            f"Received: none, and {len(splits['train']):,} in train; raise data.source.dev, change "
            "data.source.seed, or mark samples of the data as dev."
        )


def describe_splits(splits: Mapping[str, Sequence[Sample]], config: Config) -> tuple[str, ...]:
    """Return sentences about splits whose scores are unreliable.

    Such splits are small, lack classes, or share groups whose names differ in spelling. A small
    dev split is not described, since `data_advice` says what it means for training.

    Args:
        splits: the samples of train, dev and test.
        config: the config; missing classes are reported if its task predicts classes.
    """
    notes = [
        f"The split {name} has only {len(samples)} sample{'s' if len(samples) > 1 else ''}; "
        "its scores depend on chance."
        for name, samples in splits.items()
        if name == "test" and 0 < len(samples) < SMALL_SPLIT
    ]
    return (*notes, *_group_notes(splits), *task_type(config).outputs_type.split_notes(splits))


def _group_notes(splits: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    """Yield a sentence about groups of similar names in different splits, if there are any."""
    found = {s.group: name for name, samples in splits.items() for s in samples if s.group != s.id}
    divided = [names for names in similar_names(found) if len({found[n] for n in names}) > 1]
    yield from similarity_notes("Groups in different splits", divided)


def survey_reader(config: Config, index: ContentIndex) -> MediaReader:
    """Return a reader that checks whether media can be read, without preprocessing them.

    Args:
        config: the config.
        index: the index of file contents.
    """
    takes = encoders.get(config.encoder["type"]).takes
    return MediaReader(
        media_kind(takes, sampled=bool(config.data.sampling)),
        vector_width=config.encoder.get("width"),
        pixels_limit=config.data.pixels_limit,
        index=index,
    )
