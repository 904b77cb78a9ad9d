"""The tables of METEOR 1.5, read from its jar file in the package pycocoevalcap."""

from __future__ import annotations

import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.errors import DataError, MissingPackageError, translate_errors
from lrcn_seq.files import open_file

# Endings of nouns, verbs and adjectives, and their replacements, in the order of the morphological
# analysis of WordNet.
DETACHMENTS = (
    ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
    ("men", "man"), ("ies", "y"),
    ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"),
    ("ing", ""),
    ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
)  # fmt: skip


class Tables(NamedTuple):
    """Function words, abbreviations, synonyms and base forms.

    Attributes:
        function_words: words that METEOR weights less than content words.
        prefixes: abbreviations, and whether each keeps its period only before a number.
        synonyms: ids of the synonym sets of each word, separated by spaces.
        bases: base forms of irregular words.
    """

    function_words: frozenset[str]
    prefixes: dict[str, bool]
    synonyms: dict[str, str]
    bases: dict[str, list[str]]

    def synonym_sets(self, word: str) -> frozenset[str]:
        """Return the ids of the synonym sets of a word and of its base form."""
        bases = self.bases.get(word) or [self._base(word)]
        groups = [self.synonyms.get(form, "") for form in (word, *bases)]
        return frozenset(" ".join(groups).split())

    def _base(self, word: str) -> str:
        """Return the base form of a regular word, or an empty string if none is found."""
        if word.endswith("ss") or len(word) <= 2:
            return word
        for ending, replacement in DETACHMENTS:
            if word.endswith(ending):
                base = word[: len(word) - len(ending)] + replacement
                if base in self.synonyms:
                    return base
        return ""


def meteor_folder() -> Path:
    """Return the METEOR folder of pycocoevalcap.

    Raises:
        MissingPackageError: pycocoevalcap is not installed.
    """
    spec = find_spec("pycocoevalcap")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "meteor"
        if (folder / "meteor-1.5.jar").is_file():
            return folder
    raise MissingPackageError(
        "pycocoevalcap",
        "meteor",
        "METEOR (except for its variant `meteor:stages=exact_stem`)",
    )


@cache
def open_tables(jar: Path) -> Tables:
    """Read the tables from METEOR's jar.

    Raises:
        DataError: the file is not the jar of METEOR 1.5, or is damaged.
    """
    with translate_errors(
        lambda reason: DataError(
            f"{jar}: expected the jar of METEOR 1.5. "
            f"Received: {reason}; install pycocoevalcap again."
        )
    ):
        with open_file(jar) as file, zipfile.ZipFile(file) as archive:
            function_words, prefixes, synonym_sets, exceptions = (
                archive.read(name).decode("utf-8").splitlines()
                for name in (
                    "function/english.words",
                    "nonbreaking/english.prefixes",
                    "synonym/english.synsets",
                    "synonym/english.exceptions",
                )
            )
        return _parse_tables(function_words, prefixes, synonym_sets, exceptions)


def _parse_tables(
    function_words: list[str], prefixes: list[str], synonym_sets: list[str], exceptions: list[str]
) -> Tables:
    """Parse the tables from the lines of their files."""
    bases: dict[str, list[str]] = {}
    for base, forms in zip(exceptions[::2], exceptions[1::2], strict=True):
        for form in forms.split():
            bases.setdefault(form, []).append(base)
    rows = [line.split() for line in prefixes if line.strip() and not line.startswith("#")]
    return Tables(
        frozenset(function_words),
        {row[0]: "#NUMERIC_ONLY#" in row[1:2] for row in rows},
        dict(zip(synonym_sets[::2], synonym_sets[1::2], strict=True)),
        bases,
    )
