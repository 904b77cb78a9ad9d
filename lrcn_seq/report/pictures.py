"""Section: pictures, or clips, with what the model said, what people said, and where it looked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from PIL import Image

from lrcn_seq.data.media.image import StillImage
from lrcn_seq.errors import ArgumentError, MediaError
from lrcn_seq.report import thumbnail
from lrcn_seq.report.contents import Contents, Shown
from lrcn_seq.report.markup import escape, number, paragraph, real
from lrcn_seq.report.markup import section as html_section
from lrcn_seq.report.strip import strip

# Sides in pixels and limits in bytes, so that a page of 40 pictures with attention stays under 1.5 MB.
SIDE, LIMIT = 256, 15_000
TILE_SIDE, TILE_LIMIT = 128, 4_500

ORDERS = """<input type="radio" name="order" id="best-first" checked><label for="best-first">best first</label>
<input type="radio" name="order" id="worst-first"><label for="worst-first">worst first</label>"""
EXACT = {
    True: '<span class="exact">exactly right</span>',
    False: '<span class="inexact">not exact</span>',
    None: "",
}


def section(contents: Contents) -> str:
    """All pictures once, best first; two buttons turn the order round without a script. Left out of a run that classifies."""
    shown, title = contents.shown, escape(contents.nouns.capitalize())
    if not shown:
        return (
            ""
            if contents.classes or contents.clips
            else html_section(
                title,
                paragraph(f"No {escape(contents.noun)} was captioned for this report."),
                name="pictures",
            )
        )
    worst = {index: place for place, index in enumerate(ranked(shown, sign=1))}
    items = "\n".join(_item(shown[index], worst[index]) for index in ranked(shown, sign=-1))
    orders = ORDERS if len(shown) > 1 else ""
    return html_section(
        title,
        f'{_note(contents)}<div class="orders">{orders}<ol class="pictures">{items}</ol></div>',
        name="pictures",
    )


def ranked(shown: Sequence[Shown], *, sign: int) -> list[int]:
    """Positions by score: rising for sign 1, falling for −1; those without a score come last either way."""
    scores = [real(one.score) for one in shown]
    return sorted(
        range(len(shown)), key=lambda index: (scores[index] is None, sign * (scores[index] or 0.0))
    )


def _note(contents: Contents) -> str:
    shown, total = len(contents.shown), real(contents.scores.get("count")) or 0
    count = (
        f"{shown} of {int(total):,} {contents.nouns}"
        if total > shown
        else f"{shown} {contents.nouns if shown > 1 else contents.noun}"
    )
    looked = (
        " The light on the small pictures is where the decoder looked as it wrote the word."
        if any(one.attention is not None for one in contents.shown)
        else ""
    )
    return paragraph(
        f"{escape(count)}. A word <u>underlined</u> is in none of the true captions. CIDEr is of this one sentence; "
        f"log p is the logarithm of its probability, with the mean a word in brackets.{looked}"
    )


def _item(one: Shown, worst: int) -> str:
    try:
        picture = StillImage(one.picture).decode()
        image, attention = (
            strip(one.frames, one.name) if one.frames else _image(picture, one.name),
            _attention(one, picture),
        )
    except MediaError as error:
        image, attention = f'<p class="missing">{escape(error.reason)}</p>', ""
    references = "".join(f'<li dir="auto">{escape(text)}</li>' for text in one.references)
    return f"""<li{' class="filmed"' if one.frames else ""} style="--worst:{worst}">{image}<div class="said">
<p class="generated" dir="auto">{_marked(one.generated, one.references)}</p>
<p class="measures"><span>CIDEr <b>{number(one.score, 2)}</b></span> <span>log p {_log_probability(one)}</span> {EXACT[one.exact]}</p>
<ul class="references">{references}</ul>
<p class="name" dir="auto">{escape(one.name)}</p></div>{attention}</li>"""


def _image(picture: Image.Image, name: str) -> str:
    return f'<img src="{thumbnail.jpeg(picture, side=SIDE, limit=LIMIT)}" alt="{escape(name)}" loading="lazy">'


def _log_probability(one: Shown) -> str:
    """The sum and, in brackets, the mean a word."""
    total, words = real(one.log_probability), len(one.generated.split())
    if total is None or not words:
        return number(total, 2)
    # Adding 0 turns −0 into 0, which a certain sentence would otherwise show.
    return f"{number(round(total, 2) + 0, 2)} ({number(round(total / words, 2) + 0, 2)})"


def _marked(generated: str, references: Sequence[str]) -> str:
    """The caption with words underlined that no reference has."""
    if not generated.strip():
        return '<span class="nothing">(no word)</span>'
    known = {word for text in references for word in _words(text)}
    return " ".join(
        escape(word) if not known or known.issuperset(_words(word)) else f"<u>{escape(word)}</u>"
        for word in generated.split()
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _attention(one: Shown, picture: Image.Image) -> str:
    """A small picture for each word, lit where its attention lies."""
    if one.attention is None:
        return ""
    maps = np.asarray(one.attention)
    if maps.ndim != 3 or len(maps) != len(one.words) or 0 in maps.shape[1:]:
        raise ArgumentError(
            f"{one.name}: expected attention (L, h, w), a map for each of {len(one.words)} words. Received: attention.shape={maps.shape}; give both of one sentence."
        )
    # The small picture stands in the page once; its words share it.
    under = thumbnail.jpeg(picture, side=TILE_SIDE, limit=TILE_LIMIT)
    aspect = min(max(picture.width / picture.height, 0.4), 2.5)
    tiles = "".join(
        f'<li><span style="background-image:url({thumbnail.heat(map)}),var(--picture)"></span><bdi>{escape(word)}</bdi></li>'
        for word, map in zip(one.words, maps, strict=True)
    )
    return f'<ol class="attention" aria-label="attention of each word" style="--picture:url({under});--aspect:{aspect:.3f}">{tiles}</ol>'
