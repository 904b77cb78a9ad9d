"""Errors for unknown options, which name the config key that was probably meant."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Sequence

from lrcn_seq.errors import UsageError, did_you_mean

SHORT_NAMES = {"lr": "learning_rate", "bs": "batch_size"}
"""Common names of options for config keys."""


def unknown_option_error(
    parser: argparse.ArgumentParser,
    unknown: Sequence[str],
    arguments: Sequence[str],
    prefix: str | None,
) -> UsageError:
    """Return the error for options that a verb does not have.

    Args:
        parser: The parser of the verb.
        unknown: The unrecognized arguments.
        arguments: All arguments, for the values of options.
        prefix: Beginning of the config keys that the verb accepts as `section.key=value`; None
            for a verb without overrides.
    """
    option, _, inline = unknown[0].partition("=")
    keys = [] if prefix is None else matching_keys(option, prefix)
    if keys:
        value = inline or _next_value(option, arguments)
        calls = " or ".join(shlex.quote(f"{key}={value}") for key in keys)
        return UsageError(
            f"{option}: expected a value of the config as section.key=value. Received: an option; "
            f"write {calls}."
        )
    known = [name for action in parser._actions for name in action.option_strings]
    hint = did_you_mean(option, known)
    return UsageError(
        f"unrecognized arguments: {' '.join(unknown)}.{hint} See `{parser.prog} --help`."
    )


def matching_keys(option: str, prefix: str = "") -> list[str]:
    """Return the config keys that an option could mean, without duplicates.

    Arguments of parts are searched only if no key of a section matches. The name of a section
    or part stands for its key `type`.

    Args:
        option: The option, such as `--epochs`, `--learning-rate` or `--training.epochs`.
        prefix: Beginning of the allowed keys.
    """
    name = option.lstrip("-").replace("-", "_")
    name = SHORT_NAMES.get(name, name)
    for candidates in (_section_keys(), _argument_keys()):
        found = [
            key
            for shown, key in candidates
            if key.startswith(prefix) and name in (shown, shown.rpartition(".")[2])
        ]
        if found:
            return list(dict.fromkeys(found))
    return []


def _section_keys() -> Iterator[tuple[str, str]]:
    """Yield (name, key to write) for each current and old name of a key of a section."""
    from lrcn_seq.config import PARTS
    from lrcn_seq.config.key_docs import section_docs, section_keys
    from lrcn_seq.config.renamed_keys import RENAMED_KEYS

    docs = {doc.key for doc in section_docs()}
    sections: Iterable[str] = [*PARTS, *section_keys()]
    for key in sorted(docs):
        if key not in sections:
            yield key, key
        elif key in PARTS or f"{key}.type" in docs:
            yield key, f"{key}.type"
    yield from RENAMED_KEYS.items()


def _argument_keys() -> Iterator[tuple[str, str]]:
    """Yield the keys of the arguments of all parts of the library."""
    from lrcn_seq.config import PARTS
    from lrcn_seq.registry import SEAMS

    for place, seam in PARTS.items():
        for part in filter(SEAMS[seam].is_own, SEAMS[seam].names()):
            constructor = SEAMS[seam].constructor(part)
            for name in constructor.parameters:
                if name not in constructor.derived:
                    yield f"{place}.{name}", f"{place}.{name}"


def _next_value(option: str, arguments: Sequence[str]) -> str:
    """Return the argument after an option, or VALUE if there is none."""
    following = arguments[arguments.index(option) + 1 :] if option in arguments else []
    return following[0] if following and not following[0].startswith("--") else "VALUE"
