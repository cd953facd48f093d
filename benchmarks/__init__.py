"""Measurements: ratios of one run, interleaved, with their spread."""
