"""The statements of SECURITY.md, compared with the code."""

import re
from pathlib import Path

import lrcn_seq
from lrcn_seq import records
from lrcn_seq.config import yaml_format
from lrcn_seq.data.media import base
from lrcn_seq.layers import weight_limit
from lrcn_seq.metrics.statistics import document_frequencies, tokenization

PACKAGE = Path(lrcn_seq.__file__).parent
DOCUMENT = PACKAGE.parent / "SECURITY.md"


def largest(hint) -> int:
    """Return the upper bound of an annotated integer type."""
    (value,) = (
        bound.le if hasattr(bound, "le") else bound.lt - 1
        for bound in hint.__metadata__
        if hasattr(bound, "le") or hasattr(bound, "lt")
    )
    return value


def test_the_bounds_are_those_of_the_code():
    """The bounds in the table of SECURITY.md are those of the code."""
    rows = re.findall(r"^\| .*? \| ([\d,]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(bound.replace(",", "")) for bound in rows] == [
        base.PIXELS_LIMIT,
        base.SECONDS_LIMIT,
        yaml_format.VALUES_LIMIT,
        yaml_format.DEPTH_LIMIT,
        records.COUNT_LIMIT,
        largest(records.Seed),
        weight_limit.WEIGHTS_LIMIT,
        largest(records.Depth),
        largest(records.Side),
        largest(records.Steps),
        largest(records.BeamWidth),
        largest(records.VocabularySize),
        tokenization.WORDS_LIMIT,
        tokenization.WORD_LENGTH,
        document_frequencies.SIZE_LIMIT,
    ]


def test_nothing_is_unpickled_or_executed():
    """No module imports pickle or evaluates text from users, and NumPy never unpickles.

    `part_source` evaluates annotations in the source files of the library, and `part_files`
    executes files that the user names, or that a run contains and the user has named before; see
    tests/config/test_part_files.py.
    """
    exceptions = {"part_source.py", "part_files.py"}
    paths = [path for path in PACKAGE.rglob("*.py") if path.name not in exceptions]
    sources = [path.read_text(encoding="utf-8") for path in paths]
    assert len(sources) > 200
    calls = [call for text in sources for call in re.findall(r"np\.load\(.*", text)]
    assert calls
    assert all("allow_pickle=False" in call for call in calls)
    forbidden = re.compile(r"\b(import pickle|eval\(|exec\(|yaml\.unsafe|safe_mode=False)")
    assert not any(map(forbidden.search, sources))
