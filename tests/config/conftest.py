"""Fixtures for the tests of configs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lrcn_seq.config import renamed_keys


@pytest.fixture
def smallest() -> dict[str, Any]:
    """Return the smallest valid config."""
    return {
        "task": {"type": "captioning"},
        "data": {"source": {"type": "shapes"}},
        "encoder": {"type": "tiny_cnn"},
        "decoder": {"type": "lrcn"},
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], str]:
    """Return a function that writes text, bytes or a mapping to a config file."""

    def write_file(content: Any) -> str:
        path = tmp_path / "config.yaml"
        if not isinstance(content, (str, bytes)):
            content = yaml.safe_dump(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write_file


@pytest.fixture(autouse=True)
def every_warning_is_printed():
    """Clear the cache of printed deprecation warnings before each test."""
    renamed_keys._print_once.cache_clear()
