"""mien: facial-expression analysis, training and honest evaluation.

Importing this package loads nothing heavy; the names below are fetched on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

__all__ = ["Model", "create_method", "evaluate", "fit", "load"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("mien.api"), name)
    raise AttributeError(f"module 'mien' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
