"""METEOR's paraphrase table, five million pairs of phrases, as arrays on disk that open at once.

Phrases are a tree: a node is a phrase, its parent the phrase without the last word. The nodes of each depth are one sorted
array of `parent · W + word`, so that a phrase is found by one search a word, many phrases at a time.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np

from lrcn_seq.errors import DataError

FORMAT = 1
REPORT = 1_000_000
SLICE = 200_000
EDGE = 1 << 16


class Paraphrases:
    """An open table.

    hashes (W,): of the words, sorted; numbers (W,): the word's number · depths: the keys of the nodes of each depth, sorted ·
    starts (nodes + 1,), targets: the paraphrases of node n are `targets[starts[n]:starts[n + 1]]`, in the order of the file.
    """

    def __init__(self, folder: Path):
        names = sorted(
            folder.glob("depth_*.npy"), key=lambda path: int(path.stem.partition("_")[2])
        )
        self.depths = [np.load(path, mmap_mode="r") for path in names]
        self.hashes, self.numbers, self.starts, self.targets = (
            np.load(folder / f"{name}.npy", mmap_mode="r")
            for name in ("hashes", "numbers", "starts", "targets")
        )
        self.offsets = np.cumsum([0, *map(len, self.depths)])

    def word_numbers(self, words: Sequence[str]) -> np.ndarray:
        """(V,) the number of each word; −1 for one that no phrase has."""
        wanted = hashes(words)
        at = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        return np.where(self.hashes[at] == wanted, self.numbers[at], -1).astype(np.int64)

    def nodes(self, words: np.ndarray, left: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For each depth the places where a phrase of so many words begins, and its node.

        Arguments:
            words: (N,) numbers of the words of all texts. left: (N,) words from each place to the end of its text.
        """
        width = len(self.hashes)
        place, node = np.arange(len(words)), np.zeros(len(words), np.int64)
        for depth, keys in enumerate(self.depths):
            fits = (left[place] > depth) & (words[np.minimum(place + depth, len(words) - 1)] >= 0)
            place, node = place[fits], node[fits]
            unique, back = np.unique(node * width + words[place + depth], return_inverse=True)
            at = np.minimum(np.searchsorted(keys, unique), len(keys) - 1)
            known = keys[at] == unique
            place, node = place[known[back]], at[back][known[back]]
            yield place, node + self.offsets[depth]

    def among(self, nodes: np.ndarray) -> dict[int, dict[int, int]]:
        """Of the phrases given (nodes, each once): the paraphrases of each that are among them too, with their place in the table."""
        present = np.zeros(len(self.starts), bool)
        present[nodes] = True
        starts, counts = self.starts[nodes], self.starts[nodes + 1] - self.starts[nodes]
        owner = np.repeat(nodes, counts)
        place = (
            np.arange(counts.sum())
            - np.repeat(np.cumsum(counts) - counts, counts)
            + np.repeat(starts, counts)
        )
        target = self.targets[place]
        kept = present[target]
        found: dict[int, dict[int, int]] = {}
        for node, other, order in zip(
            owner[kept].tolist(), target[kept].tolist(), place[kept].tolist(), strict=True
        ):
            found.setdefault(node, {}).setdefault(other, order)
        return found


def hashes(words: Iterable[str]) -> np.ndarray:
    """(V,) uint64, one of each word."""
    return np.frombuffer(
        b"".join(
            blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() for word in words
        ),
        np.uint64,
    )


def cache_folder() -> Path:
    """The user's cache folder: `LRCN_CACHE`, or `lrcn_seq` in `XDG_CACHE_HOME` or `~/.cache`."""
    own = os.environ.get("LRCN_CACHE")
    return (
        Path(own)
        if own
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lrcn_seq"
    )


def open_paraphrases(source: Path, *, quiet: bool = False) -> Paraphrases:
    """The table, compiled on first use (under a minute) into the cache, under a name that its content gives.

    Raises:
        DataError: the file is missing or damaged, or the cache cannot be written.
    """
    folder = cache_folder() / f"meteor-paraphrases-{FORMAT}-{fingerprint(source)}"
    if not folder.is_dir():
        compile_table(source, folder, quiet=quiet)
    return Paraphrases(folder)


def fingerprint(source: Path) -> str:
    """A hash of a gzip file that takes no time: of its size, its start, and its end, where the checksum of all that it holds stands."""
    try:
        with source.open("rb") as file:
            start = file.read(EDGE)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - EDGE, 0))
            return blake2b(start + file.read() + str(size).encode(), digest_size=8).hexdigest()
    except OSError as error:
        raise DataError(
            f"{source}: expected METEOR's paraphrase table. Received: {error.strerror}; install pycocoevalcap again."
        ) from error


def compile_table(source: Path, folder: Path, *, quiet: bool) -> None:
    """Writes the arrays beside their final place, then moves them there: another process sees all of them or none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise DataError(
            f"{folder.parent}: expected a cache folder that can be written. Received: {error.strerror}; set LRCN_CACHE to one that can."
        ) from error
    try:
        phrases, pairs = read_table(source, quiet=quiet)
        for name, values in arrays_of(phrases, pairs).items():
            np.save(partial / f"{name}.npy", values)
        partial.rename(folder)
    except OSError as error:
        # Another process may have been faster: then its arrays are there, and equal.
        if not folder.is_dir():
            raise DataError(
                f"{folder}: the paraphrase table could not be compiled: {error.strerror or error}."
            ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def read_table(source: Path, *, quiet: bool) -> tuple[list[str], np.ndarray]:
    """All phrases, each once, and the pairs (P, 2) of their numbers: three lines a pair, of which the first is not used."""
    numbers: dict[str, int] = {}
    pairs = array("i")
    try:
        with gzip.open(source, "rt", encoding="utf-8") as lines:
            for count, (_, phrase, other) in enumerate(zip(lines, lines, lines, strict=True)):
                pairs.append(numbers.setdefault(phrase, len(numbers)))
                pairs.append(numbers.setdefault(other, len(numbers)))
                if not quiet and count % REPORT == 0:
                    print(
                        f"METEOR: compiling the paraphrase table, once: {count // REPORT} million pairs",
                        file=sys.stderr,
                        flush=True,
                    )
    except (ValueError, EOFError, gzip.BadGzipFile) as error:
        raise DataError(
            f"{source}: expected METEOR's paraphrase table, three lines a pair. Received: {error}; install pycocoevalcap again."
        ) from error
    return list(numbers), np.frombuffer(pairs, np.int32).reshape(-1, 2)


def arrays_of(phrases: list[str], pairs: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of `Paraphrases`."""
    words: dict[str, int] = {}
    flat, lengths = array("i"), array("i")
    rest = iter(phrases)
    while part := list(islice(rest, SLICE)):
        for phrase in part:
            own = phrase.split()
            lengths.append(len(own))
            flat.extend([words.setdefault(word, len(words)) for word in own])
    node, depths = tree(np.frombuffer(flat, np.int32), np.frombuffer(lengths, np.int32), len(words))
    source, target = node[pairs[:, 0]], node[pairs[:, 1]]
    order = np.argsort(source, kind="stable")
    starts = np.searchsorted(source[order], np.arange(sum(map(len, depths)) + 1)).astype(np.int32)
    hashed = hashes(words)
    by_hash = np.argsort(hashed)
    arrays = {
        "hashes": hashed[by_hash],
        "numbers": by_hash.astype(np.int32),
        "starts": starts,
        "targets": target[order].astype(np.int32),
    }
    return arrays | {f"depth_{depth}": keys for depth, keys in enumerate(depths)}


def tree(flat: np.ndarray, lengths: np.ndarray, width: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """The node (P,) of each phrase, and the keys of the nodes of each depth."""
    first = np.cumsum(lengths, dtype=np.int64) - lengths
    node, depths, offset = np.zeros(len(lengths), np.int64), [], 0
    alive, parent = np.arange(len(lengths)), np.zeros(len(lengths), np.int64)
    for depth in range(int(lengths.max(initial=0))):
        longer = lengths[alive] > depth
        alive, parent = alive[longer], parent[longer]
        keys, parent = np.unique(parent * width + flat[first[alive] + depth], return_inverse=True)
        ends = lengths[alive] == depth + 1
        node[alive[ends]] = parent[ends] + offset
        depths.append(keys)
        offset += len(keys)
    return node, depths
