"""Texts of captions in TensorFlow, compared with the tokenizers."""

import re

import keras
import numpy as np
import pytest

from lrcn_seq.export.caption_texts import caption_texts, to_re2
from lrcn_seq.text.bpe import BytePair
from lrcn_seq.text.character import Character
from lrcn_seq.text.word import Word
from lrcn_seq.text.wordpiece import WordPiece
from tests.export.test_run_script import CAPTIONS


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="operations of TensorFlow")
@pytest.mark.parametrize(
    "tokenizer",
    [
        Word(minimum_count=1),
        WordPiece(minimum_count=1, pieces=60),
        BytePair(minimum_count=1, pieces=300),
        Character(minimum_count=1),
    ],
    ids=lambda tokenizer: type(tokenizer).__name__,
)
def test_texts_are_those_of_the_tokenizer(tokenizer):
    """Captions and random IDs have the texts of `decode`, cut at the limit and at the end word."""
    captions = [*CAPTIONS, "a - b - c , d , e ' f ' g"]
    tokenizer.fit(captions)
    joining = tokenizer.joining()
    artifact = {
        "vocabulary": joining.tokens,
        "joining": joining._asdict(),
        "special": {"pad": 0, "end": 2},
        "words_limit": 12,
    }
    random = np.random.default_rng(0)
    drawn = random.integers(3, tokenizer.vocabulary_size, (200, 10)).tolist()
    rows = [[*ids, 2, *[0] * 14][:14] for ids in (*tokenizer.encode_all(captions), *drawn)]
    (received,) = caption_texts(np.array([rows], "int32"), artifact).numpy()
    expected = [tokenizer.decode(ids[:12]) for ids in rows]
    assert [text.decode() for text in received] == expected


def test_expressions_without_surroundings_are_kept():
    """Only patterns with lookbehind and lookahead change, and are replaced twice."""
    assert to_re2("^ ", "") == ("^ ", "", 1)
    pattern, replacement, repetitions = to_re2(r"(?<=[\wx]) (-) (?=\w)", r"\1")
    assert (pattern, replacement, repetitions) == (
        r"([\pL\pN_x]) (-) ([\pL\pN_])",
        r"\1\2\3",
        2,
    )
    python = pattern.replace(r"\pL\pN_", r"\w")
    assert re.sub(python, replacement, re.sub(python, replacement, "a - b - c")) == "a-b-c"
