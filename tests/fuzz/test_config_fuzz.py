"""Damaged and hostile configs and overrides."""

import pytest

from lrcn_seq import config
from tests.fuzz.mutants import check_reader, failure_of, mutants

pytestmark = pytest.mark.slow
CONFIG = """
task: {type: captioning}
seed: 1
data:
  source: {type: shapes, train: 60, dev: 8, test: 8, pixels: 32}
  view: {type: crop_mirror, margin: 1.2, scales: [1.2, 1.0]}
  words_limit: 14
  captions_per_image: 2
tokenizer: {type: word, minimum_count: 1}
encoder: &encoder {type: tiny_cnn, size: 32, filters: 8, blocks: 3, output: grid}
decoder:
  type: lrcn
  layers: 2
  factored: true
  units: 32
search: {type: beam, beams: 3}
training:
  batch_size: 20
  epochs: 2
  optimizer: {type: adam, learning_rate: 3e-3, global_clipnorm: 5.0}
  learning_rate_multipliers: {encoder: 0.1}
  monitor: cider
evaluation: {metrics: [bleu, rouge_l, cider]}
stages:
  - {training.epochs: 1}
  - {training.optimizer.learning_rate: 0.001}
"""


def test_mutants_of_a_config_are_refused_or_read(tmp_path):
    """Each of 600 mutants of a config is read or raises a ConfigError."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    config.read(path)
    tried = check_reader(lambda: config.read(path), path, mutants(CONFIG.encode(), 600))
    assert tried == 600


def test_mutants_of_overrides_are_refused_or_applied(tmp_path):
    """Each of 200 mutants of an override is applied or raises a ConfigError."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    texts = [
        b"data.source={type: shapes, train: 60}",
        b"training.optimizer.learning_rate=1e-3",
        b"encoder.type=vectors",
        b"stages=[{training.epochs: 1}]",
    ]
    tried = 0
    for number, text in enumerate(texts):
        for mutant in mutants(text, 50, seed=number):
            override = mutant.decode(errors="surrogateescape")
            assert failure_of(lambda text=override: config.read(path, [text])) is None, override
            tried += 1
    assert tried == 200
