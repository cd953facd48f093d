"""What holds for every test: how long a machine may take proves nothing about the code."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# An example that takes 200 milliseconds, or ten that take a second to draw, fail by default: on a
# busy machine any does now and then. What is slow shows in the whole run.
settings.register_profile("axis", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("axis")
