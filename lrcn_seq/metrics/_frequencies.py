"""In how many documents (images with their references) each n-gram occurs: computed, kept in a file, looked up."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import DataError
from lrcn_seq.metrics._ngrams import Counts, Texts, ngram_counts, starts

FORMAT = 1


class DocumentFrequencies(NamedTuple):
    """Frequencies of all n-grams of a set of references.

    words: the vocabulary, sorted by first use; empty when words are ids already. documents: how many there were.
    keys: for each order, n-grams as sorted numbers `prefix · W + last word`, where `prefix` is the n-gram's first words as a place in the order before.
    counts: documents of each. tokenize: how the text was tokenized.
    """

    words: tuple[str, ...]
    base: int
    documents: int
    keys: tuple[np.ndarray, ...]
    counts: tuple[np.ndarray, ...]
    tokenize: str = "none"

    def renumbered(self, words: Sequence[str]) -> np.ndarray:
        """(W,) the id here of each given word; −1 for one that no reference has."""
        known = {word: number for number, word in enumerate(self.words)}
        return np.fromiter((known.get(word, -1) for word in words), np.int64, len(words))

    def look_up(
        self, levels: Iterable[Counts], words: np.ndarray | None = None
    ) -> Iterable[tuple[Counts, np.ndarray]]:
        """Each order's counts with the documents (G,) of its n-grams; 0 for those that no reference has."""
        rows = np.zeros(1, np.int64)
        for level, keys, counts in zip(levels, self.keys, self.counts, strict=False):
            last = level.last if words is None else words[level.last]
            last = np.where(last < self.base, last, -1)
            prefix = rows[level.prefix]
            key = prefix * self.base + last
            at = np.searchsorted(keys, key)
            safe = np.minimum(at, max(len(keys) - 1, 0))
            found = (
                (prefix >= 0) & (last >= 0) & (keys[safe] == key)
                if len(keys)
                else np.zeros(len(key), bool)
            )
            rows = np.where(found, safe, -1)
            yield level, np.where(found, counts[safe] if len(keys) else 0, 0)

    def save(self, path: str | Path) -> None:
        """Writes one `.npz` file, whole or not at all.

        Raises:
            DataError: the file cannot be written there.
        """
        path = Path(path)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        arrays = {f"keys_{n}": keys for n, keys in enumerate(self.keys, 1)} | {
            f"counts_{n}": counts for n, counts in enumerate(self.counts, 1)
        }
        try:
            with partial.open("wb") as file:
                head = np.array([FORMAT, self.documents, self.base, len(self.keys)])
                np.savez_compressed(
                    file,
                    head=head,
                    words=np.array("\n".join(self.words)),
                    tokenize=np.array(self.tokenize),
                    **arrays,
                )
            partial.replace(path)
        except OSError as error:
            raise DataError(
                f"{path}: expected a place for document frequencies that can be written. Received: {error.strerror}."
            ) from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def load_frequencies(path: str | Path) -> DocumentFrequencies:
    """What `DocumentFrequencies.save` wrote.

    Raises:
        DataError: the file is missing or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            version, documents, base, orders = file["head"].tolist()
            if version != FORMAT:
                raise DataError(
                    f"{path}: expected document frequencies of format {FORMAT}. Received: format {version}; make them again."
                )
            words, tokenize = (
                tuple(str(file["words"]).split("\n")) if str(file["words"]) else (),
                str(file["tokenize"]),
            )
            levels = [
                tuple(file[f"{what}_{n}"] for n in range(1, orders + 1))
                for what in ("keys", "counts")
            ]
    except FileNotFoundError:
        raise DataError(
            f"{path}: expected a file of document frequencies; there is no such file."
        ) from None
    except (
        OSError,
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
        EOFError,
        zipfile.BadZipFile,
    ) as error:
        raise DataError(
            f"{path}: expected a file of document frequencies, as `score --save-frequencies` writes it. Received: another file, or a damaged one ({type(error).__name__})."
        ) from error
    return DocumentFrequencies(words, base, documents, *levels, tokenize)


def documents_of(level: Counts, texts: Texts) -> np.ndarray:
    """(G,) how many images have each n-gram in a reference."""
    mine = ~texts.hypothesis[level.text]
    gram, image = level.gram[mine], texts.image[level.text[mine]]
    return np.bincount(gram[starts(gram) | starts(image)], minlength=len(level.last))


def collect(
    references: Sequence[Sequence[Sequence[int]]],
    *,
    words: Sequence[str] = (),
    tokenize: str = "none",
    orders: int = 4,
) -> DocumentFrequencies:
    """The frequencies of documents given as lists of sentences of ids."""
    flat = list(chain.from_iterable(references))
    lengths = np.fromiter(map(len, flat), np.int64, len(flat))
    ids = np.fromiter(chain.from_iterable(flat), np.int64, int(lengths.sum()))
    image = np.repeat(np.arange(len(references)), [len(group) for group in references])
    texts = Texts(ids, lengths, image, np.zeros(len(flat), bool))
    base = max(len(words), int(ids.max(initial=0)) + 1)
    keys, counts = [], []
    for level in ngram_counts(texts, orders):
        keys.append(level.prefix * base + level.last)
        counts.append(documents_of(level, texts))
    return DocumentFrequencies(
        tuple(words), base, len(references), tuple(keys), tuple(counts), tokenize
    )
