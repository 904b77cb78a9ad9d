"""The report of a run: one self-contained HTML page, without scripts or external files.

A page is a list of sections. A task selects the builders that fit its results. Each builder is a
function in its own file; it takes plain records and returns a `Section`, or None if there is
nothing to show:

    sections = [report.score_cards(scores, "image"), report.curves(history, monitor="cider")]
    report.write("report.html", report.Page("My run", "300 images", sections))

A task can also build its own sections. Text from data must be escaped:

    rows = [[report.escape(label), report.percent(share)] for label, share in shares.items()]
    body = report.paragraph("Share of the images with each label.")
    body += report.table(["label", "share"], rows)
    section = report.section("Label frequencies", body, name="label-frequencies")
"""

# Importing a builder replaces the attribute of its module, which has the same name.
from lrcn_seq.report.calibration import calibration
from lrcn_seq.report.caption_diversity import caption_diversity
from lrcn_seq.report.caption_examples import CaptionExample, caption_examples
from lrcn_seq.report.clip_examples import ClipExample, clip_examples
from lrcn_seq.report.confusion import confusion
from lrcn_seq.report.curves import curves
from lrcn_seq.report.explanation import Explanation
from lrcn_seq.report.markup import (
    Section,
    escape,
    number,
    paragraph,
    percent,
    quantity,
    section,
    table,
)
from lrcn_seq.report.page import Page, render, write
from lrcn_seq.report.per_class import per_class
from lrcn_seq.report.provenance import provenance
from lrcn_seq.report.risk_coverage import risk_coverage
from lrcn_seq.report.score_cards import score_cards
from lrcn_seq.report.skipped_files import skipped_files

__all__ = [
    "CaptionExample",
    "ClipExample",
    "Explanation",
    "Page",
    "Section",
    "calibration",
    "caption_diversity",
    "caption_examples",
    "clip_examples",
    "confusion",
    "curves",
    "escape",
    "number",
    "paragraph",
    "per_class",
    "percent",
    "provenance",
    "quantity",
    "render",
    "risk_coverage",
    "score_cards",
    "section",
    "skipped_files",
    "table",
    "write",
]
