"""Views of an image or clip (crop, mirror): each module except `base` defines one view."""

from lrcn_seq.data.views.base import View
from lrcn_seq.registry import views as registry

__all__ = ["View", "registry"]
