"""Structured logs: on stderr, of a process that serves as JSON lines."""

from __future__ import annotations

import logging
import sys

import structlog


def log_aside() -> None:
    """Leave stdout to what a command tells, as it may be JSON; lines stay as people read them."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def log_as_json() -> None:
    """Write every line as one JSON object from now on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # While a broker is away the library says so many times a second; the relay says it as well.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
