"""Feature extraction for all splits of a config."""

from __future__ import annotations

from pathlib import Path

from lrcn_seq.config import Config
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.runs import load_weights
from lrcn_seq.runs.corpus import read_corpus
from lrcn_seq.tasks import SampleReader, build_network, check_config, content_index
from lrcn_seq.terminal import print_note


def precompute_features(config: Config, *, verify: bool = False) -> tuple[FeatureStore | None, int]:
    """Store the features of all samples of a config.

    Args:
        config: the config.
        verify: whether to read every file again and verify the checksums of stored features.

    Returns:
        The store and the number of samples; None and 0 if the config stores no features.

    Raises:
        ConfigError, DataError, RunError: the config or the data cannot be used.
    """
    check_config(config)
    task = build_network(config, pretrained=True)
    if config.init is not None and "encoder" in config.init.parts:
        load_weights(task, Path(config.init.run), ["encoder"])
    reader = SampleReader(task, content_index(config, verify=verify))
    if reader.store is None:
        return None, 0
    if verify and (damaged := reader.store.verify()):
        print_note(f"{damaged:,} stored features were damaged and are extracted again.")
    samples = read_corpus(config).samples
    reader.extract(reader.store, samples)
    return reader.store, len(samples)
