"""The tables of METEOR 1.5, read where pycocoevalcap has them: in its jar, which is a zip, and beside it."""

from __future__ import annotations

import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.errors import DataError, MissingPackageError

# Endings of nouns, verbs and adjectives with what stands in their place, tried in this order (WordNet's morphology).
DETACHMENTS = (
    ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y"),
    ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
    ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
)  # fmt: skip


class Tables(NamedTuple):
    """Function words, abbreviations (and whether only before a number), synonym sets by word, and base forms of irregular words."""

    function_words: frozenset[str]
    prefixes: dict[str, bool]
    synonyms: dict[str, str]
    bases: dict[str, list[str]]

    def senses(self, word: str) -> frozenset[str]:
        """The synonym sets of a word and of its base form."""
        own = self.synonyms.get(word, "")
        bases = self.bases.get(word) or [self._base(word)]
        return frozenset(f"{own} {' '.join(self.synonyms.get(base, '') for base in bases)}".split())

    def _base(self, word: str) -> str:
        if word.endswith("ss") or len(word) <= 2:
            return word
        for ending, instead in DETACHMENTS:
            if word.endswith(ending):
                base = word[: len(word) - len(ending)] + instead
                if base in self.synonyms:
                    return base
        return ""


def meteor_folder() -> Path:
    """Where pycocoevalcap keeps METEOR.

    Raises:
        MissingPackageError: it is not installed.
    """
    spec = find_spec("pycocoevalcap")
    folder = Path(next(iter(spec.submodule_search_locations))) / "meteor" if spec else None
    if folder is None or not (folder / "meteor-1.5.jar").is_file():
        raise MissingPackageError(
            "pycocoevalcap",
            "meteor",
            "METEOR (but for `meteor:stages=exact_stem`, a subset that has a name of its own)",
        )
    return folder


@cache
def open_tables(jar: Path) -> Tables:
    """The small tables of METEOR's jar.

    Raises:
        DataError: the jar is damaged, or another one.
    """
    try:
        with zipfile.ZipFile(jar) as archive:
            function, prefixes, synsets, exceptions = (
                archive.read(name).decode("utf-8").splitlines()
                for name in (
                    "function/english.words",
                    "nonbreaking/english.prefixes",
                    "synonym/english.synsets",
                    "synonym/english.exceptions",
                )
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{jar}: expected the jar of METEOR 1.5. Received: {type(error).__name__}: {error}; install pycocoevalcap again."
        ) from error
    bases: dict[str, list[str]] = {}
    for base, forms in zip(exceptions[::2], exceptions[1::2], strict=True):
        for form in forms.split():
            bases.setdefault(form, []).append(base)
    kept = [line.split() for line in prefixes if line.strip() and not line.startswith("#")]
    return Tables(
        frozenset(function),
        {line[0]: "#NUMERIC_ONLY#" in line[1:2] for line in kept},
        dict(zip(synsets[::2], synsets[1::2], strict=True)),
        bases,
    )
