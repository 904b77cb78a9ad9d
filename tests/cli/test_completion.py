"""Completion scripts for shells."""

import argparse
import shutil
import subprocess

import pytest
import shtab

from lrcn_seq.cli import verbs
from lrcn_seq.cli._completion import completion_kind, full_parser


def complete(script: str, *words: str) -> list[str]:
    """Return the completions of the last word in bash."""
    quoted = " ".join(f"'{word}'" for word in words)
    code = (
        f"{script}\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words) - 1}\n"
        '_shtab_lrcn\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    return result.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tra"], ["train"]),
        (["train", "--re"], ["--resume"]),
        (["init", "cap"], ["captioning"]),
        (["caption", "--best", "--qu"], ["--quiet"]),
    ],
)
def test_bash_completes_verbs_options_and_choices(lrcn, words, expected):
    """In bash, the script completes verbs, their options, and the choices of an argument."""
    result = lrcn("--print-completion", "bash")
    assert (result.code, result.err) == (0, "")
    assert complete(result.out, "lrcn", *words) == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_files_and_folders(lrcn, tmp_path, monkeypatch):
    """A config argument is completed with files and folders, a run argument with folders only."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("")
    (tmp_path / "mine").mkdir()
    script = lrcn("--print-completion", "bash").out
    assert complete(script, "lrcn", "train", "mi") == ["mine", "mine.yaml"]
    assert complete(script, "lrcn", "caption", "mi") == ["mine"]


@pytest.mark.parametrize("shell", shtab.SUPPORTED_SHELLS)
def test_every_shell_has_a_script(lrcn, shell):
    """The script of each shell names every verb."""
    result = lrcn("--print-completion", shell)
    assert result.code == 0
    assert all(verb in result.out for verb in verbs())


@pytest.mark.parametrize(
    ("arguments", "received"), [([], "no shell"), (["ksh"], "'ksh'"), (["--help"], "'--help'")]
)
def test_unknown_shell_is_reported(lrcn, arguments, received):
    """The error for a missing or unknown shell lists the shells."""
    result = lrcn("--print-completion", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("lrcn: --print-completion: expected bash, ")
    assert f"Received: {received}; write, for example, " in result.err


def test_every_verb_and_option_is_in_the_parser():
    """The parser for completion knows the arguments of a verb, and its help has the summary."""
    parser = full_parser({"parts": "List 100% of the parts."})
    assert parser.parse_args(["parts", "encoders", "-q"]).quiet
    assert "100% of the parts" in parser.format_help()


@pytest.mark.parametrize(
    ("name", "metavar", "kind"),
    [
        ("run", None, shtab.DIRECTORY),
        ("config", None, shtab.FILE),
        ("images", "IMAGE", shtab.FILE),
        ("coco_results", "FILE", shtab.FILE),
        ("task", None, None),
    ],
)
def test_kind_of_an_argument(name, metavar, kind):
    """Folders, files or nothing are suggested for an argument, depending on its name."""
    action = argparse.Action([], name, metavar=metavar)
    assert completion_kind(action) == kind
