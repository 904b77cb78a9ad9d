"""The English stemmer of the Snowball project (Porter2), as it was in 2015.

Porter, "The English (Porter2) stemming algorithm", snowballstem.org; R1 and R2 are the regions of that page.
"""

from __future__ import annotations

import re

VOWELS = "aeiouy"
REGION = re.compile(f"[{VOWELS}][^{VOWELS}]")
PREFIX = re.compile("gener|commun|arsen")
SHORT_END = re.compile(
    f"(^|.*[^{VOWELS}])[{VOWELS}][^{VOWELS}wxY]|^[{VOWELS}][^{VOWELS}]", re.DOTALL
)
HAS_VOWEL = re.compile(f"[{VOWELS}]")
KEPT = frozenset(["sky", "news", "howe", "atlas", "cosmos", "bias", "andes"])
IRREGULAR = {
    **{word: word for word in KEPT},
    **{
        "skis": "ski",
        "skies": "sky",
        "dying": "die",
        "lying": "lie",
        "tying": "tie",
        "idly": "idl",
        "gently": "gentl",
    },
    **{"ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl"},
}
KEPT_LATER = frozenset(
    ["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"]
)
STEP_2 = {
    **{
        "tional": "tion",
        "enci": "ence",
        "anci": "ance",
        "abli": "able",
        "entli": "ent",
        "izer": "ize",
        "ization": "ize",
        "ational": "ate",
    },
    **{
        "ation": "ate",
        "ator": "ate",
        "alism": "al",
        "aliti": "al",
        "alli": "al",
        "fulness": "ful",
        "ousli": "ous",
        "ousness": "ous",
    },
    **{
        "iveness": "ive",
        "iviti": "ive",
        "biliti": "ble",
        "bli": "ble",
        "ogi": "og",
        "fulli": "ful",
        "lessli": "less",
        "li": "",
    },
}
STEP_3 = {
    "tional": "tion",
    "ational": "ate",
    "alize": "al",
    "icate": "ic",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
    "ative": "",
}
STEP_4 = dict.fromkeys(
    [
        "al",
        "ance",
        "ence",
        "er",
        "ic",
        "able",
        "ible",
        "ant",
        "ement",
        "ment",
        "ent",
        "ism",
        "ate",
        "iti",
        "ous",
        "ive",
        "ize",
        "ion",
    ],
    "",
)
LI_AFTER = "cdeghkmnrt"


def stem(word: str) -> str:
    """The stem of a word in lower case."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) <= 2:
        return word
    word = mark_y(word.removeprefix("'"))
    r1, r2 = regions(word)
    word = step_1a(step_0(word))
    if word in KEPT_LATER:
        return word
    word = step_1c(step_1b(word, r1))
    word = step_2(word, r1)
    word = step_3(word, r1, r2)
    word = step_4(word, r2)
    return step_5(word, r1, r2).replace("Y", "y")


def mark_y(word: str) -> str:
    """A y at the start or after a vowel is a consonant, written Y."""
    letters = list(word)
    for place, letter in enumerate(letters):
        if letter == "y" and (place == 0 or letters[place - 1] in VOWELS):
            letters[place] = "Y"
    return "".join(letters)


def regions(word: str) -> tuple[int, int]:
    """Where R1 and R2 begin: after the first consonant that follows a vowel, and the same again."""
    prefix = PREFIX.match(word)
    first = prefix or REGION.search(word)
    r1 = first.end() if first else len(word)
    second = REGION.search(word, r1)
    return r1, second.end() if second else len(word)


def ending(word: str, endings) -> str:
    """The longest of some endings that a word has, or ''."""
    return next(
        (word[-length:] for length in range(min(7, len(word)), 0, -1) if word[-length:] in endings),
        "",
    )


def step_0(word: str) -> str:
    """Drops an apostrophe with or without s."""
    found = ending(word, ("'", "'s", "'s'"))
    return word[: len(word) - len(found)]


def step_1a(word: str) -> str:
    """Plurals."""
    found = ending(word, ("sses", "ied", "ies", "us", "ss", "s"))
    if found == "sses":
        return word[:-2]
    if found in ("ied", "ies"):
        return word[:-2] if len(word) > 4 else word[:-1]
    if found == "s" and HAS_VOWEL.search(word[:-2]):
        return word[:-1]
    return word


def step_1b(word: str, r1: int) -> str:
    """Past and present participles."""
    found = ending(word, ("eed", "eedly", "ed", "edly", "ing", "ingly"))
    rest = word[: len(word) - len(found)]
    if found in ("eed", "eedly"):
        return f"{rest}ee" if len(rest) >= r1 else word
    if not found or not HAS_VOWEL.search(rest):
        return word
    if rest.endswith(("at", "bl", "iz")):
        return f"{rest}e"
    if rest.endswith(("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")):
        return rest[:-1]
    return f"{rest}e" if r1 >= len(rest) and ends_short(rest) else rest


def ends_short(word: str) -> bool:
    """Whether a word ends in a short syllable."""
    return SHORT_END.fullmatch(word) is not None


def step_1c(word: str) -> str:
    """A final y after a consonant that does not begin the word becomes i."""
    return (
        f"{word[:-1]}i" if len(word) > 2 and word[-1] in "yY" and word[-2] not in VOWELS else word
    )


def step_2(word: str, r1: int) -> str:
    """Longer suffixes to shorter ones."""
    found = ending(word, STEP_2)
    rest = word[: len(word) - len(found)]
    if (
        not found
        or len(rest) < r1
        or (found == "ogi" and not rest.endswith("l"))
        or (found == "li" and rest[-1:] not in LI_AFTER)
    ):
        return word
    return rest + STEP_2[found]


def step_3(word: str, r1: int, r2: int) -> str:
    """More suffixes."""
    found = ending(word, STEP_3)
    rest = word[: len(word) - len(found)]
    if not found or len(rest) < (r2 if found == "ative" else r1):
        return word
    return rest + STEP_3[found]


def step_4(word: str, r2: int) -> str:
    """Suffixes that go for good."""
    found = ending(word, STEP_4)
    rest = word[: len(word) - len(found)]
    return (
        word
        if not found or len(rest) < r2 or (found == "ion" and rest[-1:] not in ("s", "t"))
        else rest
    )


def step_5(word: str, r1: int, r2: int) -> str:
    """A final e, and the second of two final l."""
    rest = word[:-1]
    if word.endswith("e") and (len(rest) >= r2 or (len(rest) >= r1 and not ends_short(rest))):
        return rest
    return rest if word.endswith("ll") and len(rest) >= r2 else word
