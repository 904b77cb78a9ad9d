"""Fixtures for the tests of the report: an HTML parser and images of noise."""

from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

VOID = {"meta", "link", "img", "input", "wbr", "br"}


class Parsed(HTMLParser):
    """The tags, text and attributes of HTML in which every tag must be closed in order."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.texts, self.attributes, self.open = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """The text of the HTML, each run of whitespace collapsed to one space."""
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def parse() -> Callable[[str], Parsed]:
    """Return the HTML parser."""
    return Parsed


@pytest.fixture
def noise() -> Callable[..., Image.Image]:
    """Return a function that draws an image of random pixels, which compresses badly."""

    def draw(width: int = 300, height: int = 300, seed: int = 0) -> Image.Image:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype="uint8")
        return Image.fromarray(pixels)

    return draw
