"""Views of a picture or clip (crop, mirror): every file but `base` is one view."""

from lrcn_seq.data.views.base import View
from lrcn_seq.registry import views as registry

__all__ = ["View", "registry"]
