"""mien: facial-expression analysis, training and honest evaluation.

Importing this package loads nothing heavy; the names below are fetched on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Model": "mien.runtime.model",
    "create_method": "mien.api",
    "evaluate": "mien.api",
    "fit": "mien.api",
    "live": "mien.api",
    "load": "mien.api",
}

__all__ = ["Model", "create_method", "evaluate", "fit", "live", "load"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mien' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
