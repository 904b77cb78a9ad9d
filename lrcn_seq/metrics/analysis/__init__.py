"""Evaluations that are not caption metrics: classification, retrieval and diversity."""
