"""Extraction of the features of all splits."""

from pathlib import Path

from lrcn_seq.training import precompute_features
from tests.training.small_runs import small_config


def test_features_of_all_splits_are_stored(tmp_path, frozen):
    """`precompute_features` stores the features of the training, dev and test splits."""
    store, count = precompute_features(small_config(tmp_path, **frozen))
    assert (count, len(store)) == (20, 20)
    assert Path(store.folder).parent == tmp_path / "features"


def test_stored_features_are_not_extracted_again(tmp_path, frozen, monkeypatch):
    """Features that are already stored are not extracted again."""
    config = small_config(tmp_path, **frozen)
    precompute_features(config)
    calls = []
    extract = "lrcn_seq.tasks._frame_encoder.FrameEncoder.features"
    monkeypatch.setattr(extract, lambda *arguments: calls.append(arguments))
    assert precompute_features(config)[1] == 20
    assert calls == []


def test_a_config_that_stores_no_features_has_no_store(tmp_path):
    """No feature store is created for an encoder that is trained."""
    assert precompute_features(small_config(tmp_path)) == (None, 0)
    assert not (tmp_path / "features").exists()


def test_features_are_those_of_the_encoder_of_init(tmp_path, frozen, donor):
    """Features of an encoder whose weights come from `init` have a separate feature store."""
    fresh, _ = precompute_features(small_config(tmp_path, **frozen))
    taken_over, count = precompute_features(small_config(tmp_path, **frozen, init=donor))
    assert count == 20
    assert Path(fresh.folder) != Path(taken_over.folder)


def test_init_of_the_decoder_alone_leaves_the_features(tmp_path, frozen, donor):
    """An `init` section without the encoder does not change the feature store."""
    fresh, _ = precompute_features(small_config(tmp_path, **frozen))
    init = {**donor, "parts": ["decoder"]}
    store, _ = precompute_features(small_config(tmp_path, **frozen, init=init))
    assert Path(fresh.folder) == Path(store.folder)


def test_verify_extracts_damaged_features_again(tmp_path, frozen, capsys):
    """With `verify`, damaged features are counted and extracted again."""
    config = small_config(tmp_path, **frozen)
    store, _ = precompute_features(config, verify=True)
    assert "damaged" not in capsys.readouterr().err
    data = Path(store.folder) / "features.data"
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    precompute_features(config, verify=True)
    assert "1 stored features were damaged and are extracted again." in capsys.readouterr().err
    assert store.verify() == 0
