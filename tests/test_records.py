"""Records that packages exchange, such as predictions."""

import pytest

from lrcn_seq.records import (
    SPECIAL,
    Caption,
    CaptionPrediction,
    CaptionWord,
    Label,
    LabelPrediction,
    Predictions,
    Window,
)

CAPTIONS = (Caption("a cat", -1.0, -0.5), Caption("a dog", -2.0, -1.0))
ROWS = [
    {"text": "a cat", "log_probability": -1.0, "score": -0.5},
    {"text": "a dog", "log_probability": -2.0, "score": -1.0},
]


def test_the_ids_of_special_words():
    """The IDs of special tokens are fixed, since saved vocabularies depend on them."""
    assert SPECIAL == (0, 1, 2, 3)
    assert SPECIAL._fields == ("pad", "start", "end", "unknown")


def test_the_row_of_captions():
    """The JSON row of a captioned image has the file and all captions."""
    assert CaptionPrediction("a.jpg", CAPTIONS).row() == {"file": "a.jpg", "captions": ROWS}


def test_the_row_of_a_caption_with_confidence_and_words():
    """Confidence and words follow the other values of a caption; None is left out."""
    words = (CaptionWord("a", -0.5, -0.25), CaptionWord("cat", -3.0, -1.0, supported=False))
    caption = Caption("a cat", -3.5, -0.5, 0.75, words)
    assert list(caption.row()) == ["text", "log_probability", "score", "confidence", "words"]
    assert caption.row()["confidence"] == 0.75
    assert caption.row()["words"][1] == {
        "word": "cat",
        "log_probability": -3.0,
        "without_image": -1.0,
        "supported": False,
        "support": -2.0,
    }
    assert "words" not in caption._replace(words=None).row()


def test_words_without_support_are_printed_in_brackets():
    """The line of a caption marks the words that the image does not support."""
    words = (CaptionWord("a", -0.5, -0.25), CaptionWord("cat", -3.0, -1.0, supported=False))
    caption = Caption("a cat", -3.5, -0.5, words=words)
    assert CaptionPrediction("a.jpg", (caption,)).lines() == ["a [cat]"]
    windows = (Window(0.0, 2.5, (caption,)),)
    assert CaptionPrediction("a.mp4", windows=windows).lines() == ["0:00.0–0:02.5\ta [cat]"]


def test_the_row_of_windows():
    """The JSON row of a video with windows has the times and captions of each window."""
    windows = (Window(0.0, 2.5, CAPTIONS[:1]),)
    assert CaptionPrediction("a.mp4", windows=windows).row() == {
        "file": "a.mp4",
        "windows": [{"start": 0.0, "end": 2.5, "captions": ROWS[:1]}],
    }


def test_the_row_of_labels():
    """The JSON row of a classified file has all labels with probabilities."""
    prediction = LabelPrediction("a.mp4", (Label("jump", 0.75), Label("run", 0.25)))
    assert prediction.row() == {
        "file": "a.mp4",
        "labels": [{"label": "jump", "probability": 0.75}, {"label": "run", "probability": 0.25}],
    }


@pytest.mark.parametrize("kind", [CaptionPrediction, LabelPrediction])
def test_the_row_and_lines_of_an_unreadable_file(kind):
    """The JSON row of an unreadable file has the error, and no text lines are printed."""
    prediction = kind("a.jpg", error="not an image.")
    assert prediction.row() == {"file": "a.jpg", "error": "not an image."}
    assert prediction.lines() == []


def test_the_lines_of_captions():
    """The text output of a captioned image has one line per caption."""
    assert CaptionPrediction("a.jpg", CAPTIONS).lines() == ["a cat", "a dog"]


def test_the_lines_of_windows():
    """The text line of a window begins with its start and end in minutes and seconds."""
    windows = (Window(0.0, 59.5, CAPTIONS[:1]), Window(61.25, 125.0, CAPTIONS[1:]))
    assert CaptionPrediction("a.mp4", windows=windows).lines() == [
        "0:00.0–0:59.5\ta cat",
        "1:01.2–2:05.0\ta dog",
    ]


def test_the_lines_of_labels():
    """The text line of a label has the label and its probability with four decimals."""
    assert LabelPrediction("a.mp4", (Label("jump", 0.75),)).lines() == ["jump\t0.7500"]


def test_a_prediction_shows_its_image_in_a_notebook(tmp_path):
    """A notebook shows a prediction as its image with escaped captions."""
    path = tmp_path / "a.png"
    path.write_bytes(b"pixels")
    found = CaptionPrediction(str(path), (Caption("a <b> dog", -1.0, -1.0),))
    html = found._repr_html_()
    assert 'src="data:image/png;base64,cGl4ZWxz"' in html
    assert "a &lt;b&gt; dog" in html
    assert Predictions([found, found])._repr_html_() == 2 * html
    assert "<img" not in CaptionPrediction("0", (), "no image.")._repr_html_()
