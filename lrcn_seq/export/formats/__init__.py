"""Formats of artifacts: each module except `base` defines one format.

Another package adds a format through an entry point in the group `lrcn_seq.formats`.
"""

from lrcn_seq.export.formats.base import Format
from lrcn_seq.registry import Registry

formats = Registry("formats", "lrcn_seq.export.formats")

__all__ = ["Format", "formats"]
