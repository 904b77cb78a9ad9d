"""The report: one file, safe with any text, sensible when things are missing."""

import base64
import io
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from lrcn_seq import report
from lrcn_seq.errors import ArgumentError, RunError
from lrcn_seq.metrics import Bin, Health, classification
from lrcn_seq.report import (
    calibration,
    clips,
    confusion,
    curves,
    health,
    markup,
    per_class,
    pictures,
    plot,
    scores,
    strip,
    thumbnail,
)

VOID = {"meta", "link", "img", "input", "wbr", "br"}


class Page(HTMLParser):
    """Tags, text and addresses of a page; fails on tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.attributes, self.stack = [], [], [], []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def contents(**changes):
    empty = report.Contents("A run", "", [], "cider", {}, {}, [], "", [], "", {})
    return empty._replace(**changes)


def shown(name="a.jpg", score=1.0, **changes):
    one = report.Shown(
        name, Image.new("RGB", (40, 30), "red"), "a red wall", ("a wall that is red",), score, -3.0
    )
    return one._replace(**changes)


def epochs(count, **values):
    return [
        {
            "stage": 0,
            "epoch": epoch,
            "loss": 5.0 - epoch / count,
            "cider": epoch / count,
            "best": True,
            **values,
        }
        for epoch in range(count)
    ]


def noise(width=300, height=300, seed=0):
    return Image.fromarray(
        np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype="uint8")
    )


def full():
    attention = np.random.default_rng(0).random((3, 7, 7))
    return contents(
        history=[*epochs(3), *epochs(2, stage=1)],
        scores={
            "metrics": {"bleu_1": 0.6, "bleu_4": 0.2, "cider": math.nan},
            "signatures": {"bleu": "n:4|tok:ptb", "cider": "df:corpus"},
            "count": 300,
        },
        health={"distinct_captions": 0.7, "most_common": 0.05},
        shown=[
            shown(),
            shown("b.jpg", 2.0, words=("a", "red", "wall"), attention=attention, exact=True),
        ],
        config="model:\n  units: 5\n",
        left_out=[("c.jpg", "cut short")],
        command="lrcn train x.yaml",
        facts={"machine": "2 cores"},
    )


def judged(labels=("left", "right", "up", "down"), count=200, seed=0):
    """Classes of made-up answers, about two in three of them right."""
    random = np.random.default_rng(seed)
    truth = random.integers(len(labels), size=count)
    logits = random.normal(size=(count, len(labels)))
    logits[np.arange(count), truth] += 2
    found = classification(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), truth, labels)
    return report.Classes(found.labels, found.confusion, found.per_class, found.bins)


def filmed(name="a.mp4", truth="left", predicted="left", probability=0.8, **changes):
    frames = [Image.new("RGB", (40, 30), (25 * place, 0, 0)) for place in range(3)]
    one = report.ShownClip(
        name,
        frames,
        truth,
        predicted,
        probability,
        ((predicted, probability), ("up", 0.1)),
        (0.0, 0.5, 1.0),
        {"left": (0.5, 0.6, 0.7), "right": (0.4, 0.3, 0.2)},
    )
    return one._replace(**changes)


def activity():
    """A report of a run that classifies."""
    return contents(
        classes=judged(),
        clips=[filmed(), filmed("b.mp4", predicted="right")],
        noun="clip",
        scores={"metrics": {"top_1": 0.7}, "signatures": {}, "count": 200},
    )


def test_write_is_one_whole_file(tmp_path):
    """The page is written whole, and nothing is left beside it."""
    report.write(tmp_path / "report.html", full())
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.page(full())


def test_write_to_a_folder_that_is_absent_says_so(tmp_path):
    """A folder that cannot be written is a sentence."""
    with pytest.raises(RunError, match="expected to write this file"):
        report.write(tmp_path / "absent" / "report.html", contents())


def test_page_fetches_nothing():
    """No script, and no address but those that hold their own data."""
    page = Page(report.page(full()))
    assert "script" not in page.tags
    addresses = [value for _, name, value in page.attributes if name in ("src", "href")]
    addresses += re.findall(r"url\((.*?)\)", report.page(full()))
    assert len(addresses) == 7  # icon, two pictures, one small picture, three maps
    assert all(address.startswith("data:") for address in addresses if address != "var(--picture)")
    assert (
        """content="default-src 'none'; img-src data:; style-src 'unsafe-inline'\""""
        in report.page(full())
    )


def test_page_shows_every_part():
    """Scores, signatures, verdict, captions, attention, files left out, facts, command and config are all there."""
    page = Page(report.page(full()))
    for text in [
        "0.200",
        "n:4| tok:ptb",
        "No sign of collapse",
        "a wall that is red",
        "c.jpg",
        "cut short",
        "2 cores",
        "lrcn train x.yaml",
        "units: 5",
        "exactly right",
        "300",
    ]:
        assert text in page.words
    assert page.tags.count("svg") == 2


def test_empty_run_still_gives_a_page():
    """Without history, scores or pictures the page says so, and leaves out what has nothing to say."""
    page = Page(report.page(contents()))
    assert page.tags.count("section") == 3
    for text in ["has not been scored", "No epoch has been finished", "No picture was captioned"]:
        assert text in page.words


HOSTILE = [
    "<script>alert(1)</script>",
    "\"quoted\" & 'single'",
    "😀🐶",
    "כלב רץ \u202e txt",
    "${title} $sections $$",
    "</style></details></li>",
    "\udcff.jpg",
    "a" * 5000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_shown_and_not_obeyed(text, tmp_path):
    """Markup, quotes, emoji, right-to-left, template marks and broken file names come out as text, wherever they stand."""
    one = shown(
        text, generated=text, references=(text,), words=(text,), attention=np.ones((1, 2, 2))
    )
    page = contents(
        title=text, subtitle=text, history=[{"stage": text, text: 1.0, "loss": 1.0, "best": True}], monitor=text, scores={"metrics": {text: 1.0}, "signatures": {text: text}, "count": 1},
        health={text: 1.0, "most_common": 0.9}, shown=[one], config=text, left_out=[(text, text)], command=text, facts={text: text},
    )  # fmt: skip
    report.write(tmp_path / "report.html", page)
    parsed = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    plain = Page(report.page(page._replace(title="t", monitor="m")))
    seen = " ".join(text.replace("\udcff", "?").split())
    assert "script" not in parsed.tags
    assert sorted(set(parsed.tags)) == sorted(set(plain.tags))
    assert parsed.words.count(seen) >= 12
    assert ("img", "alt", text.replace("\udcff", "?")) in parsed.attributes


def test_forty_pictures_with_attention_stay_small():
    """Forty pictures that compress as badly as any, each with twelve maps, stay under 1.5 MB."""
    attention = np.random.default_rng(0).random((12, 7, 7))
    many = [
        shown(
            f"{seed}.jpg", picture=noise(640, 480, seed), words=("word",) * 12, attention=attention
        )
        for seed in range(40)
    ]
    size = len(report.page(contents(shown=many)).encode())
    assert 200_000 < size < 1_500_000


def decoded(address):
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (20, 30), (5000, 1), (1, 1)])
def test_thumbnail_keeps_shape_and_bounds(size):
    """A thumbnail is a JPEG of at most the side and bytes asked for; small pictures are not enlarged."""
    address = thumbnail.jpeg(noise(*size), side=256, limit=15_000)
    small = decoded(address)
    assert small.format == "JPEG"
    assert len(address) * 3 / 4 < 15_100
    assert max(small.size) <= min(256, max(size))
    assert (
        small.width / small.height == pytest.approx(size[0] / size[1], rel=0.02)
        or min(small.size) == 1
    )


def test_thumbnail_of_a_plain_picture_keeps_its_colors():
    """Where there is room, colors come through JPEG unharmed."""
    pixel = decoded(
        thumbnail.jpeg(Image.new("RGB", (64, 64), (200, 30, 40)), side=256, limit=15_000)
    ).getpixel((30, 30))
    assert np.abs(np.subtract(pixel, (200, 30, 40))).max() <= 3


def test_heat_is_bright_where_weight_lies():
    """Full weight is nearly clear, no weight dark, in the places given; what is no number counts as none."""
    pixels = np.asarray(decoded(thumbnail.heat(np.array([[0.0, 0.2, np.nan], [0.4, np.inf, 0.1]]))))
    assert pixels.shape == (2, 3, 4)
    assert pixels[1, 0].tolist() == thumbnail.SEEN.tolist()
    for place in [(0, 0), (0, 2), (1, 1)]:
        assert pixels[place].tolist() == thumbnail.UNSEEN.tolist()
    assert pixels[0, 1].tolist() == np.round((thumbnail.SEEN + thumbnail.UNSEEN) / 2).tolist()


@pytest.mark.parametrize("shape", [(2, 7, 7), (3, 49), (3, 0, 7)])
def test_attention_that_does_not_fit_is_refused(shape):
    """An attention with another number of words, or no grid, is an error that names the picture."""
    with pytest.raises(
        ArgumentError, match=r"b\.jpg: expected attention \(L, h, w\), a map for each of 3 words"
    ):
        report.page(
            contents(shown=[shown("b.jpg", words=("a", "b", "c"), attention=np.ones(shape))])
        )


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "1", "LA"])
def test_pictures_of_every_mode_are_shown(mode):
    """Gray, palette, transparent, CMYK and 16-bit pictures become a thumbnail."""
    assert 'src="data:image/jpeg' in report.page(
        contents(shown=[shown(picture=Image.new(mode, (30, 20)))])
    )


def test_picture_that_cannot_be_read_leaves_its_captions():
    """A broken picture is a sentence in its place; its captions stay."""
    file = io.BytesIO()
    noise().save(file, "JPEG")
    page = Page(
        report.page(contents(shown=[shown(picture=Image.open(io.BytesIO(file.getvalue()[:3000])))]))
    )
    assert "img" not in page.tags
    assert "missing" in [value for _, name, value in page.attributes if name == "class"]
    assert "a wall that is red" in page.words


def test_pictures_come_best_first_and_can_be_turned_round():
    """The page lists them best first, and each carries its place from the worst; those without a score end both lists."""
    values = [0.3, math.nan, 2.0, 0.1]
    text = report.page(contents(shown=[shown(f"{value}.jpg", value) for value in values]))
    assert re.findall(r'alt="(.*?)\.jpg"', text) == ["2.0", "0.3", "0.1", "nan"]
    assert re.findall(r"--worst:(\d)", text) == ["2", "1", "0", "3"]
    assert text.count('type="radio"') == 2


def test_words_that_no_reference_has_are_underlined():
    """Only words absent from all true captions are marked, whatever their case and punctuation; without references none is."""
    marked = pictures._marked("A red, DOG barks.", ("The dog is red", "a cat"))
    assert re.findall("<u>(.*?)</u>", marked) == ["barks."]
    assert "<u>" not in pictures._marked("a dog", ())


def test_scores_of_one_family_share_their_signature():
    """BLEU-1 to BLEU-4 stand under one signature; another metric, or another signature, stands alone."""
    groups = scores.grouped(
        {"bleu_1": 0.5, "bleu_4": 0.2, "rouge_l": 0.4, "cider": 0.6}, {"bleu": "B", "rouge_l": "R"}
    )
    assert groups == [
        ({"bleu_1": 0.5, "bleu_4": 0.2}, "B"),
        ({"rouge_l": 0.4}, "R"),
        ({"cider": 0.6}, ""),
    ]
    apart = scores.grouped({"bleu_1": 0.5, "bleu_4": 0.2}, {"bleu_1": "max:1", "bleu_4": "max:4"})
    assert [signature for _, signature in apart] == ["max:1", "max:4"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (0, "0.000"),
        (-1.5, "−1.500"),
        (math.nan, "–"),
        (math.inf, "–"),
        (None, "–"),
        ("0.5", "–"),
        (True, "–"),
        (1e-5, "1.00e−05"),
        (np.float32(0.5), "0.500"),
        (2e7, "2.00e+07"),
    ],
)
def test_numbers_are_readable(value, text):
    """Three decimals, a real minus sign, powers of ten for the very small and large, a dash for what is no number."""
    assert markup.number(value) == text


@pytest.mark.parametrize(
    ("figures", "kind", "words"),
    [
        ({"most_common": 0.51, "distinct_captions": 0.4}, "bad", "serves 51.0 % of the pictures"),
        (
            {"most_common": 0.5, "distinct_captions": 0.4},
            "good",
            "No sign of collapse. 40.0 % of the captions differ.",
        ),
        ({"most_common": 0.2, "distinct_captions": 0.05}, "doubtful", "only 5.0 % of them differ"),
        (
            {"distinct_captions": 0.6, "repetition": 0.3},
            "doubtful",
            "30.0 % of the words are repetition",
        ),
        ({"distinct_captions": 0.6, "unknown": 0.2}, "doubtful", "20.0 % of the words are unknown"),
        ({"mean_length": 9.0}, "good", "No sign of collapse."),
    ],
)
def test_verdict_follows_the_figures(figures, kind, words):
    """A caption for more than half of the pictures is a collapse; few different captions or poor sentences are doubtful."""
    found = health.verdict(contents(health=figures))
    assert found.kind == kind
    assert words in " ".join(found.sentences)


def test_figures_of_the_metrics_package_are_explained():
    """Every figure of `metrics.Health` has an explanation and its own way of writing; another is shown as it is called."""
    assert set(Health._fields) <= set(health.KNOWN)
    text = health.section(
        contents(
            health={
                "count": 300,
                "distinct_captions": 0.5,
                "mean_length": 9.256,
                "mbleu_4": 0.2,
                "odd_thing": 2.0,
            }
        )
    )
    cells = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', text)
    assert cells == [
        ("captions", "300"),
        ("different captions", "50.0 %"),
        ("words a caption", "9.26"),
        ("mBLEU-4", "0.200"),
        ("odd thing", "2.000"),
    ]


def test_verdict_counts_the_shown_pictures_when_nothing_was_measured():
    """One caption under most of the shown pictures is called a collapse, and quoted; of two or three pictures nothing is said."""
    same = [shown(str(index)) for index in range(4)] + [shown("x", generated="a cat")]
    found = health.verdict(contents(shown=same))
    assert found.kind == "bad"
    assert "“a red wall” serves 80.0 % of the pictures shown here" in found.sentences[0]
    assert health.verdict(contents(shown=same[:3])) is None
    assert health.verdict(contents()) is None


@pytest.mark.parametrize("count", [1, 2, 31, 200, 5000])
def test_curves_of_any_length_stay_on_the_drawing(count):
    """Every coordinate is a number inside the drawing, and there is one mark for the best epoch, from 1 epoch to thousands."""
    text = curves.section(contents(history=epochs(count)))
    for tag in re.findall(r"<circle.*?>|<line.*?>", text):
        for axis, value in re.findall(r'c?([xy])\d?="(.*?)"', tag):
            assert 0 <= float(value) <= (plot.WIDTH if axis == "x" else plot.HEIGHT)
    points = [
        tuple(map(float, point.split()))
        for path in re.findall(r'd="M(.*?)"', text)
        for point in path.split(" L")
    ]
    assert len(points) == (2 * count if count > 1 else 0)
    assert all(plot.LEFT <= x <= plot.WIDTH and 0 <= y <= plot.HEIGHT for x, y in points)
    assert text.count('<circle class="best"') == 2


def test_curve_falls_as_its_values_fall():
    """Later epochs lie further right; smaller values lie lower; a straight line stays straight."""
    path = re.search(
        r'd="M(.*?)"',
        plot.plot([4.0, 3.0, 2.0, 1.0], name="loss", stages=[plot.Stage("", 0, 4)], best=3),
    )[1]
    x, y = np.array([point.split() for point in path.split(" L")], "float64").T
    assert np.ptp(np.diff(x)) < 0.2 and (np.diff(x) > 50).all()
    assert np.ptp(np.diff(y)) < 0.2 and (np.diff(y) > 20).all()


def test_stages_are_drawn_apart():
    """The line breaks between stages, which are named from 1; epochs are counted through."""
    text = curves.section(contents(history=[*epochs(5), *epochs(7, stage=1)]))
    loss = text.partition("</svg>")[0]
    assert [path.count("L") + 1 for path in re.findall(r'd="(M.*?)"', loss)] == [5, 7]
    assert loss.count('<rect class="stage"') == 1
    assert "stage 1" in loss and "stage 2" in loss
    assert "12 epochs in 2 stages" in text


def test_best_epoch_is_the_last_that_improved():
    """The mark stands on the last row with `best`, whose weights were kept; without one there is no mark."""
    rows = [row | {"best": row["epoch"] in (0, 3)} for row in epochs(6)]
    text = curves.section(contents(history=rows))
    assert "those of epoch 4" in text
    assert markup.number(rows[3]["cider"]) in text.partition("</p>")[0]
    without = curves.section(contents(history=[row | {"best": False} for row in rows]))
    assert "none was the best" in without and 'class="best"' not in without


def test_gaps_and_values_that_cannot_be_drawn():
    """None, NaN, infinities and 1e300 are gaps; a figure without any value gets no drawing; a lone value is a dot."""
    rows = [
        {"loss": value, "cider": math.nan, "best": False}
        for value in [3.0, None, 2.0, 1.5, math.nan, math.inf, 1e300, 1.0]
    ]
    text = curves.section(contents(history=rows))
    assert text.count("<svg") == 1
    assert [path.count("L") + 1 for path in re.findall(r'd="(M.*?)"', text)] == [2]
    assert len(re.findall(r'<circle class="dot"', text)) == 4
    assert "nan" not in text and "inf" not in text


def test_watched_score_follows_the_loss():
    """Loss first, then the score that chose the best epoch, then the others as they come."""
    rows = [
        {
            "stage": 0,
            "epoch": 0,
            "bleu_4": 0.1,
            "cider": 0.2,
            "loss": 3.0,
            "note": "text",
            "best": True,
        }
    ]
    assert curves.figures(rows, "cider") == ["loss", "cider", "bleu_4"]


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 1),
        (-3, 5),
        (1e-9, 3e-9),
        (0.31, 0.34),
        (1e8, 9e8),
        (1, 200),
        (-1e99, 1e99),
        (0.999, 1.001),
    ],
)
def test_ticks_are_round_and_within(low, high):
    """Two to seven evenly spaced ticks lie inside the range, at 1, 2 or 5 times a power of ten."""
    ticks = plot.ticks(low, high)
    assert 2 <= len(ticks) <= 7
    room = 1e-6 * (high - low)
    assert low - room <= ticks[0] and ticks[-1] <= high + room
    step = ticks[1] - ticks[0]
    assert np.diff(ticks) == pytest.approx(step)
    assert float(f"{step:.3e}".partition("e")[0]) in (1, 2, 5)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-9, 0.5, -7.0, 1e99])
def test_constant_curve_has_room(value):
    """One value all along gives a frame with ticks around it."""
    low, high = plot.margined(value, value)
    assert low < value < high
    assert len(plot.ticks(low, high)) >= 2


def test_long_lists_of_files_are_folded_and_cut():
    """A few files stand open; many are folded, and of very many the rest is counted."""
    assert "<details>" not in report.page(contents(left_out=[("a", "b")] * 3))
    text = report.page(contents(left_out=[(f"{index}.jpg", "cut short") for index in range(1200)]))
    assert "<summary>1,200 files were left out" in text
    assert text.count("cut short") == 500
    assert "700 more are not listed here" in text


def test_what_the_source_left_out_is_told():
    """Beside skipped files or alone, as text; without either there is no such section."""
    note = "3 clips are not in the folder <x>."
    alone, beside = (
        report.page(contents(left_out=skipped, notes=[note])) for skipped in ([], [("a", "b")])
    )
    assert all("3 clips are not in the folder &lt;x&gt;." in page for page in (alone, beside))
    assert "1 file was left out" in beside
    assert "Left out" not in report.page(contents(left_out=[]))


def test_every_section_is_a_function_of_contents():
    """Sections can be taken one by one, and each gives HTML that closes its tags."""
    for section in report.SECTIONS:
        given = (
            activity()
            if section.__module__.endswith((".confusion", ".per_class", ".calibration", ".clips"))
            else full()
        )
        assert Page(section(given)).tags[0] == "section"


def headings(text):
    return re.findall("<h2>(.*?)</h2>", text)


def body(given):
    """The words of all sections, without those of the style sheet."""
    return Page("".join(section(given) for section in report.SECTIONS)).words


def test_run_that_classifies_has_its_own_sections():
    """Matrix, classes, calibration and clips are there; sections about captions are not; nothing is fetched."""
    text = report.page(activity())
    page = Page(text)
    assert headings(text) == [
        "Scores",
        "Training",
        "What is taken for what",
        "Class by class",
        "Can its confidence be believed?",
        "Clips",
    ]
    assert "script" not in page.tags
    assert all(
        value.startswith("data:") for _, name, value in page.attributes if name in ("src", "href")
    )
    assert "picture" not in body(activity()) and "caption" not in body(activity())


def test_described_clips_are_called_clips():
    """Frames stand in the place of the picture, and the words of the page speak of clips."""
    frames = tuple(Image.new("RGB", (40, 30)) for _ in range(4))
    page = contents(
        noun="clip",
        shown=[shown("b.mp4", frames=frames)] * 5,
        scores={"metrics": {"cider": 1.0}, "count": 40},
        health={"most_common": 0.9, "novel": 0.1},
    )
    text, words = report.page(page), body(page)
    assert "Clips" in headings(text)
    for said in [
        "5 of 40 clips.",
        "serves 90.0 % of the clips; the scores above do not mean that clips are understood",
        "captions that no training clip has",
    ]:
        assert said in words
    assert text.count('alt="b.mp4, frame 4 of 4"') == 5 and 'alt="b.mp4"' not in text
    assert "No clip was captioned" in body(contents(noun="clip"))
    assert "picture" not in words


def test_strip_takes_eight_frames_from_first_to_last():
    """Of a hundred frames eight, evenly spread, both ends among them; of three all."""
    frames = [Image.new("RGB", (4, 4))] * 100
    found = [int(place) for place in re.findall(r"frame (\d+) of 100", strip.strip(frames, "x"))]
    assert (len(found), found[0], found[-1]) == (8, 1, 100)
    assert set(np.diff(found)) <= {14, 15}
    assert strip.strip(frames[:3], "x").count("<img") == 3
    assert strip.strip([], "x").count("<img") == 0


def test_frame_that_cannot_be_read_leaves_the_others():
    """A broken frame is a sentence in its place."""
    file = io.BytesIO()
    noise().save(file, "JPEG")
    text = strip.strip(
        [Image.new("RGB", (4, 4)), Image.open(io.BytesIO(file.getvalue()[:3000]))], "x"
    )
    assert (text.count("<img"), text.count('class="missing"')) == (1, 1)


def test_forty_clips_stay_small():
    """Forty clips of frames that compress as badly as any stay under 1.5 MB."""
    frames = [noise(320, 240, seed) for seed in range(8)]
    size = len(
        report.page(
            activity()._replace(clips=[filmed(str(index), frames=frames) for index in range(40)])
        ).encode()
    )
    assert 200_000 < size < 1_500_000


def squares(text):
    """(row, column, kind, opacity) of each square of a matrix."""
    paths = re.findall(r'<path class="(right|wrong)" opacity="(.*?)" d="(.*?)"', text)
    corners = [
        (kind, float(opacity), *map(float, corner.split("h")[0].split()))
        for kind, opacity, path in paths
        for corner in path.split("M")[1:]
    ]
    columns, rows = (sorted({corner[axis] for corner in corners}) for axis in (2, 3))
    return {(rows.index(y), columns.index(x)): (kind, opacity) for kind, opacity, x, y in corners}


def test_matrix_has_rows_of_truth_and_fuller_squares_for_larger_shares():
    """Each count that is not 0 has a square in its row and column, and its number; right ones are of another kind."""
    text = confusion.matrix(["a", "b", "c"], np.array([[8, 2, 0], [0, 5, 5], [1, 0, 0]]))
    found = squares(text)
    assert {place: kind for place, (kind, _) in found.items()} == {
        (0, 0): "right",
        (0, 1): "wrong",
        (1, 1): "right",
        (1, 2): "wrong",
        (2, 0): "wrong",
    }
    assert found[0, 1][1] < found[1, 1][1] == found[1, 2][1] < found[0, 0][1] < found[2, 0][1] == 1
    assert re.findall(r'class="x (?:on|off)".*?>(\d+)<', text) == ["8", "2", "5", "5", "1"]
    assert "3 classes, 13 of 21 right" in text


@pytest.mark.parametrize(
    ("count", "labeled", "numbered"),
    [(1, True, True), (4, True, True), (30, True, True), (101, True, False), (400, False, False)],
)
def test_matrix_fits_the_page_with_any_number_of_classes(count, labeled, numbered):
    """From one class to hundreds nothing is wider than the page; labels and numbers give way when squares are small."""
    labels = [f"a class with a rather long name {place}" for place in range(count)]
    text = confusion.matrix(labels, np.eye(count, dtype=int))
    width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', text).groups())
    assert width <= 964 and height <= 1100
    assert (text.count("a class with a rather l…") == 2 * count) == labeled
    assert (text.count('class="x on"') == count) == numbered
    assert len(squares(text)) == count
    assert len(text) < 120 * count + 250 * count * labeled + 3000


def test_most_confused_pairs_are_named():
    """The largest counts beside the diagonal come first, each with its share of the class; without errors this is said."""
    counts = np.array([[8, 2, 0], [0, 5, 3], [1, 2, 1]])
    assert confusion.confused(counts) == [(1, 2), (2, 1), (0, 1), (2, 0)]
    classes = report.Classes(["a", "b", "c"], counts, (), ())
    words = Page(confusion.section(contents(classes=classes, noun="clip"))).words
    assert "b taken for c : 3 of 8 clips (37.5 %)" in words
    assert "No clip was taken for another class" in confusion.section(
        contents(classes=classes._replace(confusion=np.eye(3)), noun="clip")
    )


def test_matrix_that_does_not_fit_its_labels_is_refused():
    """Another number of labels than of rows is a sentence."""
    with pytest.raises(
        ArgumentError,
        match=r"confusion: expected \(C, C\) counts for C labels. Received: confusion \(2, 2\), 3 labels",
    ):
        report.page(contents(classes=report.Classes(["a", "b", "c"], np.eye(2), (), ())))


def test_classes_without_a_score_get_a_dash_and_many_are_folded():
    """What is undefined is a dash; of a hundred classes the lowest and highest are named, the table folded."""
    undefined = classification([[1.0, 0.0]], [0], ["a", "b"])
    text = per_class.section(
        contents(
            classes=report.Classes(
                undefined.labels, undefined.confusion, undefined.per_class, undefined.bins
            )
        )
    )
    assert re.findall(r"<td>(.*?)</td>", text) == [
        "1",
        "1.000",
        "1.000",
        "1.000",
        "0",
        "–",
        "–",
        "–",
    ]
    assert "<details>" not in text
    classes = judged([f"class {place}" for place in range(100)], count=2000)
    ranked = sorted(classes.per_class, key=lambda one: one.f1)
    folded = Page(per_class.section(contents(classes=classes))).words
    assert f"Lowest F1: {ranked[0].label} {ranked[0].f1:.2f}" in folded
    assert f"Highest F1: {ranked[-1].label} {ranked[-1].f1:.2f}" in folded


def test_reliability_diagram_draws_accuracy_over_confidence():
    """A bar for each bin that holds clips, as high as its accuracy; its dot at mean confidence; the ideal from corner to corner."""
    bins = [Bin(None, None, 0)] * 3 + [Bin(0.7, 0.25, 4), Bin(0.9, 1.0, 16)]
    text = calibration.diagram(bins)
    bars = [
        tuple(map(float, bar))
        for bar in re.findall(
            r'<rect class="bar" opacity="(.*?)" x="(.*?)" y="(.*?)" width=".*?" height="(.*?)"',
            text,
        )
    ]
    assert [bar[3] for bar in bars] == pytest.approx([284 / 4, 284], abs=0.1)
    assert bars[0][0] < bars[1][0]
    dots = [
        tuple(map(float, dot))
        for dot in re.findall(r'<circle class="best" cx="(.*?)" cy="(.*?)"', text)
    ]
    assert dots[0] == pytest.approx((plot.LEFT + 284 * 0.7, plot.TOP + 284 * 0.75), abs=0.1)
    assert "expected calibration error 0.170" in text


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [(0.5, "too sure"), (0.88, "as sure as it is right"), (1.0, "too careful")],
)
def test_verdict_on_calibration_follows_the_bins(accuracy, words):
    """Mean confidence 0.9 against what is right."""
    assert words in calibration.verdict([Bin(None, None, 0), Bin(0.9, accuracy, 10)])


def test_clips_come_wrong_first_and_surest_first():
    """Groups by judgment with how many there are in all; a clip whose truth nobody knows stands apart."""
    many = [
        filmed("sure", probability=0.9),
        filmed("unsure", probability=0.4),
        filmed("wrong", predicted="right"),
        filmed("open", truth=None),
    ]
    text = clips.section(activity()._replace(clips=many))
    assert re.findall(r'class="name" dir="auto">(.*?)<', text) == [
        "wrong",
        "sure",
        "unsure",
        "open",
    ]
    right = int(np.trace(judged().confusion))
    assert re.findall('<h3 class="kind">(.*?) <span>(.*?)</span>', text) == [
        ("Wrong", f"1 of {200 - right}"),
        ("Right", f"2 of {right}"),
        ("Truth not known", "1"),
    ]


def test_clip_shows_truth_and_likely_labels():
    """A wrong clip names the true label; the bars have the length of the probabilities."""
    text = clips.section(
        contents(clips=[filmed(truth="right", top=(("left", 0.8), ("up", 0.125)))])
    )
    assert "wrong it is right" in Page(text).words
    assert re.findall(r"--share:(.*?)%", text) == ["80.0", "12.5"]


def test_probability_over_time_is_drawn_for_answer_and_truth():
    """Two curves of a wrong clip, one of a right one, over seconds; an hour is thinned; a moment is a dot; without times nothing."""
    wrong = clips.over_time(filmed(truth="right"))
    assert re.findall('<g class="(.*?)">', wrong) == ["truth", "answer"]
    assert "1 s" in wrong
    assert re.findall('<g class="(.*?)">', clips.over_time(filmed())) == ["answer"]
    hour = filmed(times=np.arange(3600), over_time={"left": np.linspace(0, 1, 3600)})
    assert 200 <= clips.over_time(hour).count(" L") <= 400
    moment = clips.over_time(filmed(times=[2.0], over_time={"left": [0.5]}))
    assert '<circle class="dot"' in moment and "2 s" in moment
    assert clips.over_time(filmed(times=(), over_time={})) == ""
    gap = clips.over_time(filmed(over_time={"left": (0.5, math.nan, 0.7)}))
    assert "nan" not in gap and gap.count("<circle") == 2


def test_probabilities_that_do_not_fit_their_times_are_refused():
    """The clip is named."""
    with pytest.raises(
        ArgumentError, match=r"a\.mp4: expected a probability for each of 3 times. Received: 2"
    ):
        report.page(contents(clips=[filmed(over_time={"left": (0.5, 0.6)})]))


@pytest.mark.parametrize("text", HOSTILE)
def test_any_name_of_a_class_or_clip_is_shown_and_not_obeyed(text):
    """Labels and names of clips come out as text, wherever they stand."""
    classes = judged((text, "b"))
    one = filmed(
        text,
        truth=text,
        predicted="b",
        top=((text, 0.4),),
        over_time={text: (0.1, 0.2, 0.3), "b": (0.9, 0.8, 0.7)},
    )
    other = one._replace(truth="b", predicted=text)
    page = Page(report.page(activity()._replace(classes=classes, clips=[one, other], noun=text)))
    plain = one._replace(
        name="n",
        truth="a",
        top=(("a", 0.4),),
        over_time={"a": (0.1, 0.2, 0.3), "b": (0.9, 0.8, 0.7)},
    )
    plain = Page(
        report.page(
            activity()._replace(
                classes=judged(("a", "b")), clips=[plain, plain._replace(truth="b", predicted="a")]
            )
        )
    )
    assert "script" not in page.tags
    assert page.tags == plain.tags
    assert page.words.count(" ".join(text.replace("\udcff", "?").split())) >= 10
