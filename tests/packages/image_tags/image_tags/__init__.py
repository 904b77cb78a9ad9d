"""Image tagging for lrcn_seq: a task, a source and an evaluation of another package."""
