"""What the optional parts of mien need."""

from __future__ import annotations

from mien.core.errors import MienError


def need_train_extra() -> None:
    """Raise one clear line where torch is missing.

    Raises:
        MienError: The [train] extra is not installed.
    """
    from importlib.util import find_spec

    missing = [
        name for name in ("torch", "timm", "accelerate", "safetensors", "optuna") if find_spec(name) is None
    ]
    if missing:
        raise MienError(f"training needs {', '.join(missing)}: pip install 'mien[train]'")
