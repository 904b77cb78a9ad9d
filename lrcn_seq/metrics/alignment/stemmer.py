"""English stems equal to those of METEOR 1.5, computed with the Snowball stemmer of NLTK.

Porter, "The English (Porter2) stemming algorithm", snowballstem.org.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

# With these suffixes, NLTK 3.9 loses the region R2 of some words and does not remove a final e:
# "realization" becomes "realize" instead of "realiz" as in METEOR and Snowball.
R2_LOST = re.compile("ization|izer|ational")


@cache
def stem(word: str) -> str:
    """Return the stem of a lowercase word."""
    snowball = snowball_stemmer()
    result = snowball(word)
    if result.endswith(("ize", "ate")) and R2_LOST.search(word):
        return snowball(result)
    return result


@cache
def snowball_stemmer() -> Callable[[str], str]:
    """Return the stemming function of NLTK, whose import takes about a second."""
    from nltk.stem.snowball import EnglishStemmer

    function: Callable[[str], str] = EnglishStemmer().stem
    return function
