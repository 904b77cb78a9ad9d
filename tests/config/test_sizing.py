"""Training sizes that are `auto` in the config and follow from the size of the data."""

import pytest

from lrcn_seq.config import restore_sizes, size_config, sized_values, state_keys, validate
from lrcn_seq.config.schema import Training
from lrcn_seq.config.sizing import DataSize, count_updates, size_batch, size_training


@pytest.mark.parametrize(
    ("targets", "batch"), [(1, 16), (270, 16), (1023, 16), (1024, 32), (2048, 64), (10**6, 64)]
)
def test_a_batch_leaves_32_updates_per_epoch(targets, batch):
    """The batch is the largest of 16, 32, 64 with at least 32 updates per epoch, or else 16."""
    assert size_batch(targets) == batch


@pytest.mark.parametrize(
    ("targets", "epochs"),
    [
        (1, 300),
        (48, 300),
        (270, 89),
        (1350, 35),
        (1700, 30),
        (10_600, 30),
        (16_000, 20),
        (10**6, 12),
    ],
)
def test_epochs_give_1500_to_5000_updates(targets, epochs):
    """There are 30 epochs, but 1,500 to 5,000 updates, within the limits of 12 and 300 epochs."""
    assert size_training(Training(), DataSize(targets, 100)).epochs == epochs


@pytest.mark.parametrize(("targets", "rate"), [(270, 0.002), (2_395, 0.002), (10_800, 0.001)])
def test_few_updates_have_a_larger_learning_rate(targets, rate):
    """The learning rate is 0.002 for fewer than 3,000 updates, and 0.001 otherwise."""
    training = Training.model_validate({"optimizer": {"learning_rate": "auto"}})
    assert size_training(training, DataSize(targets, 100)).optimizer.learning_rate == rate
    assert size_training(Training(), DataSize(targets, 100)).optimizer.learning_rate == 0.001


def test_accumulated_batches_are_one_update():
    """With gradient accumulation, the same number of updates takes more epochs."""
    training = Training.model_validate({"optimizer": {"gradient_accumulation_steps": 2}})
    assert size_training(training, DataSize(1350, 100)).epochs == 70


def test_patience_is_a_quarter_of_the_epochs():
    """Patience is a quarter of the epochs, and at least 5."""
    assert size_training(Training(epochs=41), DataSize(100, 20)).patience == 11
    assert size_training(Training(epochs=8), DataSize(100, 20)).patience == 5


def test_few_dev_samples_do_not_select_an_epoch():
    """With fewer than 20 dev samples, all epochs are trained and the last one is kept."""
    few, enough = (size_training(Training(), DataSize(100, dev)) for dev in (19, 20))
    assert (few.patience, few.restore_best_weights) == (0, False)
    assert (enough.patience, enough.restore_best_weights) == (54, True)
    limited = size_training(Training(dev_limit=5), DataSize(100, 500))
    assert limited.patience == 0


def test_dev_samples_that_are_trained_on_do_not_select_an_epoch():
    """With `train_on_dev`, all epochs are trained and the last one is kept."""
    sized = size_training(Training(train_on_dev=True), DataSize(100, 500))
    assert (sized.patience, sized.restore_best_weights) == (0, False)


def test_the_best_epoch_is_kept_if_patience_is_set():
    """If the config sets `patience`, the best epoch is kept, even with few dev samples."""
    assert size_training(Training(patience=3), DataSize(100, 4)).restore_best_weights is True


def test_patience_begins_after_the_warmup():
    """Epochs of the warmup, including its last partial epoch, do not count towards patience."""
    training = Training.model_validate(
        {"batch_size": 10, "epochs": 20, "schedule": {"warmup": 0.12}}
    )
    assert size_training(training, DataSize(100, 50)).start_from_epoch == 3
    assert size_training(Training(), DataSize(100, 50)).start_from_epoch == 0


def test_numbers_of_the_config_are_kept():
    """Only the value `auto` is replaced."""
    training = Training(
        batch_size=3, epochs=4, patience=7, start_from_epoch=2, restore_best_weights=False
    )
    assert size_training(training, DataSize(100, 50)) == training


def test_a_float_is_a_share_of_all_updates():
    """A float is a share of all updates, an integer a number of updates."""
    assert [count_updates(length, 200) for length in (0.05, 1.0, 1, 0)] == [10, 200, 1, 0]


@pytest.fixture
def config(smallest):
    """A config with `auto` in its base and in its stages."""
    stages = [
        {"training.epochs": "auto", "training.batch_size": 4},
        {"training": {"epochs": 3}},
        {"data.plan": "auto"},
    ]
    return state_keys(validate({**smallest, "stages": stages}))


def test_stages_are_sized_with_their_own_values(config):
    """`auto` in a stage is sized with the values of that stage; other keys are unchanged."""
    sized = size_config(config, DataSize(27_000, 600))
    assert (sized.training.batch_size, sized.training.epochs) == (64, 12)
    assert sized.stages[0] == {"training.epochs": 12, "training.batch_size": 4}
    assert (sized.stages[1]["training"]["batch_size"], sized.stages[1]["training"]["epochs"]) == (
        64,
        3,
    )
    assert sized.stages[2] == {"data.plan": "auto"}


def test_a_resumed_run_has_the_sizes_with_which_it_began(config):
    """On resuming, `auto` means the value of the run; other values of the config are kept."""
    sized = size_config(config, DataSize(300, 6))
    assert restore_sizes(config, sized) == sized
    longer = validate({**config.model_dump(), "training": {"epochs": 7}})
    assert restore_sizes(longer, sized).training.epochs == 7
    assert restore_sizes(longer, sized).training.batch_size == 16


def test_sized_values_are_listed(smallest):
    """Only keys that were `auto` are listed, as overrides."""
    config = validate({**smallest, "training": {"epochs": 3, "patience": 1}})
    listed = sized_values(config, size_config(config, DataSize(300, 6)))
    assert listed == [
        "training.batch_size=16",
        "training.start_from_epoch=0",
        "training.restore_best_weights=true",
    ]
