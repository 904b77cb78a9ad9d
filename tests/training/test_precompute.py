"""Extraction of features for all splits of a config."""

from pathlib import Path

from lrcn_seq.training import precompute_features
from tests.training.small_runs import small_config


def test_features_of_all_splits_are_stored(tmp_path, frozen):
    """12 training, 4 dev and 4 test images have 20 features."""
    store, count = precompute_features(small_config(tmp_path, **frozen))
    assert (count, len(store)) == (20, 20)
    assert Path(store.folder).parent == tmp_path / "features"


def test_stored_features_are_not_extracted_again(tmp_path, frozen, monkeypatch):
    """A second call reads the store alone."""
    config = small_config(tmp_path, **frozen)
    precompute_features(config)
    calls = []
    extract = "lrcn_seq.tasks._frame_encoder.FrameEncoder.features"
    monkeypatch.setattr(extract, lambda *arguments: calls.append(arguments))
    assert precompute_features(config)[1] == 20
    assert calls == []


def test_a_config_that_stores_no_features_has_no_store(tmp_path):
    """The features of a trained encoder change."""
    assert precompute_features(small_config(tmp_path)) == (None, 0)
    assert not (tmp_path / "features").exists()


def test_features_are_those_of_the_encoder_of_init(tmp_path, frozen, donor):
    """Another encoder has another store."""
    fresh, _ = precompute_features(small_config(tmp_path, **frozen))
    taken_over, count = precompute_features(small_config(tmp_path, **frozen, init=donor))
    assert count == 20
    assert Path(fresh.folder) != Path(taken_over.folder)


def test_init_of_the_decoder_alone_leaves_the_features(tmp_path, frozen, donor):
    """The weights of the encoder are then those of the config."""
    fresh, _ = precompute_features(small_config(tmp_path, **frozen))
    init = {**donor, "parts": ["decoder"]}
    store, _ = precompute_features(small_config(tmp_path, **frozen, init=init))
    assert Path(fresh.folder) == Path(store.folder)


def test_verify_extracts_damaged_features_again(tmp_path, frozen, capsys):
    """The number of damaged features is printed, and all features are valid again."""
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
