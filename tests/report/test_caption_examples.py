"""The report section on captioned images and clips."""

import math
import re

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import CaptionWord
from lrcn_seq.report.caption_examples import CaptionExample, caption_examples, ranking


def example(name="a.jpg", score=1.0, **changes):
    image = Image.new("RGB", (40, 30), "red")
    caption = CaptionExample(
        name, [image], "a red wall", ["a wall that is red"], score, log_probability=-3.0
    )
    return caption._replace(**changes)


def html_of(*examples, total=None, noun="image", **arguments):
    return caption_examples(examples, total or len(examples), noun, **arguments).html


def test_ranking_puts_missing_scores_last():
    """Missing and infinite scores come last in the ranking of examples, in both directions."""
    scores = [0.3, math.nan, 2.0, None, 0.1]
    assert ranking(scores, descending=True) == [2, 0, 4, 1, 3]
    assert ranking(scores, descending=False) == [4, 0, 2, 1, 3]


def test_examples_are_listed_best_first_and_can_be_reversed():
    """Examples are listed best first; each also has its position in worst-first order."""
    html = html_of(*(example(f"{score}.jpg", score) for score in [0.3, math.nan, 2.0, 0.1]))
    assert re.findall(r'alt="(.*?)\.jpg"', html) == ["2.0", "0.3", "0.1", "nan"]
    assert re.findall(r"--worst:(\d)", html) == ["2", "1", "0", "3"]
    assert html.count('type="radio"') == 2


def test_single_example_has_no_buttons():
    """A single caption example has no buttons to sort."""
    assert 'type="radio"' not in html_of(example())


@pytest.mark.parametrize(
    ("count", "total", "noun", "text"),
    [
        (2, 1200, "clip", "2 of 1,200 clips."),
        (2, 2, "image", "2 images."),
        (1, 1, "image", "1 image."),
    ],
)
def test_note_counts_the_examples(parse, count, total, noun, text):
    """The note states the number of examples and, if the split is larger, the size of the split."""
    parsed = parse(html_of(*[example()] * count, total=total, noun=noun))
    assert text in parsed.text


def test_words_of_no_reference_are_underlined():
    """Caption words that occur in no reference are underlined."""
    html = html_of(example(caption="A red, DOG barks.", references=["The dog is red", "a cat"]))
    prediction = re.search(r'class="prediction".*?>(.*?)</p>', html)[1]
    assert prediction == "A red, DOG <u>barks.</u>"


def test_caption_without_references_is_not_underlined():
    """Without references, no word of a caption is underlined."""
    html = html_of(example(caption="a dog", references=[]))
    assert '<p class="prediction" dir="auto">a dog</p>' in html


def test_empty_caption_is_named(parse):
    """A caption without words is shown as a placeholder."""
    assert "(no words)" in parse(html_of(example(caption=" "))).text


@pytest.mark.parametrize(
    ("caption", "log_probability", "text"),
    [
        ("a red wall", -3.0, "log p −3.00 (−1.00)"),
        ("a wall", -1e-9, "log p 0.00 (0.00)"),
        ("", -2.0, "log p −2.00"),
        ("a wall", -math.inf, "log p –"),
    ],
)
def test_log_probability_has_the_mean_per_word(parse, caption, log_probability, text):
    """The log probability of a caption is followed by its mean per word."""
    html = html_of(example(caption=caption, log_probability=log_probability))
    assert f"{text} " in parse(html).text


@pytest.mark.parametrize(("metric", "label"), [("cider", "CIDEr"), ("bleu_4", "BLEU-4")])
def test_score_has_the_label_of_its_metric(parse, metric, label):
    """The note and each example show the label of the metric."""
    text = parse(html_of(example(score=0.256), metric=metric)).text
    assert f"{label} is computed for the single caption" in text
    assert f"{label} 0.26" in text


@pytest.mark.parametrize(
    ("exact_match", "text"), [(True, ">exact match<"), (False, ">no exact match<")]
)
def test_exact_match_is_shown(exact_match, text):
    """A caption example states whether the caption is an exact match, if this is known."""
    assert text in html_of(example(exact_match=exact_match))
    assert "exact match" not in html_of(example())


def test_references_are_listed(parse):
    """All reference captions of an example are listed below the generated caption."""
    parsed = parse(html_of(example(references=["one", "two"])))
    assert "one two a.jpg" in parsed.text


def test_attention_has_a_map_for_each_word():
    """All words share one small image and have one attention map each."""
    attention = np.random.default_rng(0).random((3, 7, 7))
    html = html_of(example(words=["a", "red", "wall"], attention=attention))
    assert re.findall(r"<bdi>(.*?)</bdi>", html) == ["a", "red", "wall"]
    assert html.count("data:image/png") == 3
    assert html.count("data:image/jpeg") == 2
    assert "--aspect:1.333" in html
    assert "show the attention for each word" in html


def test_heat_maps_stand_above_the_attention():
    """Grad-CAM has a list of its own, with a map for each word, before that of the attention."""
    maps = np.random.default_rng(0).random((2, 7, 7))
    html = html_of(example(words=["a", "wall"], heat_maps=maps, attention=maps))
    assert re.findall('aria-label="(.*?) for each word"', html) == ["Grad-CAM", "attention"]
    assert html.count("data:image/png") == 4
    assert "speak most for the word (Grad-CAM)" in html
    assert "Grad-CAM" not in html_of(example())


def test_heat_maps_of_a_wrong_shape_are_an_error():
    """The error for heat maps of a wrong shape names the maps."""
    with pytest.raises(ArgumentError, match=r"expected Grad-CAM \(L, h, w\)"):
        html_of(example(words=["a"], heat_maps=np.ones((2, 7, 7))))


def test_without_attention_the_note_does_not_mention_it():
    """Without attention maps, the note does not mention attention."""
    assert "attention" not in html_of(example())


@pytest.mark.parametrize("shape", [(2, 7, 7), (3, 49), (3, 0, 7)])
def test_attention_of_a_wrong_shape_is_an_error(shape):
    """The error for attention maps of a wrong shape names the example and both shapes."""
    message = r"b\.jpg: expected attention \(L, h, w\), one map for each of 3 words\. Received: "
    wrong = example("b.jpg", words=["a", "b", "c"], attention=np.ones(shape))
    with pytest.raises(ArgumentError, match=message + re.escape(f"attention.shape={shape}")):
        html_of(wrong)


def test_clip_is_shown_as_frames(parse):
    """The frames of a clip are shown in a row above its caption."""
    frames = [Image.new("RGB", (40, 30))] * 4
    html = html_of(example("b.mp4", images=frames), noun="clip")
    assert html.count('alt="b.mp4, frame ') == 4
    assert 'class="clip"' in html
    assert parse(html).text.startswith("Clips 1 clip.")


def test_no_examples(parse):
    """Without examples, the section says that no clip was captioned."""
    assert parse(html_of(noun="clip")).text == "Clips No clip was captioned for this report."


def test_forty_images_fit_a_page_of_a_megabyte_and_a_half(noise):
    """An example with an image and twelve attention maps takes at most a fortieth of 1.5 MB."""
    attention = np.random.default_rng(0).random((12, 7, 7))
    html = html_of(example(images=[noise(640, 480)], words=["a"] * 12, attention=attention))
    assert 5_000 < len(html.encode()) < 1_500_000 / 40


SUPPORTS = (
    CaptionWord("a", -0.1, -0.2),
    CaptionWord("red", -2.0, -0.5, supported=False),
    CaptionWord("wall", -1.0, -4.0),
)


def test_words_that_the_image_does_not_support_are_marked(parse):
    """An unsupported word is marked, and every word has its log probabilities as a tooltip."""
    html = html_of(example(supports=SUPPORTS))
    assert '<mark title="log p −2.00, without −0.50">red</mark>' in html
    assert '<span title="log p −1.00, without −4.00">wall</span>' in html
    assert "does not support" in parse(html).text


def test_words_that_differ_from_the_caption_are_not_marked():
    """Supports whose words are not those of the caption are left out."""
    html = html_of(example(supports=SUPPORTS[:2]))
    assert "<mark title" not in html


def test_the_confidence_is_shown(parse):
    """An example shows the confidence of its caption, which the note explains."""
    text = parse(html_of(example(confidence=0.625))).text
    assert "confidence 62.5%" in text
    assert "Confidence is the probability that the caption is good." in text
    assert "onfidence" not in parse(html_of(example())).text
