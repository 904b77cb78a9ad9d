"""The console script `lrcn`: pictures and videos to labels and sentences. One verb a file.

Exit code 0 done, 1 the work failed, 2 the call or the config is wrong.
"""

from __future__ import annotations

import _thread
import argparse
import ast
import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from lrcn_seq.cli._quiet import quiet
from lrcn_seq.errors import LrcnError, UsageError, did_you_mean

BACKENDS = ("tensorflow", "jax", "torch")


def verbs() -> dict[str, str]:
    """Each verb with the first line of its file's docstring; imports none."""
    files = sorted(
        path for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
    )
    return {
        path.stem: (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition(
            "\n"
        )[0]
        for path in files
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; errors become one sentence on stderr."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    known = verbs()
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(overview(known))
        return 0 if arguments else 2
    if arguments[0] in {"-V", "--version"}:
        from lrcn_seq import __version__

        print(f"lrcn {__version__}")
        return 0
    if arguments[0] not in known:
        print(
            f"lrcn: there is no verb {arguments[0]!r}.{did_you_mean(arguments[0], known)} Known: {', '.join(known)}.",
            file=sys.stderr,
        )
        return 2
    return _run(arguments[0], arguments[1:])


def overview(known: dict[str, str]) -> str:
    """The help of `lrcn` itself."""
    rows = "\n".join(f"  {verb:10} {line}" for verb, line in known.items())
    return f"usage: lrcn VERB ...\n\nPictures and videos to labels and sentences.\n\n{rows}\n\n`lrcn VERB --help` tells more."


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a call in one sentence."""

    def error(self, message: str):
        raise UsageError(f"{message.rstrip('.')}. See `{self.prog} --help`.")


def _run(verb: str, rest: list[str]) -> int:
    module = import_module(f"lrcn_seq.cli.{verb}")
    parser = Parser(
        f"lrcn {verb}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    debug = "--debug" in rest
    # Names of files may hold bytes that are no UTF-8; in JSON this is their proper escape.
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        parsed = parser.parse_intermixed_args(rest)
        if not debug:
            quiet()
        with _interrupts_kept():
            code = module.run(parsed)
        sys.stdout.flush()
    except SystemExit as stop:  # --help
        return int(stop.code or 0)
    except LrcnError as error:
        return _fail(verb, str(error), error.exit_code, debug=debug)
    except KeyboardInterrupt:
        return _fail(verb, "interrupted; what was finished is kept.", 130, debug=False)
    except BrokenPipeError:
        # The reader of our output went away: not an error of ours, and Python must not complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(
            verb, f"{error.filename or 'the output'}: {error.strerror or error}.", 1, debug=debug
        )
    except Exception as error:
        if _out_of_memory(error):
            return _fail(
                verb,
                "out of memory; try a smaller batch (training.batch_size=...).",
                1,
                debug=debug,
            )
        backend = os.environ.get("KERAS_BACKEND")
        if backend and backend not in BACKENDS:
            return _fail(
                verb,
                f"KERAS_BACKEND: expected {', '.join(BACKENDS)}. Received: {backend!r}.{did_you_mean(backend, BACKENDS)}",
                2,
                debug=debug,
            )
        if backend and isinstance(error, ModuleNotFoundError) and error.name == backend:
            return _fail(
                verb,
                f"KERAS_BACKEND={backend}: expected an installed package. Received: there is none; pip install {backend}.",
                2,
                debug=debug,
            )
        raise
    return code


@contextlib.contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Ctrl-C that meets a callback from which no error comes out (JAX has one in garbage collection) comes again after it."""
    before = sys.unraisablehook

    def again(unraisable) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            threading.Timer(0.05, _thread.interrupt_main).start()
        else:
            before(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _out_of_memory(error: Exception) -> bool:
    """Whether it is what Python, TensorFlow, PyTorch or JAX raise when memory, also that of a device, is full."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in {"ResourceExhaustedError", "OutOfMemoryError"}
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _fail(verb: str, sentence: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"lrcn {verb}: {sentence}", file=sys.stderr)
    return code
