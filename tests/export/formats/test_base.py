"""The interface of formats."""

from lrcn_seq.export.formats import formats
from tests.export.scripts import Echo


def test_formats_are_found_by_the_names_of_their_files():
    """The registry has the four formats, whose files are not imported to list them."""
    assert {"litert", "onnx", "savedmodel", "stablehlo"} <= set(formats.names())


def test_a_format_has_no_further_checks_by_default(tmp_path):
    """A format adds nothing to `artifact.json` unless it overrides `verify`."""
    assert Echo().verify(tmp_path, None, ["a.jpg"]) == {}
