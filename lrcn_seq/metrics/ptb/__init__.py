"""Penn Treebank tokenization, equal to the Java program of the COCO evaluation code."""

from lrcn_seq.metrics.ptb.line_tokenizer import tokenize

__all__ = ["tokenize"]
