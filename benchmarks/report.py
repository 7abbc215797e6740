"""What a benchmark writes: its figures, and the machine that they were measured on."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

PROCESSORS = len(os.sched_getaffinity(0))


def machine() -> dict[str, object]:
    """What it ran on."""
    told = {"system": platform.platform(), "python": platform.python_version(), "processors": PROCESSORS}
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told["model"] = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
        flags = next(line for line in lines if line.startswith("flags")).split()
        told["has"] = [
            flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8") if flag in flags
        ]
    except (OSError, StopIteration):
        told["model"] = platform.processor()
    return told


def write_report(path: Path | None, figures: object) -> None:
    """Write figures with their machine; nothing without a path."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "figures": figures}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
