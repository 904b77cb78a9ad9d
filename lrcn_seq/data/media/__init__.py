"""Media (images, clips, vectors), and the reader that opens them for an encoder."""

from lrcn_seq.data.media.base import Media, MediaSource, name_of
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.reader import MediaKind, MediaReader, media_kind
from lrcn_seq.data.media.whole_clip import frame_times, read_frames

__all__ = [
    "ContentIndex",
    "Media",
    "MediaKind",
    "MediaReader",
    "MediaSource",
    "frame_times",
    "media_kind",
    "name_of",
    "read_frames",
]
