"""Penn Treebank tokenization, equal to that of the Java program of the COCO evaluation code."""

from lrcn_seq.metrics.ptb.line_tokenizer import tokenize

__all__ = ["tokenize"]
