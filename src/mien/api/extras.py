"""What the optional parts of mien need."""

from __future__ import annotations

from mien.core.errors import MienError


def need_train_extra() -> None:
    """Raise one clear line where torch is missing.

    Raises:
        MienError: The [train] extra is not installed.
    """
    if missing := _missing("torch", "timm", "accelerate", "safetensors", "optuna"):
        raise MienError(f"training needs {missing}: pip install 'mien[train]'")


def need_serve_extra() -> None:
    """Raise one clear line where the server's libraries are missing.

    Raises:
        MienError: The [serve] extra is not installed.
    """
    if missing := _missing("fastapi", "uvicorn", "python_multipart", "prometheus_client", "websockets"):
        raise MienError(f'serving needs {missing}: pip install "mien[serve]"')


def _missing(*names: str) -> str:
    """The modules that cannot be imported, in words."""
    from importlib.util import find_spec

    return ", ".join(name for name in names if find_spec(name) is None)
