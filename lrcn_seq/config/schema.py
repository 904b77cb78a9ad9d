"""The sections of a config.

Parts (source, encoder, decoder, ...) are mappings with a `type`; registries validate their
arguments.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MinLen
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


Auto = Literal["auto"]
"""The value of a key that is sized to the data when training begins; see `sizing`."""
Updates = NotNegative | Share
"""A number of updates; a float is a share of all updates of the stage."""


class Section(BaseModel):
    """An immutable section that refuses unknown keys and type conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Store(Section):
    """The feature store, which keeps the features of a frozen encoder on disk."""

    use: bool = True
    """Whether to store the features of a frozen encoder."""
    folder: str = ".cache/features"
    """Folder of the store, which several runs may share."""
    dtype: Literal["float16", "float32"] = "float16"
    """Type of the stored numbers; float16 takes half the space of float32."""


class Data(Section):
    """The data source, the reading of media, and the batches of an epoch."""

    source: Part
    """The data set: samples with their splits."""
    sampling: Part | None = None
    """Selection of the frames of a video; null for images."""
    frames: Literal["rgb", "flow"] = "rgb"
    """Input of the encoder for a video: frames, or images of the optical flow between frames."""
    view: Part = {"type": "none"}
    """Crops and mirroring of images and frames."""
    store: Store = Store()
    words_limit: Steps = 20
    """Largest number of words of a caption, in training and in decoding."""
    plan: Literal["auto", "by_caption", "by_image"] = "auto"
    """Content of an epoch. With `by_caption`, it is every caption once, in batches of similar
    length; this needs stored features. With `by_image`, it is every image once, with
    `captions_per_image` captions each. `auto` means `by_caption` if features are stored, otherwise
    `by_image`."""
    captions_per_image: Steps = 5
    """Number of captions per image or video in an epoch of the plan `by_image`."""
    on_error: Literal["raise", "skip"] = "raise"
    """Whether an unreadable file ends the run or is skipped."""
    lost_share_limit: Share = 0.02
    """Largest share of files that may be skipped."""
    pixels_limit: Positive = 100_000_000
    """Largest number of pixels of an image or frame; larger images count as unreadable."""
    workers: Annotated[int, Ge(0), Le(256)] = 2
    """Number of threads that read and decode files."""


class Optimizer(Section):
    """A Keras optimizer and its arguments."""

    type: Literal["sgd", "adam", "rmsprop"] = "adam"
    """Name of the optimizer."""
    learning_rate: PositiveNumber | Auto = 1e-3
    """Initial learning rate, after the warmup. `auto` is 0.001, or 0.002 for fewer than 3,000
    updates, which suits Adam."""
    momentum: Rate = 0.9
    """Momentum of SGD and RMSprop; beta_1 of Adam."""
    nesterov: bool = False
    """Whether SGD uses Nesterov momentum."""
    beta_2: Rate = 0.999
    """beta_2 of Adam."""
    global_clipnorm: NumberNotNegative = 0.0
    """Largest global norm of the gradients; 0 for no clipping."""
    l2: NumberNotNegative = 0.0
    """Weight decay as in Caffe: this factor times the weight is added to the clipped gradient."""
    weight_decay: NumberNotNegative = 0.0
    """Weight decay as in Keras: it is subtracted from the weights and does not change gradients."""
    ema_momentum: Rate = 0.0
    """Momentum of a moving average of the weights. The average is evaluated and saved; 0 turns it
    off."""
    gradient_accumulation_steps: Positive = 1
    """Number of batches whose gradients are averaged for one update of the weights."""

    def keras_arguments(self) -> dict[str, Any]:
        """Return the arguments of the Keras optimizer, without the schedule and `l2`."""
        own: dict[str, Any] = {"momentum": self.momentum}
        if self.type == "adam":
            own = {"beta_1": self.momentum, "beta_2": self.beta_2}
        elif self.type == "sgd":
            own["nesterov"] = self.nesterov
        steps = self.gradient_accumulation_steps
        rate = self.learning_rate
        return {
            "learning_rate": 1e-3 if isinstance(rate, str) else rate,
            "global_clipnorm": self.global_clipnorm or None,
            "weight_decay": self.weight_decay or None,
            "use_ema": bool(self.ema_momentum),
            "ema_momentum": self.ema_momentum or 0.99,
            "gradient_accumulation_steps": steps if steps > 1 else None,
            **own,
        }


class Schedule(Section):
    """The learning rate schedule.

    `steps` multiplies the learning rate by `factor` every `every` updates; `cosine` decays it along
    a half cosine. A length is a share of all updates of the stage (0.05) or a number of updates
    (100).
    """

    type: Literal["constant", "steps", "cosine"] = "constant"
    """Shape of the schedule after the warmup."""
    every: Positive | Annotated[float, Gt(0), Le(1)] = 0.25
    """Length between two steps of `steps`."""
    factor: PositiveNumber = 0.5
    """Factor of the learning rate at every step of `steps`."""
    warmup: Updates = 0.0
    """Length of the linear warmup."""
    updates: Updates = 0.0
    """Length of the cosine with its warmup; 0 for the whole stage."""
    floor: Share = 0.0
    """Final learning rate of the cosine, as a share of the initial one."""


class Loss(Section):
    """The loss: the mean cross-entropy over words or labeled steps, without padding."""

    weight: PositiveNumber = 1.0
    """Factor of the loss; 20 in the released LRCN recipes for captions."""
    label_smoothing: Rate = 0.0
    """Share of the target probability that is spread over all words or classes."""
    class_weight: Literal["none", "balanced"] = "none"
    """With `balanced`, the weight of a clip is inversely proportional to the frequency of its
    class."""


class Objective(Section):
    """What training minimizes: the cross-entropy of the captions or labels, or a negative reward.

    `self_critical` draws captions from the model and makes those more probable whose reward is
    above a baseline (Rennie et al. 2017, section 3). It suits a stage that follows one with
    `cross_entropy`. An epoch contains every image once, with all of its captions as references.
    """

    type: Literal["cross_entropy", "self_critical"] = "cross_entropy"
    """Name of the objective; `self_critical` is for tasks that write captions."""
    reward: str | dict[str, float] = "cider"
    """Score of a drawn caption, or a mapping from scores to their weights: `cider`, `bleu_1` to
    `bleu_4`, `rouge_l` and `meteor` (with equal words and stems only). The document frequencies of
    `cider` are those of the training captions."""
    samples: Annotated[int, Ge(1), Le(100)] = 5
    """Number of captions that are drawn for an image or video."""
    baseline: Literal["others", "greedy"] = "others"
    """Reward that is subtracted from that of a drawn caption: the mean of the other drawn captions
    of the image (Luo 2020), or the reward of the most probable words."""
    weight: Annotated[float, Gt(0), Le(1)] = 1.0
    """Weight of the self-critical loss; the cross-entropy of the references has the rest."""
    word_reward: float = 0.0
    """Reward for each word of a drawn caption."""
    bad_endings: list[str] = []
    """Words with which a caption should not end, such as `a` and `with`."""
    ending_penalty: NumberNotNegative = 0.0
    """What a bad ending subtracts from the reward."""

    def rewards(self) -> dict[str, float]:
        """Return the weights of the scores in the reward."""
        return {self.reward: 1.0} if isinstance(self.reward, str) else self.reward


class ScheduledSampling(Section):
    """Feeding of predicted instead of given words, with a probability that rises linearly.

    Bengio et al. 2015, section 2.4.
    """

    probability: Share = 0.0
    """Final probability; 0 for teacher forcing only."""
    from_epoch: NotNegative = 0
    """Epochs with teacher forcing only, before the probability increases."""
    over_epochs: Positive = 1
    """Epochs over which the probability increases."""


class Training(Section):
    """The optimization, early stopping and numerical precision of a training.

    `auto` sizes a key to the data when training begins; the config of the run states the value.
    """

    batch_size: Positive | Auto = "auto"
    """Number of captions or labeled clips in a batch."""
    epochs: Positive | Auto = "auto"
    """Largest number of epochs."""
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    objective: Objective = Objective()
    loss: Loss = Loss()
    scheduled_sampling: ScheduledSampling = ScheduledSampling()
    learning_rate_multipliers: dict[str, NumberNotNegative] = {}
    """Factors of the learning rate of a part (`encoder`, `decoder`), or of a layer or a weight of a
    part (`decoder/output_words/bias`)."""
    monitor: str | None = None
    """Dev score that selects the best weights and stops training early. The default is `cider`
    for captions and `top_1` for labels."""
    patience: NotNegative | Auto = "auto"
    """Number of epochs without a better dev score after which training stops; 0 for never."""
    start_from_epoch: NotNegative | Auto = "auto"
    """Number of first epochs that do not count towards `patience`; `auto` for the warmup."""
    restore_best_weights: bool | Auto = "auto"
    """Whether the run keeps the weights of the best epoch or those of the last one. `auto` keeps
    the last epoch if dev has too few samples to choose by."""
    train_on_dev: bool = False
    """Whether to train on dev as well, for a recipe whose epochs and other settings were chosen
    before. All epochs are then trained and the last one is kept, as scores on dev choose nothing.
    """
    dev_loss: bool = True
    """Whether to compute the loss on dev after each epoch. It decides between equal scores, and
    between scores near zero."""
    dev_limit: NotNegative = 0
    """Number of dev samples that are evaluated after an epoch; 0 for all."""
    save_seconds: PositiveNumber | Auto = "auto"
    """Number of seconds between two saves of the training state. `auto` is 30, or 20 times the
    duration of a save if it is longer, so that saves take at most about 5 % of the time."""
    keep_state: bool = False
    """Whether a finished run keeps its training state, from which `--resume training.epochs=MORE`
    continues exactly; it takes three to four times the space of the weights."""
    callbacks: list[str | dict[str, Any]] = []
    """Keras callbacks by name, such as `CSVLogger` and `TensorBoard`, or as `{type: NAME}` with
    arguments. Their logs are the loss and the dev scores, such as `val_cider`."""
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = "auto"
    """`auto` is `mixed_bfloat16` on a GPU or TPU and `float32` on a CPU."""


class Evaluation(Section):
    """Metrics and tokenization of captions, and the batch size of decoding."""

    metrics: Annotated[list[str], MinLen(1)] = ["bleu", "rouge_l", "cider"]
    """Metrics of captions."""
    tokenize: Literal["ptb", "none", "13a"] = "ptb"
    """Tokenization before scoring: that of the COCO evaluation code, none, or that of sacreBLEU."""
    batch_size: Positive = 50
    """Images or clips that are decoded at once."""


class Init(Section):
    """Initial weights from another run."""

    run: str
    """Folder of the other run."""
    parts: list[Literal["encoder", "decoder"]] = ["encoder", "decoder"]
    """Parts that start with the weights of the other run."""


class Config(Section):
    """The config of a complete experiment."""

    task: Part
    """What is predicted."""
    seed: Seed = 1
    """Seed of all random numbers."""
    data: Data
    tokenizer: Part = {"type": "word"}
    """Conversion of captions to token IDs."""
    encoder: Part
    """Network that computes features of frames."""
    decoder: Part
    """Network that computes words or labels from features."""
    search: Part = {"type": "beam", "beams": 5}
    """Search for the best caption of an image or video."""
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    init: Init | None = None
    """Initial weights from another run; null for random and pretrained weights."""
    stages: list[dict[str, Any]] = Field(default=[])
    """Stages of training, each starting from the best weights of the previous stage. A stage maps
    dotted keys to values that replace values of the config (`training.epochs: 5`)."""
