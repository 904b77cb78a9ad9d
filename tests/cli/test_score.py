"""The command `lrcn score`: file formats, tables, options, and wrong command lines."""

import io
import json

import pytest

from lrcn_seq import metrics
from lrcn_seq.cli.score import option_message, signatures, system_paths
from lrcn_seq.errors import Problem, UsageError

HYPOTHESES = {"1": "A man rides a horse.", "2": "Two dogs play in the snow"}
REFERENCES = {
    "1": ["A man is riding a horse.", "A person on a horse"],
    "2": ["Two dogs are playing in snow.", "Dogs in the snow"],
}
UNRELIABLE = "lrcn score: a bootstrap over 2 sentences is not reliable; use 30 or more.\n"


def json_lines(rows) -> str:
    """Return rows as JSON lines."""
    return "\n".join(json.dumps(row) for row in rows)


@pytest.fixture
def score(lrcn, tmp_path, monkeypatch):
    """Return a function that calls `lrcn score ARGUMENTS` in a folder with small files."""
    monkeypatch.chdir(tmp_path)
    results = [{"image_id": int(name), "caption": text} for name, text in HYPOTHESES.items()]
    annotations = [
        {"image_id": int(name), "caption": text}
        for name, group in REFERENCES.items()
        for text in group
    ]
    files = {
        "h.json": json.dumps(results),
        "h.jsonl": json_lines({"id": n, "caption": text} for n, text in HYPOTHESES.items()),
        "h.txt": "\n".join(HYPOTHESES.values()) + "\n",
        "one.json": json.dumps(results[:1]),
        "three.json": json.dumps([*results, {"image_id": 3, "caption": "a man"}]),
        "other.json": json.dumps([{"image_id": n, "caption": "a cat"} for n in (1, 2)]),
        "short.txt": "one line\n",
        "r.json": json.dumps(REFERENCES),
        "r.jsonl": json_lines({"id": n, "captions": group} for n, group in REFERENCES.items()),
        "coco.json": json.dumps({"annotations": annotations}),
        "out.jsonl": json_lines(
            {"file": f"images/{n}.jpg", "captions": [{"text": text, "score": 0.0}]}
            for n, text in HYPOTHESES.items()
        ),
        "h.csv": "id,caption\n" + "\n".join(f"{n},{text}" for n, text in HYPOTHESES.items()),
        "r.csv": "image,caption\n"
        + "\n".join(f"{n}.jpg,{text}" for n, group in REFERENCES.items() for text in group),
        "r0.txt": "\n".join(group[0] for group in REFERENCES.values()),
        "r1.txt": "\n".join(group[1] for group in REFERENCES.values()),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return lambda words: lrcn("score", *words.split(" "))


@pytest.mark.parametrize(
    "files",
    [
        "h.json --references r.json",
        "h.json --references coco.json",
        "h.jsonl --references r.jsonl",
        "h.txt --references r0.txt r1.txt",
        "h.csv --references r.json",
        "out.jsonl --references r.jsonl",
    ],
)
def test_every_format_gives_the_scores_of_the_library(score, files):
    """For files of every format, JSON output has the scores that the library computes."""
    result = score(f"--hypotheses {files} --metrics bleu,rouge_l,cider --per-sentence --json")
    assert (result.code, result.err) == (0, "")
    found, expected = json.loads(result.out), metrics.score(HYPOTHESES, REFERENCES)
    assert found["metrics"] == pytest.approx(expected.as_dict()["metrics"])
    assert found["signatures"] == expected.as_dict()["signatures"]
    assert found["count"] == 2
    assert list(found["sentences"]) == ["1", "2"]


def test_output_of_caption_is_matched_with_a_table_of_files(score):
    """The files of --output are matched with those of a CSV table by name."""
    result = score("--hypotheses out.jsonl --references r.csv --json")
    assert json.loads(result.out)["metrics"] == pytest.approx(
        metrics.score(HYPOTHESES, REFERENCES, ["bleu"]).values
    )


def test_hypotheses_are_read_from_stdin(score, monkeypatch):
    """The file - is stdin; its system is named stdin."""
    content = "\n".join(HYPOTHESES.values()).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    result = score("--hypotheses - --references r0.txt r1.txt")
    assert result.code == 0
    assert result.out.splitlines()[1].startswith("stdin ")


def test_default_is_a_table_of_bleu_with_its_signature(score):
    """By default, `lrcn score` prints a table of BLEU-1 to BLEU-4 with their signature."""
    result = score("--hypotheses h.json --references r.json")
    assert result.out.split()[:6] == ["system", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "count"]
    assert "bleu|variant:coco" in result.out


def test_metrics_may_be_written_in_capitals(score):
    """Names of metrics are case-insensitive."""
    result = score("--hypotheses h.json --references r.json --metrics ROUGE_L,CIDEr --json")
    assert list(json.loads(result.out)["metrics"]) == ["rouge_l", "cider"]


def test_systems_are_compared_in_pairs(score):
    """A paired comparison has the score difference of each pair of systems for each metric."""
    result = score(
        "--hypotheses h.json other.json --references r.json --metrics rouge_l --paired --json"
    )
    found = json.loads(result.out)
    values = {name: system["metrics"]["rouge_l"] for name, system in found["systems"].items()}
    (row,) = found["paired"]
    assert row["metric"] == "rouge_l"
    assert row["difference"] == pytest.approx(values["h"] - values["other"])


def test_intervals_contain_the_score(score):
    """`--intervals` prints an interval around each score, and warns if there are few sentences."""
    result = score("--hypotheses h.json --references r.json --metrics rouge_l --intervals --json")
    found = json.loads(result.out)
    low, high = found["intervals"]["rouge_l"]
    assert low <= found["metrics"]["rouge_l"] <= high
    assert result.err == UNRELIABLE


def test_health_shows_repeated_captions(score):
    """`--health` prints the shares of distinct and of novel captions."""
    result = score("--hypotheses other.json --references r.json --health --training r.json --json")
    health = json.loads(result.out)["health"]
    assert (health["distinct_captions"], health["novel"]) == (0.5, 1.0)


def test_tables_may_be_markdown(score):
    """`--format markdown` prints every table in Markdown."""
    result = score(
        "--hypotheses h.json other.json --references r.json --paired --per-sentence --health "
        "--format markdown"
    )
    tables = result.out.split("\n\n")
    assert tables[0].startswith("| system | bleu_1 |")
    assert [table.startswith("| ") for table in tables[:5]] == [True] * 5


def test_tables_may_be_latex(score):
    """`--format latex` prints LaTeX tables with escaped underscores."""
    result = score("--hypotheses h.json --references r.json --format latex")
    assert r"system & bleu\_1 &" in result.out


@pytest.mark.parametrize(("style", "prefix"), [("text", ""), ("markdown", "- "), ("latex", "% ")])
def test_signatures_follow_the_tables(score, style, prefix):
    """The tables are followed by the signatures of the metrics, then of the bootstrap."""
    result = score(
        f"--hypotheses h.json other.json --references r.json --paired --intervals --format {style}"
    )
    lines = result.out.splitlines()
    assert lines[-3].startswith(f"{prefix}bleu|variant:coco")
    assert lines[-2:] == [
        f"{prefix}interval|bootstrap|samples:1000|seed:0",
        f"{prefix}p|paired bootstrap|samples:1000|seed:0",
    ]


def test_equal_signatures_are_listed_once():
    """Equal signatures are listed once, in the order of the systems."""
    results = {
        "a": {"signatures": {"bleu_1": "bleu", "bleu_2": "bleu"}},
        "b": {"signatures": {"bleu_1": "bleu", "cider": "cider"}},
    }
    assert signatures(results, intervals=False, paired=False) == ["bleu", "cider"]


def test_cider_of_one_image_is_reported_as_always_zero(score):
    """The warning that CIDEr of one image is 0 names the option `--save-frequencies`."""
    result = score("--hypotheses one.json --references r.json --subset --metrics cider --json")
    assert json.loads(result.out)["metrics"]["cider"] == 0
    assert "is always 0; save those of a larger set with --save-frequencies" in result.err


def test_saved_frequencies_make_one_image_scorable(score):
    """With saved document frequencies, a single image keeps its CIDEr score of the larger set."""
    saved = score("--hypotheses h.json --references r.json --save-frequencies f.npz")
    assert saved.err == "f.npz: document frequencies of 2 images\n"
    result = score(
        "--hypotheses one.json --references r.json --subset "
        "--metrics cider:frequencies=f.npz --json"
    )
    expected = metrics.cider(HYPOTHESES, REFERENCES).sentences["1"]["cider"]
    assert json.loads(result.out)["metrics"]["cider"] == pytest.approx(expected)
    assert result.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("none.json --references r.json", 1, "none.json: expected a file"),
        ("h.txt --references short.txt", 1, "Received: 2 hypotheses, 1 lines of references"),
        ("short.txt --references r0.txt", 1, "Received: 1 hypotheses, 2 lines of references"),
        ("h.txt --references r.json", 1, "h.txt with r.json: expected text with text"),
        ("h.json --references h.json", 1, "h.json: expected COCO annotations"),
        ("h.json --references r.json --metrics blue", 2, "Did you mean 'bleu'"),
        ("h.json --references r.json --metrics spice", 2, "spice"),
        ("h.json --references r.json --metrics bleu:variant=coco2", 2, "Received: 'coco2'"),
        ("h.json --references r.json --metrics bleu:ordr=3", 2, "--metrics: ordr: unknown "),
        ("h.json --references r.json --metrics cider:frequencies=r.json", 1, "r.json: expected "),
        ("h.json --references r.json --save-frequencies none/f.npz", 1, "none/f.npz: expected "),
        ("h.json one.json --references r.json --paired --subset", 2, "the same ids in every"),
        ("h.json --references r.json --metrics bleu:variant", 2, "expected NAME or NAME:OPTION"),
        ("h.json --references r.json --paired", 2, "at least two files"),
        ("h.json h.json --references r.json", 2, "expected every file once"),
        ("- --references -", 2, "Expected stdin (-) once"),
        ("h.json", 2, "--references"),
    ],
)
def test_wrong_call_is_one_sentence(score, arguments, code, message):
    """A wrong call prints one message on stderr and nothing on stdout."""
    result = score(f"--hypotheses {arguments}")
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.startswith("lrcn score: ")


def test_missing_hypotheses_are_an_error(score):
    """An error names the IDs of references without a hypothesis, unless `--subset` is given."""
    result = score("--hypotheses one.json --references r.json")
    assert result.code == 1
    assert "one.json with r.json: expected a hypothesis for every reference." in result.err
    assert "1 of 2 ids without a hypothesis: 2" in result.err
    assert score("--hypotheses one.json --references r.json --subset").code == 0


def test_fewer_lines_of_text_are_allowed_in_a_subset(score):
    """With `--subset`, a text file of hypotheses may have fewer lines than the references."""
    assert score("--hypotheses short.txt --references r0.txt --subset").code == 0


def test_missing_references_are_an_error(score):
    """A hypothesis without references raises an error with its ID, even with `--subset`."""
    result = score("--hypotheses three.json --references r.json --subset")
    assert result.code == 1
    assert "1 of 3 hypotheses without references: 3" in result.err


def test_missing_package_is_named_with_its_extra(score, monkeypatch):
    """The error for METEOR without its tables names the package and the install command."""
    monkeypatch.setattr("lrcn_seq.metrics.alignment.meteor_tables.find_spec", lambda _: None)
    result = score("--hypotheses h.json --references r.json --metrics meteor")
    assert (result.code, result.out) == (1, "")
    assert "pycocoevalcap, which is not installed." in result.err
    assert result.err.endswith("pip install -e '.[meteor]'\n")


def test_subset_of_meteor_needs_no_package(score, monkeypatch):
    """METEOR with only exact and stem matches needs no tables and is printed under another name."""
    monkeypatch.setattr("lrcn_seq.metrics.alignment.meteor_tables.find_spec", lambda _: None)
    result = score(
        "--hypotheses h.json --references r.json --metrics meteor:stages=exact_stem --json"
    )
    assert list(json.loads(result.out)["metrics"]) == ["meteor_exact_stem"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/x.json", "y.json"], ["x", "y"]),
        (["a/x.json", "b/x.json", "y.json"], ["a/x.json", "b/x.json", "y"]),
    ],
)
def test_systems_are_named_by_their_stems(paths, names):
    """A system is named by the stem of its file, or by its path if several stems are equal."""
    assert system_paths(paths) == dict(zip(names, paths, strict=True))


def test_repeated_file_is_refused():
    """A file that is given twice is refused."""
    with pytest.raises(UsageError, match=r"Received: a\.json twice"):
        system_paths(["a.json", "b.json", "a.json"])


@pytest.mark.parametrize(
    ("place", "message"),
    [("bleu.order", "order: wrong."), ("bleu.type", "wrong."), ("bleu", "wrong.")],
)
def test_option_of_a_metric_is_named(place, message):
    """The error for an invalid metric option names the option but not the metric."""
    assert option_message(Problem(place, "wrong.")) == message
