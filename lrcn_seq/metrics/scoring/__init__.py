"""Scores of whole systems: score functions, significance, caption files and tables."""
