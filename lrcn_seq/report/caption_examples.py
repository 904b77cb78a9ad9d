"""Section: images or clips with generated captions, references and attention maps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import CaptionWord
from lrcn_seq.report.filmstrip import filmstrip
from lrcn_seq.report.markup import (
    Section,
    escape,
    finite,
    number,
    paragraph,
    percent,
    quantity,
    section,
)
from lrcn_seq.report.metric_labels import metric_label
from lrcn_seq.report.thumbnail import attention_url, heat_url, image_tag, jpeg_url

# Largest side (pixels) and file size (bytes): 40 images with attention maps take under 1.5 MB.
SIDE, LIMIT = 256, 15_000
MAP_SIDE, MAP_LIMIT = 128, 4_500

# CSS sorts the examples according to the selected radio button; no script is needed.
ORDERS = (
    '<input type="radio" name="order" id="best-first" checked>'
    '<label for="best-first">best first</label>\n'
    '<input type="radio" name="order" id="worst-first"><label for="worst-first">worst first</label>'
)
EXACT_MATCH = {
    True: '<span class="correct">exact match</span>',
    False: '<span class="incorrect">no exact match</span>',
    None: "",
}


class CaptionExample(NamedTuple):
    """An image or clip with its generated caption.

    `images` is one RGB image, or the frames of a clip in order. `score` is the score of this
    caption alone. `log_probability` is the natural log probability of the whole caption.
    `attention` and `heat_maps` (L, h, w) are the attention and the Grad-CAM over the first image
    for each of the L `words`. `exact_match` tells whether the caption is entirely correct; it is
    None if unknown. `confidence` is the probability that the caption is good. `supports` are the
    words of the caption with their support by the image; None if unknown.
    """

    name: str
    images: Sequence[Image.Image]
    caption: str
    references: Sequence[str]
    score: float
    log_probability: float
    words: Sequence[str] = ()
    attention: np.ndarray | None = None
    exact_match: bool | None = None
    heat_maps: np.ndarray | None = None
    confidence: float | None = None
    supports: Sequence[CaptionWord] | None = None


def caption_examples(
    examples: Sequence[CaptionExample], total: int, noun: str, metric: str = "cider"
) -> Section:
    """Return a section of captioned examples, which the reader can sort best or worst first.

    Args:
        examples: the examples, in any order.
        total: number of samples in the split that the examples come from.
        noun: singular noun for a captioned item: `image` or `clip`.
        metric: name of the metric that scored the examples.

    Raises:
        ArgumentError: the maps of an example do not match its words.
    """
    title = f"{noun}s".capitalize()
    if not examples:
        empty = paragraph(f"No {escape(noun)} was captioned for this report.")
        return section(title, empty, name="caption-examples")
    best = ranking([example.score for example in examples], descending=True)
    worst = ranking([example.score for example in examples], descending=False)
    items = "".join(_item(examples[i], worst.index(i), metric_label(metric)) for i in best)
    orders = ORDERS if len(examples) > 1 else ""
    body = f'<div class="orders">{orders}<ol class="examples">{items}</ol></div>'
    return section(title, _note(examples, total, noun, metric) + body, name="caption-examples")


def ranking(scores: Sequence[float | None], *, descending: bool) -> list[int]:
    """Return the indices of scores in sorted order; scores that are not finite come last."""
    finite_scores = [finite(score) for score in scores]
    sign = -1 if descending else 1
    return sorted(
        range(len(scores)),
        key=lambda i: (finite_scores[i] is None, sign * (finite_scores[i] or 0.0)),
    )


def _note(examples: Sequence[CaptionExample], total: int, noun: str, metric: str) -> str:
    """Return a paragraph that explains the examples."""
    count = len(examples)
    shown = f"{count:,} of {quantity(total, noun)}" if total > count else quantity(count, noun)
    text = (
        f"{escape(shown)}. Words that occur in no reference caption are <u>underlined</u>. "
        f"{metric_label(metric)} is computed for the single caption; log p is its log probability, "
        "with the mean per word in parentheses."
    )
    if any(example.confidence is not None for example in examples):
        text += " Confidence is the probability that the caption is good."
    if any(example.supports is not None for example in examples):
        text += (
            " Words that the image does not support, although images usually do, are marked as in "
            "<mark>this word</mark>; hover over a word to see its log probability with and "
            f"without the {escape(noun)}."
        )
    if any(example.attention is not None for example in examples):
        text += " The bright regions of the small images show the attention for each word."
    if any(example.heat_maps is not None for example in examples):
        text += " The red regions of the colored images speak most for the word (Grad-CAM)."
    return paragraph(text)


def _item(example: CaptionExample, worst: int, metric: str) -> str:
    """Return an example as a list item; `worst` is its rank in worst-first order."""
    name = escape(example.name)
    if len(example.images) == 1:
        kind = ""
        media = image_tag(example.images[0], example.name, side=SIDE, limit=LIMIT)
    else:
        kind, media = ' class="clip"', filmstrip(example.images, example.name)
    references = "".join(f'<li dir="auto">{escape(text)}</li>' for text in example.references)
    return f"""<li{kind} style="--worst:{worst}">{media}<div>
<p class="prediction" dir="auto">{_marked(example)}</p>
<p class="measures"><span>{metric} <b>{number(example.score, 2)}</b></span> \
<span>log p {_log_probability(example)}</span> {_confidence(example)}\
{EXACT_MATCH[example.exact_match]}</p>
<ul class="references">{references}</ul>
<p class="name" dir="auto">{name}</p></div>{_word_maps(example)}</li>
"""


def _log_probability(example: CaptionExample) -> str:
    """Format the log probability of a caption, with the mean per word in parentheses."""
    total, words = finite(example.log_probability), len(example.caption.split())
    if total is None or not words:
        return number(total, 2)
    # A caption of probability 1 has log probability −0; adding 0 removes the sign.
    return f"{number(round(total, 2) + 0, 2)} ({number(round(total / words, 2) + 0, 2)})"


def _confidence(example: CaptionExample) -> str:
    """Return the confidence of a caption as HTML; "" if it has none."""
    if example.confidence is None:
        return ""
    return f"<span>confidence <b>{percent(example.confidence)}</b></span> "


def _marked(example: CaptionExample) -> str:
    """Return a caption as HTML.

    Words that occur in no reference are underlined, and words that the image does not support are
    marked.
    """
    if not example.caption.strip():
        return '<span class="empty">(no words)</span>'
    known = {word for text in example.references for word in _words(text)}
    words = example.caption.split()
    html = [
        escape(word) if not known or known.issuperset(_words(word)) else f"<u>{escape(word)}</u>"
        for word in words
    ]
    if example.supports is not None and [one.word for one in example.supports] == words:
        html = list(map(_supported, html, example.supports))
    return " ".join(html)


def _supported(html: str, word: CaptionWord) -> str:
    """Return the HTML of a word with its log probabilities, marked if it is not supported."""
    tag = "span" if word.supported else "mark"
    title = f"log p {number(word.log_probability, 2)}, without {number(word.without_image, 2)}"
    return f'<{tag} title="{title}">{html}</{tag}>'


def _words(text: str) -> list[str]:
    """Split a text into lowercase words without punctuation."""
    return re.findall(r"\w+", text.casefold())


def _word_maps(example: CaptionExample) -> str:
    """Return the Grad-CAM and the attention of each word, as small copies of the image."""
    kinds = (
        ("Grad-CAM", example.heat_maps, heat_url),
        ("attention", example.attention, attention_url),
    )
    return "".join(
        _map_list(example, name, np.asarray(maps), url)
        for name, maps, url in kinds
        if maps is not None
    )


def _map_list(
    example: CaptionExample, name: str, maps: np.ndarray, url: Callable[[np.ndarray], str]
) -> str:
    """Return a small copy of the image for each word, overlaid with a map of the word.

    Args:
        example: the example.
        name: name of the maps.
        maps: maps (L, h, w).
        url: returns a map (h, w) as the URL of a translucent image.
    """
    if maps.ndim != 3 or len(maps) != len(example.words) or 0 in maps.shape[1:]:
        raise ArgumentError(
            f"{example.name}: expected {name} (L, h, w), one map for each of "
            f"{len(example.words)} words. Received: {name}.shape={maps.shape}; pass the words "
            "and the maps of the same caption."
        )
    image = example.images[0]
    # The small image is embedded once, as a CSS variable shared by all words.
    small = jpeg_url(image, side=MAP_SIDE, limit=MAP_LIMIT)
    aspect = min(max(image.width / image.height, 0.4), 2.5)
    tiles = "".join(
        f'<li><span style="background-image:url({url(weights)}),var(--image)"></span>'
        f"<bdi>{escape(word)}</bdi></li>"
        for word, weights in zip(example.words, maps, strict=True)
    )
    style = f"--image:url({small});--aspect:{aspect:.3f}"
    return f'<ol class="attention" aria-label="{name} for each word" style="{style}">{tiles}</ol>'
