"""Predictions as HTML for notebooks."""

from lrcn_seq import notebook_html
from lrcn_seq.notebook_html import image_html, prediction_html
from lrcn_seq.records import Caption, CaptionPrediction


def test_images_are_embedded(tmp_path):
    """A small image is embedded with its type and its escaped name."""
    path = tmp_path / "a&b.jpg"
    path.write_bytes(b"pixels")
    html = image_html(str(path))
    assert 'src="data:image/jpeg;base64,cGl4ZWxz"' in html
    assert "a&amp;b.jpg" in html


def test_large_and_missing_files_are_not_shown(tmp_path, monkeypatch):
    """Files that are too large, missing or no image have no HTML."""
    monkeypatch.setattr(notebook_html, "IMAGE_BYTES", 5)
    (tmp_path / "a.jpg").write_bytes(b"pixels")
    (tmp_path / "a.txt").write_bytes(b"text")
    assert [image_html(str(tmp_path / name)) for name in ("a.jpg", "b.jpg", "a.txt")] == [""] * 3


def test_the_lines_of_a_prediction_are_escaped():
    """The caption of a prediction is shown as escaped text, and an error in its place."""
    found = CaptionPrediction("a", (Caption("a <b> dog", -1.0, -1.0),))
    assert "<figcaption>a &lt;b&gt; dog</figcaption>" in prediction_html(found)
    assert "<figcaption>no image.</figcaption>" in prediction_html(
        CaptionPrediction("a", (), "no image.")
    )
