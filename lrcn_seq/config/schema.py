"""The sections of a config.

Parts (source, encoder, decoder, ...) are mappings with a `type`; registries validate their
arguments.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel, ConfigDict, Field

from lrcn_seq.records import (
    NotNegative,
    NumberNotNegative,
    Positive,
    PositiveNumber,
    Rate,
    Seed,
    Share,
    Steps,
)

Part = dict[str, Any]
"""A mapping `{"type": NAME, argument: value, ...}`."""


class Section(BaseModel):
    """An immutable section that refuses unknown keys and type conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Store(Section):
    """The feature store, which keeps the features of a frozen encoder on disk."""

    use: bool = True
    folder: str = ".cache/features"
    dtype: Literal["float16", "float32"] = "float16"


class Data(Section):
    """The samples and their batches."""

    source: Part
    sampling: Part | None = None
    """Selection of the frames of a video; null for images."""
    frames: Literal["rgb", "flow"] = "rgb"
    """Input of the encoder for a video: frames, or images of the optical flow between frames."""
    view: Part = {"type": "none"}
    """Crops and mirroring."""
    store: Store = Store()
    words_limit: Steps = 20
    """Longest caption in words: longer captions are cut in training, and decoding stops there."""
    plan: Literal["auto", "by_caption", "by_image"] = "auto"
    """Batch plan of an epoch. `by_caption` batches every caption once, by length, and needs stored
    features; `by_image` batches every image once with `captions_per_image` of its captions. `auto`
    is `by_caption` if features are stored, otherwise `by_image`."""
    captions_per_image: Steps = 5
    """Captions per image or video in an epoch of the plan `by_image`."""
    on_error: Literal["raise", "skip"] = "raise"
    """Whether an unreadable file ends the run or is skipped."""
    lost_share_limit: Share = 0.02
    """Largest share of files that may be skipped."""
    pixels_limit: Positive = 100_000_000
    """Largest number of pixels of an image or frame; larger ones count as unreadable."""
    workers: Annotated[int, Ge(0), Le(256)] = 2
    """Threads that read and decode files."""


class Optimizer(Section):
    """A Keras optimizer."""

    type: Literal["sgd", "adam", "rmsprop"] = "adam"
    learning_rate: PositiveNumber = 1e-3
    momentum: Rate = 0.9
    """Momentum of SGD and RMSprop; beta_1 of Adam."""
    nesterov: bool = False
    beta_2: Rate = 0.999
    """beta_2 of Adam."""
    global_clipnorm: NumberNotNegative = 0.0
    """Largest global norm of the gradients; 0 for no clipping."""
    l2: NumberNotNegative = 0.0
    """Weight decay of Caffe, added to the gradient after clipping."""
    weight_decay: NumberNotNegative = 0.0
    """Decoupled weight decay of Keras, subtracted from the weights."""
    ema_momentum: Rate = 0.0
    """Momentum of the moving average of weights, which is evaluated and saved; 0 for no average."""
    gradient_accumulation_steps: Positive = 1
    """Batches over which gradients are averaged for one update."""


class Schedule(Section):
    """The learning rate schedule, in updates.

    `steps` multiplies the learning rate by `factor` every `every` updates; `cosine` decays it along
    a half cosine.
    """

    type: Literal["constant", "steps", "cosine"] = "constant"
    every: Positive = 20_000
    factor: PositiveNumber = 0.5
    warmup: NotNegative = 0
    """Updates of linear warmup."""
    updates: NotNegative = 0
    """Length of the cosine in updates; 0 for the whole run."""
    floor: Share = 0.0
    """Final learning rate of the cosine, as a share of the initial one."""


class Loss(Section):
    """Mean cross-entropy over words, or over labeled steps, without padding."""

    weight: PositiveNumber = 1.0
    """Factor of the loss; 20 in the released LRCN recipes for captions."""
    label_smoothing: Rate = 0.0
    class_weight: Literal["none", "balanced"] = "none"
    """`balanced` weights clips inversely to the frequency of their class."""


class ScheduledSampling(Section):
    """Probability of feeding the model's own word, which increases linearly over epochs.

    Bengio et al. 2015, section 2.4.
    """

    probability: Share = 0.0
    """Final probability; 0 for teacher forcing only."""
    from_epoch: NotNegative = 0
    over_epochs: Positive = 1


class Training(Section):
    """Optimization, early stopping and precision."""

    batch_size: Positive = 64
    """Captions or labeled clips in a batch."""
    epochs: Positive = 20
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    scheduled_sampling: ScheduledSampling = ScheduledSampling()
    learning_rate_multipliers: dict[str, NumberNotNegative] = {}
    """Factors of the learning rate by part (`encoder`, `decoder`), or by layer or weight of a part
    (`decoder/output_words/bias`)."""
    monitor: str | None = None
    """Dev score that selects the best weights and stops training early; null for `cider` of
    captions and `top_1` of labels."""
    patience: NotNegative = 5
    """Epochs without a better dev score before training stops; 0 for no early stopping."""
    dev_limit: NotNegative = 0
    """Dev samples that are decoded after an epoch; 0 for all."""
    save_seconds: PositiveNumber = 30.0
    """Seconds between two saved training states."""
    callbacks: list[str | dict[str, Any]] = []
    """Keras callbacks by name, such as `CSVLogger` and `TensorBoard`, or as `{type: NAME}` with
    arguments. Their logs are the loss and the dev scores, such as `val_cider`."""
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = "auto"
    """`auto` is `mixed_bfloat16` on a GPU or TPU and `float32` on a CPU."""


class Evaluation(Section):
    """Metrics and tokenization of captions, and the batch size of decoding."""

    metrics: Annotated[list[str], MinLen(1)] = ["bleu", "rouge_l", "cider"]
    tokenize: Literal["ptb", "none", "13a"] = "ptb"
    batch_size: Positive = 50


class Init(Section):
    """Initial weights from another run."""

    run: str
    """Folder of the other run."""
    parts: list[Literal["encoder", "decoder"]] = ["encoder", "decoder"]


class Config(Section):
    """A complete experiment."""

    task: Part
    seed: Seed = 1
    data: Data
    tokenizer: Part = {"type": "word"}
    encoder: Part
    decoder: Part
    search: Part = {"type": "beam", "beams": 5}
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    init: Init | None = None
    stages: list[dict[str, Any]] = Field(default=[])
    """Trainings in sequence, each starting from the best weights of the previous one. A stage maps
    dotted keys to values that replace those of the config (`training.epochs: 5`)."""
