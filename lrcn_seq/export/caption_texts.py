"""Texts of captions as operations of TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LETTER = r"\pL\pN_"
"""The characters of Python's `\\w` as a character class of RE2."""


def caption_texts(words: Any, artifact: Mapping[str, Any]) -> Any:
    """Return the texts (B, K) of word IDs (B, K, L) as strings in UTF-8.

    Args:
        words: word IDs int32.
        artifact: the content of `artifact.json`, with the vocabulary and how it is joined.
    """
    import tensorflow as tf

    joining, special = artifact["joining"], artifact["special"]
    encoding = "latin-1" if joining["latin_1"] else "utf-8"
    vocabulary = tf.constant([token.encode(encoding) for token in artifact["vocabulary"]])
    words = words[:, :, : artifact["words_limit"]]
    ended = tf.cumsum(tf.cast(words == special["end"], "int32"), axis=-1) > 0
    tokens = tf.gather(vocabulary, words)
    separated = tf.strings.join([joining["separator"], tokens[:, :, 1:]])
    tokens = tf.concat([tokens[:, :, :1], separated], axis=-1)
    tokens = tf.where(ended | (words == special["pad"]), "", tokens)
    texts = tf.strings.reduce_join(tokens, axis=-1)
    if joining["latin_1"]:
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    for substitution in joining["substitutions"]:
        pattern, replacement, repetitions = to_re2(*substitution)
        for _ in range(repetitions):
            texts = tf.strings.regex_replace(texts, pattern, replacement)
    return texts


def to_re2(pattern: str, replacement: str) -> tuple[str, str, int]:
    """Return a regular expression of `Joining` for RE2, which has no lookaround.

    What surrounds a match becomes a part of it. Two adjacent matches then overlap, so that the
    replacement is made twice.

    Args:
        pattern: a regular expression of Python, with at most one lookbehind, group and lookahead.
        replacement: the replacement, `\\1` for the group.

    Returns:
        The pattern, its replacement, and the number of repetitions.
    """
    has_surroundings = "(?<=" in pattern
    pattern = pattern.replace("(?<=", "(").replace("(?=", "(")
    pattern = re.sub(r"(\[?)\\w", lambda m: f"[{LETTER}" + ("" if m[1] else "]"), pattern)
    return (pattern, r"\1\2\3", 2) if has_surroundings else (pattern, replacement, 1)
