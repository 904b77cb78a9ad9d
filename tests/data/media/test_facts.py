"""Frame times and readability of media files, cached by content."""

import json

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.base import PIXELS_LIMIT
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.facts import check_image, frame_times
from lrcn_seq.data.media.frame_folder import FrameFolder
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import MediaError
from tests.media_fixtures import write_video


def facts(path) -> dict:
    """Return the facts stored in the file of a content index."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line]
    return {line["fact"]: line["value"] for line in lines if "fact" in line}


def test_times_are_measured_once_per_content(tmp_path, monkeypatch):
    """Frame times of a clip, or the error of a broken file, are computed once and then cached."""
    folder, broken = tmp_path / "frames", Video(tmp_path / "bad.avi")
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
    broken.path.write_bytes(b"nothing")
    for _ in range(2):
        index = ContentIndex(tmp_path / "m.jsonl")
        times = frame_times(FrameFolder(folder), index, PIXELS_LIMIT)
        np.testing.assert_allclose(times, np.arange(4) / 25)
        with pytest.raises(MediaError, match=r"bad\.avi: expected a video"):
            frame_times(broken, index, PIXELS_LIMIT)
        monkeypatch.setattr(FrameFolder, "times", None)
        monkeypatch.setattr(Video, "times", None)


def test_even_times_are_stored_as_count_and_step(tmp_path):
    """Evenly spaced times are stored as count and step, keyed by content hash and pixel limit."""
    path = tmp_path / "0.png"
    Image.new("RGB", (8, 8)).save(path)
    index = ContentIndex(tmp_path / "m.jsonl")
    frame_times(StillImage(path), index, 123)
    name = f"times:image2:{index.hash_file(path)}:123"
    assert facts(tmp_path / "m.jsonl") == {name: {"count": 1, "step": 0.0}}


def test_uneven_times_are_stored_one_by_one(tmp_path, monkeypatch):
    """Unevenly spaced frame times are stored one by one, with enough digits to stay ascending."""
    uneven = np.array([0, 0.04, 0.5, 0.50011, 0.50022, 2])
    monkeypatch.setattr(Video, "times", lambda self: uneven)
    (tmp_path / "a").write_bytes(b"a")
    for _ in range(2):
        index = ContentIndex(tmp_path / "m.jsonl")
        times = frame_times(Video(tmp_path / "a"), index, PIXELS_LIMIT)
        np.testing.assert_allclose(times, uneven, atol=1e-5)
        assert (np.diff(times) > 0).all()


def test_an_image_is_decoded_once_per_content_and_limit(tmp_path, photos, monkeypatch):
    """The result of checking an image is cached: null if valid, otherwise the error's reason."""
    photos[1].write_bytes(photos[1].read_bytes()[:-30])
    index = ContentIndex(tmp_path / "m.jsonl")
    check_image(StillImage(photos[0]), index)
    for _ in range(2):
        with pytest.raises(MediaError, match="damaged or cut short"):
            check_image(StillImage(photos[1]), index)
        with pytest.raises(MediaError, match="expected at most 10 pixels"):
            check_image(StillImage(photos[0], pixels_limit=10), index)
        monkeypatch.setattr(StillImage, "times", None)
    check_image(StillImage(photos[0]), index)
    assert facts(tmp_path / "m.jsonl")[f"decoded:{index.hash_file(photos[0])}:100000000"] is None


@pytest.mark.parametrize("value", [5, None, {}, {"count": "a", "step": 1}, {"times": "a"}, []])
def test_damaged_facts_are_measured_again(tmp_path, photos, value):
    """A fact that is stored in an unexpected form is computed again."""
    index, image = ContentIndex(tmp_path / "m.jsonl"), StillImage(photos[0])
    frame_times(image, index, PIXELS_LIMIT)
    check_image(image, index)
    for name in facts(tmp_path / "m.jsonl"):
        index.add_fact(name, value)
    again = ContentIndex(tmp_path / "m.jsonl")
    assert frame_times(image, again, PIXELS_LIMIT).tolist() == [0.0]
    check_image(image, again)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError()])
def test_an_error_that_may_not_recur_is_not_remembered(tmp_path, photos, monkeypatch, error):
    """A disk or memory error is not cached, so the file is read again next time."""

    def fail(*arguments, **options):
        raise error

    index, image = ContentIndex(tmp_path / "m.jsonl"), StillImage(photos[0])
    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", fail)
        for read in (check_image, lambda image, index: frame_times(image, index, 123)):
            with pytest.raises(MediaError):
                read(image, index)
    check_image(image, index)
    assert frame_times(image, index, 123).tolist() == [0.0]


def test_the_key_of_times_contains_their_rule(tmp_path, monkeypatch):
    """Frame times that were stored under another rule are computed again."""
    path = write_video(tmp_path / "a.avi", 3)
    index = ContentIndex()
    index.add_fact(f"times:{index.hash_file(path)}:123456", {"count": 9, "step": 1.0})
    assert len(frame_times(Video(path), index, 123456)) == 3
    monkeypatch.setattr(Video, "times_key", "another rule")
    monkeypatch.setattr(Video, "times", lambda self: np.zeros(1))
    assert len(frame_times(Video(path), index, 123456)) == 1
