"""Recorded traffic played again, by agencies that do and say what the record has."""
