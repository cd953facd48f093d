"""``python -m axis`` is ``axis``."""

from __future__ import annotations

from axis.cli import main

main()
