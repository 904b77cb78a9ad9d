"""The base class of media: order of frames, errors beyond the end, and names."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.base import Media, check_length, name_of, print_media_note
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.media_fixtures import Counter

SIZE = Preprocessing(1, 1)


class Numbers(Media):
    """A clip of five frames whose pixel values are the frame numbers."""

    name = "numbers"

    def __init__(self):
        self.asked = []

    def content_hash(self, index):
        return "numbers"

    def times(self):
        return np.arange(5.0)

    def existing_frames(self, numbers, preprocessing):
        for number in range(5):
            if numbers is None or number in numbers:
                self.asked.append(number)
                yield number, np.full((1, 1, 3), number, np.uint8)


def test_frames_are_returned_in_the_order_of_the_numbers():
    """Frames are returned in the order of the requested numbers; by default, all are returned."""
    assert Numbers().frames(SIZE, [3, 0, 3])[:, 0, 0, 0].tolist() == [3, 0, 3]
    assert Numbers().frames(SIZE)[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_iter_frames_reads_a_frame_when_it_is_asked_for():
    """`iter_frames` reads the second frame only after the first has been used."""
    media = Numbers()
    frames = media.iter_frames(np.array([1, 3]), SIZE)
    assert next(frames)[0] == 1
    assert media.asked == [1]
    assert next(frames)[0] == 3


def test_a_frame_beyond_the_end_is_a_media_error():
    """The error for a frame beyond the end names the last requested frame."""
    reason = r"numbers: expected a frame number 7 \(from 0\)\. Received: fewer frames"
    with pytest.raises(MediaError, match=reason):
        Numbers().frames(SIZE, [7, 2])
    with pytest.raises(MediaError, match=reason):
        list(Numbers().iter_frames(np.array([2, 7]), SIZE))


@pytest.mark.parametrize("number", [0, 1])
def test_iter_frames_of_an_empty_clip_is_a_media_error(monkeypatch, number):
    """An empty clip raises a MediaError when any frame is requested."""
    media = Numbers()
    monkeypatch.setattr(media, "existing_frames", lambda numbers, preprocessing: iter([]))
    with pytest.raises(MediaError, match=f"expected a frame number {number}"):
        list(media.iter_frames(np.array([number]), SIZE))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a/b.jpg", "a/b.jpg"),
        (Path("a/b.jpg"), "a/b.jpg"),
        (Counter("five", 5), "drawing five"),
        (np.zeros(3), "the given array"),
        (Image.new("RGB", (1, 1)), "the given image"),
    ],
)
def test_names_of_sources(source, name):
    """Messages name a path as it is, a drawing by its key, and other sources by their kind."""
    assert name_of(source) == name


def test_a_stream_yields_the_selected_frames_with_their_times():
    """`select` is called with number, time and next time; only selected frames are read."""
    media, calls = Numbers(), []
    frames = media.stream_frames(lambda *call: calls.append(call) or call[0] in (1, 4), SIZE)
    assert [(time, int(frame.max())) for time, frame in frames] == [(1, 1), (4, 4)]
    assert calls == [(0, 0, 1), (1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, None)]
    assert media.asked == [1, 4]
    assert list(media.stream_frames(lambda *_: False, SIZE)) == []


def test_a_note_is_printed_once(capsys):
    """A note about a media file is printed on stderr once per file and text."""
    for name in ("a", "a", "b"):
        print_media_note(name, "is short.")
    assert capsys.readouterr() == ("", "a: is short.\nb: is short.\n")


def test_the_length_of_a_clip_is_limited():
    """A frame at the limit passes, and a later one is refused with the name of the clip."""
    check_length("a.mp4", 2.0, 2.0)
    with pytest.raises(MediaError, match=r"a\.mp4: expected at most 2 seconds of video"):
        check_length("a.mp4", 2.1, 2.0)
