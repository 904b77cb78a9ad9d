"""One training process of the resume tests; `LRCN_TEST_KILL=PHASE:NUMBER` makes it kill itself at that moment."""

import os
import signal
import sys
from pathlib import Path

from lrcn_seq import config
from lrcn_seq.training import train

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
        "precision": "float32",
    },
    "evaluation": {"metrics": ["rouge_l", "cider"]},
}


def main() -> None:
    """Trains, or goes on, until done or killed."""
    phase, _, number = os.environ.get("LRCN_TEST_KILL", "").partition(":")
    left = int(number or 0)

    def pause(moment: str) -> None:
        nonlocal left
        if moment == phase:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    folder = Path(sys.argv[1])
    SPEC["data"]["store"] = {"folder": str(folder.parent / "features")}
    train(config.validate(SPEC), folder, resume=True, pause=pause)


main()
