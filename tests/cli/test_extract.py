"""`lrcn extract`: the feature store of a config, filled."""

import pytest

FROZEN = [
    "encoder={type: applications, network: MobileNetV2, size: 32, alpha: 0.35}",
    "data.source={type: shapes, train: 5, dev: 2, test: 2, pixels: 32}",
]


def test_features_are_stored_once(lrcn, smoke_config, tmp_path):
    """All splits; a second call finds them."""
    for _ in range(2):
        called = lrcn("extract", smoke_config, *FROZEN, f"data.store.folder={tmp_path}")
        assert called.code == 0
        assert (
            called.out
            == f"{tmp_path}: features of 9 samples; 9 stored in all under this encoder.\n"
        )


@pytest.mark.parametrize(
    "overrides", [[], [*FROZEN, "data.view={type: crop_mirror}"]], ids=["trained", "views"]
)
def test_what_cannot_be_stored(lrcn, smoke_config, tmp_path, overrides):
    """An encoder that trains, random views: a sentence, exit code 2."""
    called = lrcn("extract", smoke_config, f"data.store.folder={tmp_path}", *overrides)
    assert called.code == 2
    assert (
        "encoder: nothing can be stored: features are kept only of a frozen encoder" in called.err
    )
