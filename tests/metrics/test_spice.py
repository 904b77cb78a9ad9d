"""The metric SPICE, which only raises an error because it is not implemented."""

import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError


def test_spice_explains_why_it_is_not_implemented():
    """The error for SPICE explains why the metric is not implemented and names an alternative."""
    with pytest.raises(ArgumentError, match=r"exist only as Java programs.*pycocoevalcap"):
        metrics.registry.get("spice")()
