"""`lrcn score` on files of every format, and called wrongly."""

import json
import subprocess
import sys

import pytest

from lrcn_seq import metrics
from lrcn_seq.cli import main

HYPOTHESES = {"1": "A man rides a horse.", "2": "Two dogs play in the snow"}
REFERENCES = {
    "1": ["A man is riding a horse.", "A person on a horse"],
    "2": ["Two dogs are playing in snow.", "Dogs in the snow"],
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The same sentences in every format; the folder is the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h.json").write_text(
        json.dumps([{"image_id": int(name), "caption": text} for name, text in HYPOTHESES.items()])
    )
    (tmp_path / "lines.jsonl").write_text(
        "\n".join(json.dumps({"id": name, "caption": text}) for name, text in HYPOTHESES.items())
    )
    (tmp_path / "h.txt").write_text("\n".join(HYPOTHESES.values()) + "\n")
    (tmp_path / "other.json").write_text(
        json.dumps([{"image_id": int(name), "caption": "a cat"} for name in HYPOTHESES])
    )
    (tmp_path / "r.json").write_text(json.dumps(REFERENCES))
    (tmp_path / "r.jsonl").write_text(
        "\n".join(json.dumps({"id": name, "captions": group}) for name, group in REFERENCES.items())
    )
    (tmp_path / "coco.json").write_text(
        json.dumps(
            {
                "annotations": [
                    {"image_id": int(name), "caption": text}
                    for name, group in REFERENCES.items()
                    for text in group
                ]
            }
        )
    )
    (tmp_path / "part.json").write_text(json.dumps([{"image_id": 1, "caption": "a man"}]))
    (tmp_path / "short.txt").write_text("one line\n")
    for place in (0, 1):
        (tmp_path / f"r{place}.txt").write_text(
            "\n".join(group[place] for group in REFERENCES.values())
        )
    return tmp_path


def call(*arguments):
    """The verb, with words parted at spaces."""
    return main(["score", *[word for argument in arguments for word in argument.split(" ")]])


@pytest.mark.parametrize(
    "sides",
    [
        "h.json --references r.json",
        "h.json --references coco.json",
        "lines.jsonl --references r.jsonl",
        "h.txt --references r0.txt r1.txt",
    ],
)
def test_every_format_gives_the_same_numbers_as_the_library(files, capsys, sides):
    """One JSON object on stdout and nothing else."""
    assert call(f"--hypotheses {sides} --metrics bleu,rouge_l,cider --per-sentence --json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = metrics.score(HYPOTHESES, REFERENCES).as_dict(sentences=True)
    assert found["metrics"] == pytest.approx(wanted["metrics"])
    assert list(found["sentences"]) == ["1", "2"]
    assert found["signatures"] == wanted["signatures"]
    assert found["count"] == 2


def test_without_metrics_it_prints_bleu_1_to_4_with_the_signature(files, capsys):
    """A table that people read."""
    assert call("--hypotheses h.json --references r.json") == 0
    printed = capsys.readouterr().out
    assert printed.split()[:6] == ["system", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "count"]
    assert "bleu|variant:coco" in printed


def test_several_systems_stand_side_by_side_with_their_differences(files, capsys):
    """`systems` by name, and a row for each metric and pair."""
    assert (
        call(
            "--hypotheses h.json other.json --references r.json --metrics rouge_l --paired --intervals --health --json"
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert set(found["systems"]) == {"h", "other"}
    assert found["paired"][0]["metric"] == "rouge_l"
    assert found["paired"][0]["difference"] == pytest.approx(
        found["systems"]["h"]["metrics"]["rouge_l"]
        - found["systems"]["other"]["metrics"]["rouge_l"]
    )
    low, high = found["systems"]["h"]["intervals"]["rouge_l"]
    assert low <= found["systems"]["h"]["metrics"]["rouge_l"] <= high
    assert found["systems"]["other"]["health"]["distinct_captions"] == 0.5


def test_tables_are_also_markdown_and_latex(files, capsys):
    """With special characters escaped."""
    call(
        "--hypotheses h.json other.json --references r.json --paired --per-sentence --format markdown"
    )
    assert capsys.readouterr().out.startswith("| system | bleu_1 |")
    call("--hypotheses h.json --references r.json --format latex")
    assert r"system & bleu\_1 &" in capsys.readouterr().out


@pytest.mark.parametrize(("style", "sign"), [("text", ""), ("markdown", "- "), ("latex", "% ")])
def test_every_table_says_how_its_numbers_were_made(files, capsys, style, sign):
    """A signature a metric, and the bootstrap's, under the table of every format."""
    call(
        f"--hypotheses h.json other.json --references r.json --paired --intervals --format {style}"
    )
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[-3].startswith(f"{sign}bleu|variant:coco")
    assert (
        printed.err
        == "lrcn score: a bootstrap over 2 sentences says little; intervals and p want 30 or more.\n"
    )
    assert lines[-2:] == [
        f"{sign}interval|bootstrap|samples:1000|seed:0",
        f"{sign}p|paired bootstrap|samples:1000|seed:0",
    ]


def test_stored_frequencies_make_one_picture_scorable(files, capsys):
    """Saved by one call, used by another."""
    (files / "one.json").write_text(json.dumps([{"image_id": 1, "caption": HYPOTHESES["1"]}]))
    assert call("--hypotheses h.json --references r.json --save-frequencies f.npz") == 0
    capsys.readouterr()
    values, printed = [], []
    for metric in ("cider", "cider:frequencies=f.npz"):
        assert (
            call(f"--hypotheses one.json --references r.json --subset --metrics {metric} --json")
            == 0
        )
        found = capsys.readouterr()
        values.append(json.loads(found.out)["metrics"]["cider"])
        printed.append(found.err)
    assert values[0] == 0
    assert "always 0; keep those of a larger set" in printed[0]
    assert printed[1] == ""
    assert values[1] == pytest.approx(metrics.cider(HYPOTHESES, REFERENCES).sentences["1"]["cider"])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            "--hypotheses none.json --references r.json",
            1,
            "none.json: expected a file that can be read",
        ),
        (
            "--hypotheses h.txt --references short.txt",
            1,
            "expected equally many lines. Received: 2 hypotheses, 1 lines of references",
        ),
        ("--hypotheses h.txt --references r.json", 1, "h.txt with r.json: expected text with text"),
        ("--hypotheses h.json --references h.json", 1, "h.json: expected COCO annotations"),
        ("--hypotheses h.json --references r.json --metrics blue", 2, "Did you mean 'bleu'"),
        ("--hypotheses h.json --references r.json --metrics spice", 2, "spice is left out"),
        (
            "--hypotheses h.json --references r.json --metrics bleu:variant=coco2",
            2,
            "Received: 'coco2'",
        ),
        (
            "--hypotheses h.json --references r.json --metrics bleu:ordr=3",
            2,
            "--metrics: ordr: unknown argument. Did you mean 'order'",
        ),
        (
            "--hypotheses h.json --references r.json --metrics cider:frequencies=r.json",
            1,
            "r.json: expected a file of document frequencies",
        ),
        (
            "--hypotheses h.json --references r.json --save-frequencies none/f.npz",
            1,
            "none/f.npz: expected a place for document frequencies",
        ),
        (
            "--hypotheses h.json other.json part.json --references r.json --paired --subset",
            2,
            "the same ids in every system",
        ),
        (
            "--hypotheses h.json --references r.json --metrics bleu:variant",
            2,
            "expected NAME or NAME:OPTION=VALUE",
        ),
        ("--hypotheses h.json --references r.json --paired", 2, "at least two files"),
        ("--hypotheses h.json h.json --references r.json", 2, "expected every file once"),
        ("--references r.json", 2, "hypotheses"),
    ],
)
def test_wrong_calls_are_one_sentence_and_an_exit_code(files, capsys, arguments, code, sentence):
    """Nothing on stdout, one line on stderr."""
    assert call(arguments) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err


def test_metrics_may_be_written_in_capitals(files, capsys):
    """As papers write them."""
    assert call("--hypotheses h.json --references r.json --metrics BLEU,ROUGE_L,CIDEr --json") == 0
    assert json.loads(capsys.readouterr().out)["metrics"].keys() == {
        "bleu_1",
        "bleu_2",
        "bleu_3",
        "bleu_4",
        "rouge_l",
        "cider",
    }


def test_meteor_without_its_tables_says_what_to_install(files, capsys, monkeypatch):
    """And what goes without."""
    monkeypatch.setattr("lrcn_seq.metrics.alignment.meteor_tables.find_spec", lambda _: None)
    assert call("--hypotheses h.json --references r.json --metrics meteor") == 1
    assert capsys.readouterr().err == (
        "lrcn score: METEOR (except for its variant `meteor:stages=exact_stem`) needs the package pycocoevalcap, which is not installed. "
        "Install it in the project's folder with: pip install -e '.[meteor]'\n"
    )
    assert (
        call("--hypotheses h.json --references r.json --metrics meteor:stages=exact_stem --json")
        == 0
    )
    assert "meteor_exact_stem" in json.loads(capsys.readouterr().out)["metrics"]


def test_missing_ids_are_told_with_the_file(files, capsys):
    """A number would hide them."""
    (files / "more.json").write_text(
        json.dumps([{"image_id": number, "caption": "a man"} for number in (1, 2, 3)])
    )
    assert call("--hypotheses part.json --references r.json") == 1
    assert (
        "part.json with r.json: expected a hypothesis for every reference. Received: 1 of 2 ids without: 2"
        in capsys.readouterr().err
    )
    assert call("--hypotheses more.json --references r.json") == 1
    assert (
        "references for every hypothesis. Received: 1 of 3 hypotheses without: 3"
        in capsys.readouterr().err
    )
    assert call("--hypotheses part.json --references r.json --subset") == 0


def test_help_loads_neither_numpy_nor_anything_heavier():
    """That is what keeps it under a third of a second."""
    heavy = ("numpy", "keras", "tensorflow", "rich", "pydantic")
    code = f"import sys; from lrcn_seq.cli import main; main(['score', '--help']); print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--hypotheses" in done.stdout
    assert done.stderr.strip() == "[]"
