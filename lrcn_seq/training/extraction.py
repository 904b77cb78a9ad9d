"""`lrcn extract`: the feature store filled for all splits of a config."""

from __future__ import annotations

import sys
from pathlib import Path

from lrcn_seq.config import Config
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.tasks.base import build, load_weights
from lrcn_seq.training.preparation import contents_of, corpus_of, fill, store_of


def extract(config: Config, *, verify: bool = False) -> tuple[FeatureStore | None, int]:
    """The store, and how many samples have their features in it now; None where this config stores nothing."""
    task = build(config, words=5, labels=2, pretrained=True)
    if config.init is not None and "encoder" in config.init.parts:
        load_weights(task, Path(config.init.run), ["encoder"])
    store = store_of(config, task)
    if store is None:
        return None, 0
    if verify and (damaged := store.verify()):
        print(f"{damaged:,} stored features were damaged and are extracted again.", file=sys.stderr)
    samples = corpus_of(config).samples
    fill(config, task, store, samples, contents_of(config, verify=verify))
    return store, len(samples)
