"""The whole report page, which is one self-contained file."""

import re

import numpy as np
import pytest
from PIL import Image

from lrcn_seq import report
from lrcn_seq.errors import RunError
from lrcn_seq.metrics import Bin, ClassScore
from lrcn_seq.records import Label

IMAGE = Image.new("RGB", (40, 30), "red")


def every_section(text="t", other="o"):
    """Return one section of each kind, in which every text from data is `text` or `other`."""
    row = {"stage": text, text: 1.0, "loss": 1.0, "best": True}
    scores = {"metrics": {text: 1.0}, "signatures": {text: text}, "count": 2}
    caption = report.CaptionExample(
        text, [IMAGE], text, [text], 1.0, -3.0, words=[text], attention=np.ones((1, 2, 2))
    )
    clip = report.ClipExample(
        text, [IMAGE], text, other, 0.9, [Label(text, 0.4)], [0, 1], {text: [0, 1], other: [1, 0]}
    )
    return [
        report.score_cards(scores, text),
        report.curves([row], text),
        report.caption_diversity({text: 1.0, "most_common": 0.9}, [text], text),
        report.confusion([text, other], np.array([[1, 2], [0, 1]]), text),
        report.per_class([ClassScore(text, 3, 0.5, 0.5, 0.5)], text),
        report.calibration([Bin(0.8, 0.7, 2)], text),
        report.clip_examples([clip]),
        report.caption_examples([caption], 2, text, text),
        report.skipped_files([(text, text)], [text]),
        report.provenance(text, {text: text}, text),
    ]


def test_sections_are_rendered_in_order(parse):
    """A page shows title, subtitle and sections in order; sections that are None are skipped."""
    first = report.section("First", "<p>1</p>", name="first")
    second = report.section("Second", "<p>2</p>", name="second")
    page = report.render(report.Page("A & B", "5 images", [second, None, first]))
    assert "<title>A &amp; B</title>" in page
    assert parse(page).text.endswith("A & B 5 images Second 2 First 1")


def test_page_without_sections(parse):
    """A page may have no sections."""
    assert "section" not in parse(report.render(report.Page("A", "", []))).tags


def test_names_of_sections_are_unique():
    """Each section has a unique name, which is its id in the HTML."""
    sections = every_section()
    assert len({section.name for section in sections}) == len(sections) == 10
    assert all(f'<section id="{section.name}">' in section.html for section in sections)


def test_page_is_self_contained(parse):
    """A page has no scripts, and all its URLs are `data:` URLs."""
    html = report.render(report.Page("t", "", every_section()))
    parsed = parse(html)
    assert "script" not in parsed.tags
    urls = [value for _, name, value in parsed.attributes if name in ("src", "href")]
    urls += [url for url in re.findall(r"url\((.*?)\)", html) if url != "var(--image)"]
    assert len(urls) == 5  # URLs of icon, frame, image, small image, attention map
    assert all(url.startswith("data:") for url in urls)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert f'content="{policy}"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "\"quoted\" & 'single'",
        "😀🐶",
        "כלב רץ \u202e txt",
        "${title} $sections $$",
        "</style></details></li>",
        "\udcff.jpg",
        "a" * 5000,
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_any_text_is_shown_and_not_interpreted(parse, text, place):
    """Markup, quotes, placeholders, direction overrides and undecodable names are plain text."""
    texts = [text, "o"] if place == 0 else ["t", text]
    parsed = parse(report.render(report.Page(text, text, every_section(*texts))))
    plain = parse(report.render(report.Page("t", "t", every_section())))
    assert parsed.tags == plain.tags
    shown = " ".join(text.replace("\udcff", "?").replace("\u202e", r"\u202e").split())
    assert parsed.text.count(shown) >= (30 if place == 0 else 4)


def test_write_replaces_the_file_and_leaves_no_other(tmp_path):
    """Writing a page replaces the file and leaves no temporary file."""
    path = tmp_path / "report.html"
    path.write_text("old")
    page = report.Page("t", "", every_section())
    report.write(path, page)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8") == report.render(page)


def test_write_into_a_missing_folder_is_an_error(tmp_path):
    """Writing a page into a missing folder raises an error with the file and the cause."""
    message = r"report\.html: expected to write this file\. Received: No such file"
    with pytest.raises(RunError, match=message):
        report.write(tmp_path / "missing" / "report.html", report.Page("t", "", []))


def test_write_onto_a_folder_leaves_nothing_behind(tmp_path):
    """Writing a page to the path of a folder fails and leaves no temporary file."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(RunError):
        report.write(tmp_path / "report.html", report.Page("t", "", []))
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_section_from_building_blocks(parse):
    """Another package can build a section with the public functions of `report`."""
    rows = [[report.escape("a<b"), report.percent(0.25), report.number(2.5, 1)]]
    body = report.paragraph("Text.") + report.table(["label", "share", "mean"], rows)
    page = report.Page("t", "", [report.section("Own", body, name="own")])
    text = "Own Text. label share mean a<b 25.0% 2.5"
    assert parse(report.render(page)).text.endswith(text)
