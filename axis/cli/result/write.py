"""Put the result of a run into a folder: the page, and beside it the CSV files."""

from __future__ import annotations

from pathlib import Path

from axis.cli.result import csv_files
from axis.cli.result.figures import Result
from axis.cli.result.page import page

PAGE = "index.html"


def write(result: Result, folder: Path) -> list[Path]:
    """Write all files, each whole or not at all; the page first. OSError where that fails."""
    tables = csv_files.files(result)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _written(folder / name, text)
        for name, text in {PAGE: page(result, list(tables)), **tables}.items()
    ]


def _written(path: Path, text: str) -> Path:
    fresh = path.with_name(f"{path.name}.new")
    # Line ends are those of the text: CSV has its own.
    fresh.write_text(text, encoding="utf-8", newline="")
    fresh.replace(path)
    return path
