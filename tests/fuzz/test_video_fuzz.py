"""Damaged and hostile videos."""

import pytest

from lrcn_seq.data.media import MediaReader
from lrcn_seq.records import Preprocessing
from tests.fuzz.mutants import check_reader, mutants
from tests.media_fixtures import write_video

pytestmark = pytest.mark.slow
CODECS = {
    "mp4": "mpeg4",
    "avi": "mpeg4",
    "mkv": "mpeg4",
    "webm": "libvpx",
    "gif": "gif",
    "ts": "mpeg2video",
    "ivf": "libvpx",
    "ogg": "libvpx",
    "mxf": "mpeg2video",
    "flv": "flv1",
    "wmv": "wmv2",
}
"""A codec for each container."""


@pytest.mark.parametrize("suffix", CODECS)
def test_mutants_of_a_video_are_refused_or_read(tmp_path, suffix):
    """Each of 100 mutants of a video raises an LrcnError or gives a clip."""
    path = write_video(tmp_path / f"clip.{suffix}", 12, codec=CODECS[suffix], size=(32, 32))
    reader = MediaReader("clips", Preprocessing(16, 16))

    def read() -> None:
        reader.content_hash(path)
        reader.times(path)
        reader.clip(path)

    read()
    assert check_reader(read, path, mutants(path.read_bytes(), 100)) == 100
