"""The report section on the diversity of captions."""

import re

import pytest

from lrcn_seq.metrics import Health
from lrcn_seq.report.caption_diversity import MEANINGS, caption_diversity, verdict


@pytest.mark.parametrize(
    ("health", "kind", "text"),
    [
        ({"most_common": 0.51, "distinct_captions": 0.4}, "bad", "to 51.0% of the images"),
        (
            {"most_common": 0.5, "distinct_captions": 0.4},
            "good",
            "No sign of mode collapse. 40.0% of the captions are distinct. "
            "The most common caption describes 50.0% of the images.",
        ),
        ({"most_common": 0.2, "distinct_captions": 0.09}, "doubtful", "only 9.0% of the captions"),
        ({"most_common": 0.2, "distinct_captions": 0.1}, "good", "10.0% of the captions"),
        ({"repetition": 0.3}, "doubtful", "30.0% of the words are repetitions."),
        ({"unknown": 0.2}, "doubtful", "20.0% of the words are unknown words."),
        ({"empty": 0.2}, "doubtful", "20.0% of the captions are empty."),
        ({"repetition": 0.1, "unknown": 0.1, "empty": 0.1}, "good", "No sign of mode collapse."),
        ({"mean_length": 9.0}, "good", "No sign of mode collapse."),
    ],
)
def test_verdict_follows_the_figures(health, kind, text):
    """The diversity values decide whether the verdict is collapse, doubtful or good."""
    found = verdict(health, [], "image")
    assert found.kind == kind
    assert text in found.text


def test_collapse_quotes_the_caption():
    """The verdict quotes a caption that makes up more than half of all captions."""
    found = verdict({"most_common": 0.6}, ["a cat", "a dog", "a cat"], "clip")
    assert "the same caption, “a cat”, to 60.0% of the clips" in found.text


def test_collapse_without_a_clear_caption_quotes_none():
    """If captions are equal only after normalization, the verdict quotes no caption."""
    assert "“" not in verdict({"most_common": 1.0}, ["A cat", "a cat"], "image").text


def test_collapse_names_defects_too():
    """The verdict of mode collapse also names frequent defects of captions."""
    found = verdict({"most_common": 1.0, "repetition": 0.9}, [], "image")
    assert found.text.endswith("90.0% of the words are repetitions.")


def test_every_figure_of_the_metrics_has_a_meaning():
    """The diversity table explains every field of `metrics.Health`."""
    assert set(Health._fields) == set(MEANINGS)


def test_table_formats_each_figure():
    """The diversity table formats counts as integers and shares as percentages."""
    health = {
        "count": 300,
        "distinct_captions": 0.5,
        "mean_length": 9.256,
        "mbleu_4": 0.2,
        "novel": None,
        "odd_thing": 2.0,
    }
    html = caption_diversity(health, [], "image").html
    assert re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', html) == [
        ("count", "300"),
        ("distinct captions", "50.0%"),
        ("mean length", "9.26"),
        ("mBLEU-4", "0.200"),
        ("odd thing", "2.000"),
    ]


def test_meaning_names_what_is_captioned():
    """The explanations of diversity values name the captioned item, such as `clip`."""
    html = caption_diversity({"most_common": 0.2}, [], "clip").html
    assert "<td>clips that received the most common caption</td>" in html


@pytest.mark.parametrize("health", [{}, {"novel": None}])
def test_no_figures_no_section(health):
    """Without diversity values, the report has no diversity section."""
    assert caption_diversity(health, ["a cat"], "image") is None
