"""Simulated agencies: they send, take, check and answer like real ones."""
