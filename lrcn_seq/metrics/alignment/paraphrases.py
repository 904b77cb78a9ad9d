"""METEOR's paraphrase table, five million pairs of phrases, compiled to memory-mapped arrays.

The phrases form a tree: a node is a phrase, and its parent is the phrase without the last word. The
nodes of each depth are a sorted array of `parent · W + word`, so that many phrases are found at
once with one binary search per word.
"""

from __future__ import annotations

import gzip
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrcn_seq.errors import DataError, translate_errors
from lrcn_seq.files import cache_folder, open_file, temporary_folder
from lrcn_seq.metrics.statistics.array_types import IntArray, NumberArray
from lrcn_seq.progress import progress_bar

FORMAT = 1
PAIRS_PER_UPDATE = 100_000
SLICE = 200_000
EDGE = 1 << 16


class Paraphrases:
    """A memory-mapped paraphrase table.

    Attributes:
        hashes: (W,) sorted hashes of the words.
        numbers: (W,) id of the word of each hash.
        depths: for each depth, the sorted keys of its nodes.
        starts: (nodes + 1,) bounds of the paraphrases of each node among `targets`.
        targets: the paraphrases of node n are `targets[starts[n]:starts[n + 1]]`, in file order.

    Args:
        folder: folder of the compiled arrays.
    """

    def __init__(self, folder: Path) -> None:
        names = sorted(
            folder.glob("depth_*.npy"), key=lambda path: int(path.stem.partition("_")[2])
        )
        self.depths = [np.load(path, mmap_mode="r", allow_pickle=False) for path in names]
        self.hashes, self.numbers, self.starts, self.targets = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("hashes", "numbers", "starts", "targets")
        )
        self.offsets = np.cumsum([0, *map(len, self.depths)])

    def word_ids(self, words: Sequence[str]) -> IntArray:
        """Return (V,) the id of each word, −1 for words that are not in any phrase."""
        keys = word_hashes(words)
        index = np.minimum(np.searchsorted(self.hashes, keys), len(self.hashes) - 1)
        return np.where(self.hashes[index] == keys, self.numbers[index], -1).astype(np.int64)

    def nodes(self, words: IntArray, remaining: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield, for each phrase length, the positions at which phrases begin, and their nodes.

        Args:
            words: (N,) word ids of all texts.
            remaining: (N,) number of words from each position to the end of its text.
        """
        width = len(self.hashes)
        place, node = np.arange(len(words)), np.zeros(len(words), np.int64)
        for depth, keys in enumerate(self.depths):
            last = words[np.minimum(place + depth, len(words) - 1)]
            fits = (remaining[place] > depth) & (last >= 0)
            place, node = place[fits], node[fits]
            unique, inverse = np.unique(node * width + words[place + depth], return_inverse=True)
            index = np.minimum(np.searchsorted(keys, unique), len(keys) - 1)
            present = (keys[index] == unique)[inverse]
            place, node = place[present], index[inverse][present]
            yield place, node + self.offsets[depth]

    def pairs_of(self, nodes: IntArray) -> dict[int, dict[int, int]]:
        """Return the paraphrases of each node, restricted to the given nodes.

        Args:
            nodes: (M,) unique nodes.

        Returns:
            For each node with paraphrases, a map from the node of a paraphrase to its table rank.
        """
        present = np.zeros(len(self.starts), bool)
        present[nodes] = True
        starts, counts = self.starts[nodes], self.starts[nodes + 1] - self.starts[nodes]
        source = np.repeat(nodes, counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rank = within + np.repeat(starts, counts)
        target = self.targets[rank]
        selected = present[target]
        paraphrases: dict[int, dict[int, int]] = {}
        for node, other, place in zip(
            source[selected].tolist(),
            target[selected].tolist(),
            rank[selected].tolist(),
            strict=True,
        ):
            paraphrases.setdefault(node, {}).setdefault(other, place)
        return paraphrases


def word_hashes(words: Iterable[str]) -> NDArray[np.uint64]:
    """Return (V,) a hash of each word."""
    digests = (
        blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() for word in words
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def open_paraphrases(source: Path) -> Paraphrases:
    """Open the paraphrase table, which is compiled into the cache on first use.

    The name of the cached table depends on the content of `source`.

    Raises:
        DataError: the file is missing or damaged, or the cache is not writable.
    """
    folder = cache_folder() / f"meteor-paraphrases-{FORMAT}-{fingerprint(source)}"
    if not folder.is_dir():
        compile_table(source, folder)
    with translate_errors(
        lambda reason: DataError(
            f"{folder}: expected a compiled paraphrase table. Received: {reason}; remove this "
            "folder to compile the table again."
        )
    ):
        return Paraphrases(folder)


def fingerprint(source: Path) -> str:
    """Return a fast hash of a gzip file.

    It covers the size, the beginning, and the end, which contains the checksum of the content.
    """
    try:
        with open_file(source) as file:
            start = file.read(EDGE)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - EDGE, 0))
            return blake2b(start + file.read() + str(size).encode(), digest_size=8).hexdigest()
    except OSError as error:
        raise DataError(
            f"{source}: expected METEOR's paraphrase table. "
            f"Received: {error.strerror or error}; install pycocoevalcap again."
        ) from error


def compile_table(source: Path, folder: Path) -> None:
    """Compile the table into a folder atomically: other processes see all arrays or none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder.parent, folder.name) as temporary:
            phrases, pairs = read_table(source)
            (temporary / folder.name).mkdir()
            for name, values in compiled_arrays(phrases, pairs).items():
                np.save(temporary / folder.name / f"{name}.npy", values)
            (temporary / folder.name).rename(folder)
    except OSError as error:
        # If another process was faster, the folder exists and contains the same arrays.
        if not folder.is_dir():
            raise DataError(
                f"{folder}: expected to compile METEOR's paraphrase table into a writable cache "
                f"folder. Received: {error.strerror or error}; set LRCN_CACHE to a writable folder."
            ) from error


def read_table(source: Path) -> tuple[list[str], NDArray[np.int32]]:
    """Read the paraphrase table, which has three lines per pair: a probability and two phrases.

    Returns:
        The unique phrases, and the pairs (P, 2) as indices of phrases.
    """
    numbers: dict[str, int] = {}
    pairs = array("i")
    with (
        translate_errors(
            lambda reason: DataError(
                f"{source}: expected METEOR's paraphrase table, three lines per pair. "
                f"Received: {reason}; install pycocoevalcap again."
            )
        ),
        progress_bar("METEOR: compiling the paraphrase table (%)") as progress,
        open_file(source) as compressed,
        gzip.open(compressed, "rt", encoding="utf-8") as lines,
    ):
        size = source.stat().st_size
        for count, (_, phrase, other) in enumerate(zip(lines, lines, lines, strict=True)):
            pairs.append(numbers.setdefault(phrase, len(numbers)))
            pairs.append(numbers.setdefault(other, len(numbers)))
            if count % PAIRS_PER_UPDATE == 0:
                progress(100 * compressed.tell() // size, 100)
    return list(numbers), np.frombuffer(pairs, np.int32).reshape(-1, 2)


def compiled_arrays(phrases: list[str], pairs: NDArray[np.int32]) -> dict[str, NumberArray]:
    """Return the arrays of `Paraphrases` by file name."""
    words: dict[str, int] = {}
    ids, lengths = array("i"), array("i")
    rest = iter(phrases)
    while part := list(islice(rest, SLICE)):
        for phrase in part:
            split = phrase.split()
            lengths.append(len(split))
            ids.extend([words.setdefault(word, len(words)) for word in split])
    node, depths = phrase_tree(
        np.frombuffer(ids, np.int32), np.frombuffer(lengths, np.int32), len(words)
    )
    source, target = node[pairs[:, 0]], node[pairs[:, 1]]
    order = np.argsort(source, kind="stable")
    starts = np.searchsorted(source[order], np.arange(sum(map(len, depths)) + 1)).astype(np.int32)
    hashes = word_hashes(words)
    by_hash = np.argsort(hashes)
    arrays: dict[str, NumberArray] = {
        "hashes": hashes[by_hash],
        "numbers": by_hash.astype(np.int32),
        "starts": starts,
        "targets": target[order].astype(np.int32),
    }
    return arrays | {f"depth_{depth}": keys for depth, keys in enumerate(depths)}


def phrase_tree(
    words: NDArray[np.int32], lengths: NDArray[np.int32], width: int
) -> tuple[IntArray, list[IntArray]]:
    """Build the tree of phrases.

    Args:
        words: word ids of all phrases.
        lengths: (P,) number of words of each phrase.
        width: number of distinct words, W.

    Returns:
        The node (P,) of each phrase, and the keys of the nodes of each depth.
    """
    first = np.cumsum(lengths, dtype=np.int64) - lengths
    node, offset = np.zeros(len(lengths), np.int64), 0
    depths: list[IntArray] = []
    phrase, parent = np.arange(len(lengths)), np.zeros(len(lengths), np.int64)
    for depth in range(int(lengths.max(initial=0))):
        longer = lengths[phrase] > depth
        phrase, parent = phrase[longer], parent[longer]
        keys, parent = np.unique(parent * width + words[first[phrase] + depth], return_inverse=True)
        ends = lengths[phrase] == depth + 1
        node[phrase[ends]] = parent[ends] + offset
        depths.append(keys)
        offset += len(keys)
    return node, depths
