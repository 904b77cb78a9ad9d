"""A training process that kills itself: `resume_child.py RUN` with `LRCN_TEST_KILL=MOMENT:NUMBER`.

The process sends SIGKILL to itself when it reaches the MOMENT for the NUMBER-th time. Moments:

- `step`: a batch is done and its state is saved
- `state`: the arrays of a state are written, but their file is not renamed
- `pointer`: a state is complete, but the pointer to it is not written
- `trained`: an epoch is trained and saved, but not evaluated
- `dev`: the dev split is scored, but the score is not recorded
- `best`: the best weights are written, but their file is not renamed
"""

import os
import signal
import sys
from pathlib import Path

from lrcn_seq import config
from lrcn_seq.runs import state
from lrcn_seq.tasks import Task
from lrcn_seq.tasks._caption_task import CaptionTask
from lrcn_seq.training import snapshot, train, trainer

SPEC = {
    "task": {"type": "captioning"},
    "data": {
        "source": {"type": "shapes", "train": 40, "dev": 6, "test": 6, "pixels": 32},
        "view": {"type": "crop_mirror"},
        "words_limit": 13,
        "captions_per_image": 2,
        "workers": 2,
    },
    "tokenizer": {"type": "word", "minimum_count": 1},
    "encoder": {"type": "tiny_cnn", "size": 32, "filters": 4, "blocks": 2, "output": "pooled"},
    "decoder": {"type": "lrcn", "units": 16, "embedding": 8, "dropout": 0.3},
    "search": {"type": "greedy"},
    "training": {
        "batch_size": 16,
        "epochs": 6,
        "optimizer": {
            "type": "adam",
            "learning_rate": 0.003,
            "global_clipnorm": 1.0,
            "ema_momentum": 0.9,
            "gradient_accumulation_steps": 2,
        },
        "schedule": {"type": "cosine", "warmup": 3},
        "scheduled_sampling": {"probability": 0.3, "over_epochs": 3},
        "monitor": "rouge_l",
        "patience": 0,
        "save_seconds": 0.001,
        "keep_state": True,
        "precision": "float32",
    },
    "evaluation": {"metrics": ["rouge_l", "cider"]},
    "stages": [
        {"training.epochs": 4},
        {
            "training.epochs": 2,
            "training.scheduled_sampling.probability": 0.0,
            "training.objective": {"type": "self_critical", "samples": 4},
        },
    ],
}


class Killer:
    """Patches training code so that this process kills itself with SIGKILL at a given moment.

    Args:
        moment: name of the moment; an empty name is never reached.
        number: how often the moment must be reached.
    """

    def __init__(self, moment: str, number: int):
        self.moment, self.remaining = moment, number

    def reach(self, moment: str) -> None:
        """Count the given moment; kill the process if it was reached `number` times."""
        if moment == self.moment:
            self.remaining -= 1
            if self.remaining == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def call_before(self, owner, name: str, moment: str, only=lambda *arguments: True) -> None:
        """Patch a function to reach a moment before each call whose arguments `only` accepts."""
        function = getattr(owner, name)

        def patched(*arguments, **options):
            if only(*arguments):
                self.reach(moment)
            return function(*arguments, **options)

        setattr(owner, name, patched)

    def call_after(self, owner, name: str, moment: str) -> None:
        """Patch a function to reach a moment after each call."""
        function = getattr(owner, name)

        def patched(*arguments, **options):
            result = function(*arguments, **options)
            self.reach(moment)
            return result

        setattr(owner, name, patched)

    def install(self) -> None:
        """Patch the training code so that it reaches the moments."""
        write_file = state.write_file
        state.write_file = lambda path, fill: write_file(
            path, lambda file: (fill(file), self.reach("state"))
        )
        self.call_before(
            state, "write_text", "pointer", only=lambda path, text: path.name == state.POINTER
        )
        self.call_after(snapshot.Snapshot, "on_train_batch_end", "step")
        self.call_before(trainer.Trainer, "_evaluate", "trained")
        self.call_before(trainer.Trainer, "_record_score", "dev")
        self.call_after(Task, "save_weights", "best")


def main() -> None:
    """Train or resume a run until it is finished or the process is killed."""
    moment, _, number = os.environ.get("LRCN_TEST_KILL", "").partition(":")
    Killer(moment, int(number or 0)).install()
    CaptionTask.has_collapsed = lambda *_: False  # a handful of epochs leaves few distinct captions
    folder = Path(sys.argv[1])
    SPEC["data"]["store"] = {"folder": str(folder.parent / "features")}
    train(config.validate(SPEC), folder, resume=True)


main()
