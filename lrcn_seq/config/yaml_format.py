"""Conversion of YAML text to plain values, and of configs to YAML text."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from lrcn_seq.config.schema import Config
from lrcn_seq.errors import ConfigError, Problem

MERGE = "tag:yaml.org,2002:merge"
FLOAT = "tag:yaml.org,2002:float"


class _Loader(yaml.SafeLoader):
    """Loader that reads `1e-3` as a float, as in YAML 1.2, and refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the repeated key {key!r}", node.start_mark
                )
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Dumper that quotes strings that `_Loader` would read as numbers."""


for _end in (_Loader, _Dumper):
    _end.add_implicit_resolver(
        FLOAT,
        re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )


def parse(text: str, source: str) -> Any:
    """Return the value of YAML text.

    Args:
        text: One YAML document.
        source: Name of the text in errors, such as its path.

    Raises:
        ConfigError: The text is not YAML, or a mapping in it repeats a key.
    """
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(
            [Problem("", f"expected YAML. Received: {_reason(error)}.")], source
        ) from None


def _reason(error: yaml.YAMLError | RecursionError) -> str:
    """Return the reason of a parser error, with line and column if it states them."""
    if isinstance(error, RecursionError):
        return "sections nested too deeply"
    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark) is not None:
        return f"{error.problem} in line {mark.line + 1}, column {mark.column + 1}"
    return " ".join(str(error).split())


def dump(config: Config) -> str:
    """Return a config as YAML, including default values."""
    text: str = yaml.dump(config.model_dump(), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text
