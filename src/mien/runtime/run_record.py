"""``OUT.run.json``: how a table was made, so that `--resume` goes on with the same options."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien import __version__
from mien.core.errors import MienError


@dataclass(frozen=True)
class RunRecord:
    """What stands in the file.

    Attributes:
        options: Every option that changes the rows, and the model's labels and checksum.
        finished: The run came to its end; every input in the table is complete.
    """

    options: Mapping[str, Any]
    finished: bool = False

    def check_same(self, options: Mapping[str, Any]) -> None:
        """Raise where another run's options differ.

        Raises:
            MienError: Names each option that differs.
        """
        differing = [key for key in {**self.options, **options} if self.options.get(key) != options.get(key)]
        if differing:
            told = "; ".join(
                f"{key} was {self.options.get(key)!r}, now {options.get(key)!r}" for key in differing
            )
            raise MienError(f"--resume goes on with the options that the table was begun with: {told}")


def record_path(table: Path) -> Path:
    """Where the record of a table is."""
    return table.with_name(table.name + ".run.json")


def read_record(table: Path) -> RunRecord:
    """Read the record of a table.

    Raises:
        MienError: There is none, or it is damaged.
    """
    path = record_path(table)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return RunRecord(dict(content["options"]), bool(content["finished"]))
    except OSError as error:
        raise MienError(
            f"--resume: {path} is missing, so it is not known how {table} was made; "
            "use --overwrite to begin anew"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise MienError(f"{path} is damaged; use --overwrite to begin {table} anew") from error


def write_record(table: Path, record: RunRecord) -> None:
    """Write the record of a table, whole or not at all.

    Raises:
        MienError: It cannot be written.
    """
    path = record_path(table)
    half = path.with_name(path.name + ".tmp")
    content = {"mien": __version__, "finished": record.finished, "options": dict(record.options)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(half, path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise MienError(f"cannot write {path}: {error.strerror or error}") from error
