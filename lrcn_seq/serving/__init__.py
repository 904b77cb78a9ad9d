"""Serving of a task over HTTP: routes, batches, limits, metrics and a web page."""
