"""The sections of a config. Parts (source, encoder, decoder, ...) are mappings with a `type`; their registry checks them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import MinLen
from pydantic import BaseModel, ConfigDict, Field

from lrcn_seq.records import NotNegative, NumberNotNegative, Positive, PositiveNumber, Rate, Share

Part = dict[str, Any]


class Section(BaseModel):
    """A mapping whose keys are all known and whose values have the type they should."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Store(Section):
    """The feature store: what a frozen encoder gives is computed once and kept in `folder`."""

    use: bool = True
    folder: str = ".cache/features"
    dtype: Literal["float16", "float32"] = "float16"


class Data(Section):
    """Where samples come from and how batches are cut."""

    source: Part
    sampling: Part | None = None
    """Which frames of a video are looked at; none for pictures."""
    frames: Literal["rgb", "flow"] = "rgb"
    """What encoders see of a video: its frames, or pictures of the motion from each to the next."""
    view: Part = {"type": "none"}
    store: Store = Store()
    words_limit: Positive = 20
    """Words of a caption that are kept; also the longest sentence that is generated."""
    plan: Literal["auto", "by_caption", "by_picture"] = "auto"
    captions_per_picture: Positive = 5
    on_error: Literal["raise", "skip"] = "raise"
    lost_share_limit: Share = 0.02
    pixels_limit: Positive = 100_000_000
    workers: NotNegative = 2


class Optimizer(Section):
    """One optimizer of Keras, with clipping, decay, averaging and accumulation around it."""

    type: Literal["sgd", "adam", "rmsprop"] = "adam"
    rate: PositiveNumber = 1e-3
    momentum: Rate = 0.9
    nesterov: bool = False
    beta_2: Rate = 0.999
    clip: NumberNotNegative = 0.0
    """Largest norm over all gradients together (`global_clipnorm`); 0: no clipping."""
    l2: NumberNotNegative = 0.0
    """Caffe's weight decay: added to the gradient after clipping."""
    decoupled_decay: NumberNotNegative = 0.0
    """Keras's weight decay: taken from the weights beside the gradient."""
    ema: Rate = 0.0
    """Momentum of an average of the weights, which then is what is evaluated and kept; 0: none."""
    accumulate: Positive = 1
    """Batches whose gradients are averaged before one update."""


class Schedule(Section):
    """The learning rate over updates: constant, steps (× factor every `every`), or warm-up and cosine."""

    type: Literal["constant", "steps", "cosine"] = "constant"
    every: Positive = 20_000
    factor: PositiveNumber = 0.5
    warmup: NotNegative = 0
    updates: NotNegative = 0
    """Length of the cosine; 0: all updates of the run."""
    floor: Share = 0.0
    """Share of the rate that remains at the end of the cosine."""


class Loss(Section):
    """Mean cross-entropy over real words (labels: over real steps), × `weight` (the released LRCN recipes use 20)."""

    weight: PositiveNumber = 1.0
    label_smoothing: Rate = 0.0
    class_weight: Literal["none", "balanced"] = "none"
    """balanced: a clip counts the more, the fewer clips its class has in training."""


class ScheduledSampling(Section):
    """Probability of feeding the model's own word, rising linearly over epochs (Bengio et al. 2015, section 2.4)."""

    probability: Share = 0.0
    from_epoch: NotNegative = 0
    over_epochs: Positive = 1


class Training(Section):
    """How long, with what, and what decides which weights are kept."""

    batch: Positive = 64
    epochs: Positive = 20
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    scheduled_sampling: ScheduledSampling = ScheduledSampling()
    rates: dict[str, NumberNotNegative] = {}
    """Learning rate multipliers by part: `encoder`, `decoder`, or of a layer or weight in it: `decoder/output_words/bias`."""
    monitor: str | None = None
    """The dev score, from real decoding, that picks the best weights and stops early; None: `cider` of sentences, `top_1` of labels."""
    patience: NotNegative = 5
    """Epochs without a better dev score before training stops; 0: never."""
    dev_limit: NotNegative = 0
    """Dev pictures that are decoded each epoch; 0: all."""
    save_seconds: PositiveNumber = 30.0
    """Seconds of work between two states on disk."""
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = "auto"


class Evaluation(Section):
    """What scores are made of; metrics and tokens are those of sentences."""

    metrics: Annotated[list[str], MinLen(1)] = ["bleu", "rouge_l", "cider"]
    tokenize: Literal["ptb", "none", "13a"] = "ptb"
    batch: Positive = 50


class Init(Section):
    """Start from the weights of another run."""

    run: str
    parts: list[Literal["encoder", "decoder"]] = ["encoder", "decoder"]


class Config(Section):
    """One experiment, complete in itself."""

    task: Part
    seed: NotNegative = 1
    data: Data
    tokenizer: Part = {"type": "word"}
    encoder: Part
    decoder: Part
    search: Part = {"type": "beam", "beams": 5}
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    init: Init | None = None
    stages: list[dict[str, Any]] = Field(default=[])
    """Each stage is a mapping of overrides (`training.epochs: 5`); they run one after the other, weights carried on."""
