"""The character classes of the lexer."""

import pytest

from lrcn_seq.metrics.ptb.characters import CLASSES, DROPPED, representatives


@pytest.mark.parametrize(
    ("character", "representative"),
    [("é", "ª"), ("中", "ª"), ("٣", "٠"), ("€", "¤"), ("½", "¼"), ("\u2009", "\u2000"), ("—", "–")],
)
def test_characters_have_the_representative_of_their_class(character, representative):
    """A character is replaced by the representative of its character class."""
    assert representatives()[ord(character)] == representative


def test_classes_do_not_overlap():
    """Each code point is in at most one character class."""
    spans = [span.partition("-") for ranges in CLASSES.values() for span in ranges.split()]
    bounds = sorted((int(low, 16), int(high or low, 16)) for low, _, high in spans)
    assert all(a[1] < b[0] for a, b in zip(bounds, bounds[1:], strict=False))


def test_control_characters_are_dropped():
    """Control characters other than white space are dropped."""
    assert representatives()[7] == DROPPED
    assert ord("\t") not in representatives()


def test_representatives_represent_themselves():
    """A representative is a member of its own character class."""
    assert all(
        representatives()[ord(character)] == character for character in CLASSES if character != "%"
    )
