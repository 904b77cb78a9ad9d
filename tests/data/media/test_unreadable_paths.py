"""Missing files and text files, which are refused without importing Keras."""

import pytest
from PIL import Image

from lrcn_seq import config
from lrcn_seq.data.media.unreadable_paths import unreadable_paths

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}
SAMPLED = {"source": {"type": "shapes"}, "sampling": {"type": "every"}}


@pytest.mark.parametrize(
    ("changes", "noun"),
    [
        ({}, "expected an image"),
        ({"data": SAMPLED}, "video"),
        ({"encoder": {"type": "vectors", "width": 8}}, ".npy"),
    ],
)
def test_text_and_missing_files_are_refused(tmp_path, changes, noun):
    """A table and a missing file are refused, and the reason names what the run reads."""
    settings = config.validate({**SPEC, **changes})
    table, missing = str(tmp_path / "a.CSV"), str(tmp_path / "absent.jpg")
    (tmp_path / "a.CSV").write_text("image,caption\n")
    reasons = unreadable_paths([table, missing], settings)
    assert list(reasons) == [table, missing]
    assert noun in reasons[table]


def test_other_files_are_left_to_the_task(tmp_path):
    """Files that may be media are not opened, and an image with the suffix of a text is allowed."""
    (tmp_path / "damaged.jpg").write_text("text")
    Image.new("RGB", (8, 8)).save(tmp_path / "image.txt", "PNG")
    paths = [str(tmp_path / name) for name in ("damaged.jpg", "image.txt")]
    assert unreadable_paths(paths, config.validate(SPEC)) == {}
