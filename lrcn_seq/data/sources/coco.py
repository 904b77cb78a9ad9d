"""COCO Captions (Chen et al. 2015, arXiv 1504.00325)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.data.sources._media_paths import check_not_url, find_spelling, normalize_key
from lrcn_seq.data.sources._source_files import (
    abbreviate,
    check_text,
    list_files,
    parse_json,
    read_text,
)
from lrcn_seq.data.sources._splits import join_groups
from lrcn_seq.data.sources._table_samples import split_name
from lrcn_seq.data.sources.base import (
    SPLITS,
    Source,
    check_shares,
    splits_by_hash,
    validate_samples,
)
from lrcn_seq.errors import ArgumentError, DataError, shorten_names
from lrcn_seq.records import Sample, Seed, Share
from lrcn_seq.registry import sources

HELD_OUT = "held_out"


@sources.register
class Coco(Source):
    """Images of one or more annotation files.

    Images that are missing from their folder or have no caption are left out and counted in
    `notes`. Several entries of one image file are merged into one image with all captions.

    Args:
        annotations: An annotation file such as `captions_val2017.json`, which is split by hash.
        images: The folder of the images of `annotations`.
        splits: In place of `annotations` and `images`, one pair of them per split:
            `{train: {annotations: …, images: …}, dev: {…}, test: {…}}`. The images of a pair
            under `held_out` are divided equally between dev and test by the hash of their IDs.
        dev: Without `splits`, the share of images in dev, selected by the hash of their IDs.
        test: Without `splits`, the share of images in test, selected by the hash of their IDs.
        seed: The seed of the hash.

    Raises:
        ArgumentError: If `annotations` and `images`, or `splits`, are incomplete or combined.
        DataError: If a file or folder is unusable.
    """

    paths = ("annotations", "images")

    def __init__(
        self,
        annotations: str | None = None,
        images: str | None = None,
        *,
        splits: dict[str, dict[str, str]] | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: Seed = 0,
    ):
        check_shares(dev, test)
        samples: list[Sample] = []
        self.notes = ()
        for part in _parts(annotations, images, splits, (dev, test)):
            read, notes = _read(part, seed)
            samples += read
            self.notes += notes
        self.samples = validate_samples(join_groups(samples), "coco")


class _Part(NamedTuple):
    """An annotation file and the split of its images.

    `dev` and `test` are the shares of images moved to these splits by hash.
    """

    annotations: str
    images: str
    split: str
    dev: float = 0.0
    test: float = 0.0


def _parts(
    annotations: str | None,
    images: str | None,
    splits: dict[str, dict[str, str]] | None,
    shares: tuple[float, float],
) -> list[_Part]:
    """Return the annotation files that the arguments name, with their folders and splits."""
    if splits is None:
        if annotations is None or images is None:
            raise ArgumentError(
                "coco: expected `annotations` and `images`, or `splits`. "
                f"Received: annotations={annotations!r}, images={images!r}; give both."
            )
        return [_Part(annotations, images, "train", *shares)]
    if annotations or images:
        raise ArgumentError(
            "coco: expected `annotations` and `images`, or `splits`, not both. Received: "
            f"annotations={annotations!r}, images={images!r}, splits={splits!r}; remove one."
        )
    for name, files in splits.items():
        if name not in (*SPLITS, HELD_OUT) or set(files) != {"annotations", "images"}:
            raise ArgumentError(
                "coco.splits: expected train, dev, test or held_out, each with `annotations` and "
                f"`images`. Received: {name}={files!r}; correct this entry."
            )
    return [
        _Part(
            files["annotations"],
            files["images"],
            "dev" if name == HELD_OUT else name,
            test=0.5 if name == HELD_OUT else 0.0,
        )
        for name, files in splits.items()
    ]


class _Image(NamedTuple):
    """The merged entries of one image file.

    Attributes:
        id: The ID of the first entry.
        name: The file name as written.
        file: The path of the file; None if it is not in the folder.
        captions: The captions of all entries.
    """

    id: str
    name: str
    file: str | None
    captions: list[str]


def _read(part: _Part, seed: int) -> tuple[list[Sample], tuple[str, ...]]:
    """Return the usable images of an annotation file, and notes about the others."""
    content = _load(part.annotations)
    by_id = _images_by_id(part, content["images"])
    unknown = _add_captions(part.annotations, content["annotations"], by_id)
    images = {id(image): image for image in by_id.values()}.values()
    missing = [image.name for image in images if image.file is None]
    without_caption = [image.name for image in images if image.file and not image.captions]
    notes = tuple(_notes(Path(part.annotations).name, missing, without_caption, unknown))
    samples = [
        Sample(
            id=image.id,
            media=image.file,
            group=image.id,
            split=part.split,
            captions=tuple(image.captions),
        )
        for image in images
        if image.file and image.captions
    ]
    if not samples:
        raise DataError(
            f"{part.images}: expected images described in {part.annotations}. "
            f"Received: none of its {len(images):,} images. {' '.join(notes)} "
            "Correct the paths or the annotations."
        )
    return _split(join_groups(samples), part, seed), notes


def _split(samples: list[Sample], part: _Part, seed: int) -> list[Sample]:
    """Return samples in the split of their annotation file, unless their hash selects another."""
    splits = splits_by_hash((sample.group for sample in samples), part.dev, part.test, seed)
    return [
        sample if splits[sample.group] == "train" else sample._replace(split=splits[sample.group])
        for sample in samples
    ]


def _load(path: str) -> dict[str, list[Any]]:
    """Return the lists of images and annotations of a COCO file.

    Raises:
        DataError: If the file is missing, is not JSON, or lacks one of the lists.
    """
    try:
        content = parse_json(read_text(path, "a COCO annotation file"))
    except ValueError as error:
        raise DataError(f"{path}: expected a COCO annotation file in JSON ({error}).") from None
    for name in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(name), list):
            raise DataError(
                f"{path}: expected a COCO annotation file with lists of images and annotations. "
                f"Received: no list {name!r}; use a file such as captions_val2017.json."
            )
    return content


def _images_by_id(part: _Part, entries: list[Any]) -> dict[str, _Image]:
    """Return the image of each ID; entries of one file share one image."""
    files = list_files(part.images, "the images of COCO")
    images: dict[str, _Image] = {}
    by_path: dict[str, _Image] = {}
    places = [f"{part.annotations}, images[{number}]" for number in range(len(entries))]
    pairs = [
        (_id(entry, "id", place), _text(entry, "file_name", place))
        for entry, place in zip(entries, places, strict=True)
    ]
    removable = _removable_folders(part.images, {_parent(name) for _, name in pairs})
    for (key, name), place in zip(pairs, places, strict=True):
        file = _find_image(part.images, files, name, removable, place)
        image = by_path.setdefault(file or normalize_key(name), _Image(key, name, file, []))
        if _parent(name) != _parent(image.name):
            raise DataError(
                f"{place}: expected files of different names. Received: {image.name!r} and "
                f"{name!r}, both found as {file}; give the folder that contains their folders."
            )
        if images.setdefault(key, image) is not image:
            raise DataError(
                f"{place}: expected one file for each ID. Received: {images[key].name!r} and "
                f"{name!r} with the ID {key}; correct one of the IDs."
            )
    return images


def _removable_folders(folder: str, parents: set[str]) -> set[str]:
    """Return the folders in file names that can be removed, since `folder` takes their place.

    The name `val2014/x.jpg` refers to the file `x.jpg` in `folder` if the name of `folder` is
    `val2014`. If no file name contains the name of `folder`, that name may also be another one,
    unless both names are those of splits, or a folder `val2014` exists in or beside `folder`.

    Args:
        folder: The folder of the images.
        parents: The folders of the file names, as `_parent` returns them.
    """
    path = Path(folder).absolute()
    ends = {
        parent for parent in parents if path.parts[-len(Path(parent).parts) :] == Path(parent).parts
    }
    if ends:
        return ends
    split = _split_of_folder(path.name)
    return {
        parent
        for parent in parents
        if not (split and _split_of_folder(Path(parent).name))
        and not (path / parent).is_dir()
        and not (path.parent / parent).is_dir()
    }


def _split_of_folder(name: str) -> str | None:
    """Return the split in the name of a folder such as `val2014`, or None."""
    split = split_name(name.rstrip("0123456789_-"))
    return split if split in SPLITS else None


def _parent(name: str) -> str:
    """Return the folder of a file name, or an empty text if it has none."""
    return normalize_key(name).rpartition("/")[0]


def _find_image(
    folder: str, files: set[str], name: str, removable: set[str], place: str
) -> str | None:
    """Return the path of an image, or None if it is not in the folder.

    Args:
        folder: The folder of the images.
        files: The names of the files in the folder.
        name: The file name as written.
        removable: The folders that can be removed from `name`; see `_removable_folders`.
        place: The place to name in messages.
    """
    check_not_url(name, place)
    if name in files:
        return str(Path(folder) / name)
    candidates = [find_spelling(Path(folder), name)]
    if _parent(name) in removable:
        candidates.append(find_spelling(Path(folder), candidates[0].rpartition("/")[2]))
    for candidate in candidates:
        if candidate in files or ("/" in candidate and (Path(folder) / candidate).is_file()):
            return str(Path(folder) / candidate)
    return None


def _add_captions(path: str, entries: list[Any], images: dict[str, _Image]) -> int:
    """Add the captions of all annotations to their images.

    Returns:
        The number of annotations whose image is not in the list of images.
    """
    unknown = 0
    for number, entry in enumerate(entries):
        place = f"{path}, annotations[{number}]"
        key, caption = _id(entry, "image_id", place), _text(entry, "caption", place)
        if key in images:
            images[key].captions.append(caption)
        else:
            unknown += 1
    return unknown


def _id(entry: Any, key: str, place: str) -> str:
    """Return an ID as text, so that the number 7 and the text '7' are equal."""
    value = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).strip():
        raise DataError(
            f"{place}: expected an {key!r}, a number or a text. Received: {abbreviate(entry)}; "
            "correct the entry."
        )
    text = str(value).strip()
    check_text(text, place)
    return text


def _text(entry: dict[str, Any], key: str, place: str) -> str:
    """Return the text under a key of an entry; raise DataError if it is missing or empty."""
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(
            f"{place}: expected a text under {key!r}. Received: {abbreviate(entry)}; "
            "correct or remove the entry, or use a file such as captions_val2017.json."
        )
    check_text(value, place)
    return value.strip()


def _notes(
    annotations: str, missing: list[str], without_caption: list[str], unknown: int
) -> Iterator[str]:
    """Yield a sentence for each kind of entry that was left out."""
    if missing:
        yield (
            f"{len(missing):,} images of {annotations} are not in the folder and were left out "
            f"({shorten_names(missing)})."
        )
    if without_caption:
        yield (
            f"{len(without_caption):,} images of {annotations} have no caption and were left out "
            f"({shorten_names(without_caption)})."
        )
    if unknown:
        yield (
            f"{unknown:,} captions of {annotations} refer to images that are not in its list and "
            "were left out."
        )
