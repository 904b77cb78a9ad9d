"""Raw sentences to the text that the COCO evaluation code scores: Penn Treebank tokens, lower case, without punctuation."""

from __future__ import annotations

import re
from collections.abc import Sequence

PUNCTUATION = frozenset(["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"])
TOKEN = re.compile(r"\w+(?:-\w+)*|[^\w\s]")


def tokenize(texts: Sequence[str]) -> list[str]:
    """Tokens of each text, joined by a space."""
    return [" ".join(token for token in TOKEN.findall(text.lower()) if token not in PUNCTUATION) for text in texts]
