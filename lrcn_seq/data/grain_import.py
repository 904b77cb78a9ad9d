"""The import of Grain, without its warning that JAX is not installed."""

from __future__ import annotations

import logging
from types import ModuleType


def import_grain() -> ModuleType:
    """Return the module `grain`, imported without log lines below the level ERROR."""
    from absl import logging as absl_logging

    logger = absl_logging.get_absl_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import grain
    finally:
        logger.setLevel(level)
    return grain  # type: ignore[no-any-return]  # Grain has no types
