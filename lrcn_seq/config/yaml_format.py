"""Conversion of YAML text to plain values, and of configs to YAML text."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from lrcn_seq.config.schema import Config
from lrcn_seq.errors import ConfigError, Problem, shorten, translate_errors

MERGE = "tag:yaml.org,2002:merge"
FLOAT = "tag:yaml.org,2002:float"
INTEGER = "tag:yaml.org,2002:int"
VALUES_LIMIT = 50_000
"""Largest number of keys and values of a config, counting those that aliases repeat."""
DEPTH_LIMIT = 50
"""Largest depth of nested sections and lists."""
TOO_DEEP = f"sections nested too deeply, over {DEPTH_LIMIT} levels"
INTEGER_LENGTH = 100
"""Largest number of characters of an integer."""


class _Loader(yaml.SafeLoader):
    """Loader that reads `1e-3` as a float, as in YAML 1.2, and refuses repeated keys.

    Aliases can make a short text describe a huge config. Therefore values are counted before they
    are built, and an alias counts as all values that it repeats.
    """

    def __init__(self, text: str):
        super().__init__(text)
        self._composed = 0
        self._sizes: dict[yaml.Node, int] = {}
        self._depths: dict[yaml.Node, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        is_alias = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if node is not None:
            self._measure(node, is_alias=is_alias)
        return node

    def _measure(self, node: yaml.Node, *, is_alias: bool) -> None:
        """Refuse a node that is too large or too deep, or that contains itself."""
        children = [] if is_alias else _children(node)
        if not all(child in self._sizes for child in (*children, *([node] if is_alias else []))):
            raise _refusal("a section that contains itself", node)
        if not is_alias:
            self._sizes[node] = 1 + sum(self._sizes[child] for child in children)
            self._depths[node] = 1 + max((self._depths[child] for child in children), default=0)
        self._composed += 1
        if max(self._composed, self._sizes[node]) > VALUES_LIMIT:
            raise _refusal(f"more than {VALUES_LIMIT:,} values, including aliases", node)
        if self._depths[node] > DEPTH_LIMIT:
            raise _refusal(TOO_DEEP, node)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build the value of a node; convert exceptions about invalid text to YAML errors."""
        try:
            return super().construct_object(node, deep)
        except (yaml.YAMLError, RecursionError, MemoryError):
            raise
        except Exception:
            text = shorten(repr(node.value)) if isinstance(node.value, str) else "a section"
            reason = f"{text}, which is no {node.tag.rpartition(':')[2]}"
            raise _refusal(reason, node) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        seen = set()
        for key in keys:
            if isinstance(key, Hashable) and key in seen:
                raise _refusal(f"the repeated key {key!r}", node)
            seen |= {key} if isinstance(key, Hashable) else set()
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Return an integer; raise a YAML error if it has more than 64 bits."""
        value: int = super().construct_yaml_int(node) if len(node.value) <= INTEGER_LENGTH else 0
        if len(node.value) > INTEGER_LENGTH or abs(value) >= 1 << 63:
            raise _refusal("an integer of more than 64 bits", node)
        return value


def _children(node: yaml.Node) -> list[yaml.Node]:
    """Return the nodes of a list, or the keys and values of a mapping."""
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _refusal(reason: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, reason, node.start_mark)


class _Dumper(yaml.SafeDumper):
    """Dumper that quotes strings that `_Loader` would read as numbers."""


_Loader.add_constructor(INTEGER, _Loader.construct_yaml_int)
for _end in (_Loader, _Dumper):
    _end.add_implicit_resolver(
        FLOAT,
        re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )


def parse(text: str, source: str) -> Any:
    """Parse YAML text and return its value.

    Args:
        text: One YAML document.
        source: Name of the text in errors, such as its path.

    Raises:
        ConfigError: The text is not YAML, a mapping in it repeats a key, or it exceeds
            `VALUES_LIMIT` or `DEPTH_LIMIT`.
    """

    def invalid(reason: str) -> ConfigError:
        return ConfigError([Problem("", f"expected YAML. Received: {reason}.")], source)

    with translate_errors(invalid):
        try:
            return yaml.load(text, _Loader)
        except yaml.MarkedYAMLError as error:
            raise invalid(_reason(error)) from None
        except RecursionError:
            raise invalid(TOO_DEEP) from None


def _reason(error: yaml.MarkedYAMLError) -> str:
    """Return the message of a YAML error, with its line and column if they are known."""
    problem = shorten(" ".join(str(error.problem).split()))
    mark = error.problem_mark
    return f"{problem} in line {mark.line + 1}, column {mark.column + 1}" if mark else problem


def dump(config: Config) -> str:
    """Return a config as YAML, including default values."""
    text: str = yaml.dump(config.model_dump(), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def flow_text(value: Any) -> str:
    """Return a value as YAML in one line, such as `[bleu, cider]` or `{type: none}`."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=math.inf,
    )
    return text.removesuffix("\n").removesuffix("\n...")
