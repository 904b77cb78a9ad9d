"""The console script `lrcn`: every public module of this package is one verb.

The file of a verb has `add_arguments(parser)` and `run(arguments)`, which returns the exit code.
The docstring of the file is the help text of the verb.

Exit codes: 0 for success, 1 for a failure, 2 for an invalid call or config, and 128 plus the number
of the signal for an interrupt (130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP).
"""

from __future__ import annotations

import argparse
import ast
import io
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

from lrcn_seq.cli._arguments import Parser, add_common
from lrcn_seq.cli._completion import OPTION, print_completion
from lrcn_seq.cli._failures import Failure, failure_of
from lrcn_seq.cli._interrupts import interrupts_raised
from lrcn_seq.cli._native_logs import hide_native_logs
from lrcn_seq.cli._unknown_options import unknown_option_error
from lrcn_seq.errors import UsageError, did_you_mean
from lrcn_seq.tensorflow_logs import show_import_logs
from lrcn_seq.terminal import Verbosity, print_detail, print_error, set_verbosity


def verbs() -> dict[str, str]:
    """Return the summary line of each verb by the verb's name, without importing the verbs."""
    paths = sorted(Path(__file__).parent.glob("*.py"))
    return {path.stem: _summary(path) for path in paths if not path.stem.startswith("_")}


def _summary(path: Path) -> str:
    """Return the first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb, and report its errors on stderr.

    Args:
        arguments: the command line without the program name; None for `sys.argv[1:]`.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    summaries = verbs()
    if isinstance(sys.stdout, io.TextIOWrapper):  # some encodings cannot represent all captions
        sys.stdout.reconfigure(errors="backslashreplace")
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(overview(summaries))
        return 0 if arguments else 2
    verb, *rest = arguments
    if verb in {"-V", "--version"}:
        from lrcn_seq import __version__

        print(f"lrcn {__version__}")
        return 0
    if verb == OPTION:
        return _print_completion(rest[0] if rest else None, summaries)
    if verb not in summaries:
        hint = f"{did_you_mean(verb, summaries)} Known: {', '.join(summaries)}."
        print_error(f"lrcn: there is no verb {verb!r}.{hint}")
        return 2
    return _run(verb, rest)


def _print_completion(shell: str | None, summaries: Mapping[str, str]) -> int:
    try:
        return print_completion(shell, summaries)
    except UsageError as error:
        print_error(f"lrcn: {error}")
        return error.exit_code


def overview(summaries: Mapping[str, str]) -> str:
    """Return the help text of `lrcn`, with one line per verb."""
    rows = "\n".join(f"  {verb:10} {summary}" for verb, summary in summaries.items())
    return (
        "usage: lrcn VERB ...\n\nLabel and caption images and videos.\n\n"
        f"{rows}\n\nSee `lrcn VERB --help` for the arguments of a verb.\n"
        f"`lrcn {OPTION} bash` prints the completion script of bash (or zsh, ...)."
    )


def _run(verb: str, arguments: Sequence[str]) -> int:
    """Run a verb and return its exit code; re-raise unexpected errors."""
    debug = "--debug" in arguments
    set_verbosity(Verbosity.NORMAL)
    try:
        return _call(verb, import_module(f"lrcn_seq.cli.{verb}"), arguments, debug=debug)
    except SystemExit as stop:  # raised by `--help`
        return int(stop.code or 0)
    except BrokenPipeError:  # not an error: the program that reads stdout has ended
        _discard_stdout()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        failure = failure_of(error, verb)
        if failure is None:
            raise
        if debug and not isinstance(error, KeyboardInterrupt):
            for line in traceback.format_exc().splitlines():
                print_error(line)
        return _report(verb, failure)


def verb_parser(verb: str, module: ModuleType) -> Parser:
    """Return the parser of a verb, with the options that all verbs have."""
    parser = Parser(
        f"lrcn {verb}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    add_common(parser)
    return parser


def _call(verb: str, module: ModuleType, arguments: Sequence[str], *, debug: bool) -> int:
    """Parse the arguments of a verb and run it."""
    began = time.perf_counter()
    parser = verb_parser(verb, module)
    parsed, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        prefix = getattr(parsed, "override_prefix", None)
        raise unknown_option_error(parser, unknown, arguments, prefix)
    set_verbosity(_verbosity(parsed))
    if debug or parsed.verbose:
        show_import_logs()
    else:
        hide_native_logs()
    with interrupts_raised():
        _import_files(parsed.imports)
        code: int = module.run(parsed)
    sys.stdout.flush()
    print_detail(f"lrcn {verb}: {time.perf_counter() - began:.1f} s")
    return code


def _import_files(paths: Sequence[str]) -> None:
    """Import the files of `--import`."""
    if paths:
        from lrcn_seq.config import import_file

        for path in paths:
            import_file(path)


def _verbosity(parsed: argparse.Namespace) -> Verbosity:
    """Return how much a verb prints on stderr."""
    if parsed.quiet:
        return Verbosity.QUIET
    return Verbosity.VERBOSE if parsed.verbose else Verbosity.NORMAL


def _discard_stdout() -> None:
    """Redirect stdout to the null device, so that flushing it at exit does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(verb: str, failure: Failure) -> int:
    """Print a failure on stderr and return its exit code."""
    with suppress(OSError):  # the terminal may be closed
        print_error(f"lrcn {verb}: {failure.message}")
        for line in failure.details:
            print_error(f"  {line}")
    return failure.exit_code
