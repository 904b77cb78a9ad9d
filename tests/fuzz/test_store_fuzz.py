"""Damaged and hostile feature stores."""

import shutil

import numpy as np
import pytest

from lrcn_seq.features.store import FeatureStore
from tests.fuzz.mutants import failure_of, mutants

pytestmark = pytest.mark.slow
KEYS = [f"key {number}" for number in range(5)]


@pytest.mark.parametrize("name", ["store.json", "features.index", "features.data"])
def test_mutants_of_a_store_are_refused_or_read(tmp_path, name):
    """Each of 100 mutants of a file raises an LrcnError or gives a store that can be used."""
    original = FeatureStore(tmp_path / "original", "signature")
    original.append(KEYS, [np.full((n + 1, 2, 3), n, "float32") for n in range(5)])
    (path,) = (tmp_path / "original").rglob(name)
    content, tried = path.read_bytes(), 0

    def use(folder) -> None:
        store = FeatureStore(folder, "signature")
        for key in [key for key in KEYS if key not in store.missing(KEYS)]:
            store.features(key).sum()
        store.verify()
        missing = store.missing(KEYS)
        store.append(missing, [np.ones((2, 2, 3), "float32")] * len(missing))
        for key in KEYS:
            store.features(key).sum()

    for number, mutant in enumerate(mutants(content, 100)):
        folder = shutil.copytree(tmp_path / "original", tmp_path / str(number))
        (folder / path.relative_to(tmp_path / "original")).write_bytes(mutant)
        assert failure_of(lambda folder=folder: use(folder)) is None, mutant
        shutil.rmtree(folder)
        tried += 1
    assert tried == 100
