"""The stemmer of METEOR."""

import subprocess
import sys

import pytest

from lrcn_seq.metrics.alignment.stemmer import stem


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("riding", "ride"),
        ("horses", "hors"),
        ("skies", "sky"),
        ("generously", "generous"),
        ("hopping", "hop"),
        ("'s", "'s"),
        ("children's", "children"),
        ("yellow", "yellow"),
        ("formalize", "formal"),
        ("rationality", "ration"),
        ("falling", "fall"),
        ("playfully", "play"),
        ("legatee", "legate"),
        ("skate", "skate"),
        ("size", "size"),
        ("national", "nation"),
    ],
)
def test_words_have_the_stems_of_snowball(word, expected):
    """The stems of words equal those of METEOR's jar."""
    assert stem(word) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("communization", "communiz"),
        ("iodization", "iodiz"),
        ("ionization", "ioniz"),
        ("irrationality", "irrat"),
        ("irrationally", "irrat"),
        ("peptization", "peptiz"),
        ("poetizer", "poetiz"),
        ("quantization", "quantiz"),
        ("realization", "realiz"),
        ("realizations", "realiz"),
        ("rotationally", "rotat"),
        ("sensationalism", "sensat"),
        ("sensationally", "sensat"),
        ("solmization", "solmiz"),
        ("stylization", "styliz"),
        ("theorization", "theoriz"),
        ("theorizer", "theoriz"),
        ("vocationally", "vocat"),
    ],
)
def test_words_that_nltk_stems_differently_have_the_stems_of_the_jar(word, expected):
    """Words that NLTK stems differently from the jar have the stems of the jar."""
    assert stem(word) == expected


def test_importing_the_stemmer_does_not_load_nltk():
    """Importing the stemmer does not load NLTK."""
    code = "import sys, lrcn_seq.metrics.alignment.stemmer; print('nltk' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"False"
