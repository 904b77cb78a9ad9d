"""The report section on the provenance of a run."""

from lrcn_seq.report.provenance import provenance


def test_command_facts_and_config_are_shown(parse):
    """The section shows the command, facts and config of a run in this order, all escaped."""
    html = provenance("lrcn train x.yaml", {"machine": "<2> cores"}, "seed: 1\nunits: 5\n").html
    text = "Provenance lrcn train x.yaml machine <2> cores Resolved config seed: 1 units: 5"
    assert parse(html).text == text
    assert "<pre>seed: 1\nunits: 5</pre>" in html


def test_missing_parts_are_left_out(parse):
    """A missing command and missing facts are omitted from the section."""
    parsed = parse(provenance("", {}, "seed: 1").html)
    assert "table" not in parsed.tags
    assert parsed.tags.count("pre") == 1


def test_nothing_known_no_section():
    """Without command, facts and config, the report has no provenance section."""
    assert provenance("", {}, "\n") is None
