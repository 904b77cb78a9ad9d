"""Arguments of sources whose default has changed since a run began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrcn_seq.config import Config
from lrcn_seq.registry import signature, sources


def state_defaults(
    source: Mapping[str, Any], stored: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the spec of a source that states every argument whose default has changed.

    Args:
        source: The spec.
        stored: The spec in the config of an existing run. An argument that neither spec states has
            the default with which the run began. None stands for a new run, which has the current
            defaults.
    """
    part = sources.get(source["type"])
    changed = getattr(part, "previous_defaults", {})
    if stored is None:
        defaults = {name: signature(part)[name].default for name in changed}
    else:
        defaults = {name: stored.get(name, value) for name, value in changed.items()}
    return {**source, **{name: v for name, v in defaults.items() if name not in source}}


def with_defaults(config: Config, stored: Mapping[str, Any] | None = None) -> Config:
    """Return a config with the source of `state_defaults`."""
    source = state_defaults(config.data.source, stored)
    return config.model_copy(update={"data": config.data.model_copy(update={"source": source})})
