"""The embedded models: NAME.onnx, its card NAME.json, trainable weights NAME.safetensors, and SHA256SUMS."""

from __future__ import annotations

from pathlib import Path

from mien.core.errors import MienError
from mien.faces.model_store import sha256_of

WEIGHTS_DIR = Path(__file__).parent
SUMS = "SHA256SUMS"


def checked(path: Path) -> Path:
    """An embedded file whose checksum is right.

    Raises:
        MienError: It is damaged, or its checksum cannot be read.
    """
    try:
        lines = (path.parent / SUMS).read_text(encoding="utf-8").splitlines()
        sums = {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if line.strip())}
        found = sha256_of(path)
    except (OSError, ValueError) as error:
        raise MienError(f"{path}: its checksum cannot be read from {SUMS}; reinstall mien") from error
    if sums.get(path.name) != found:
        raise MienError(f"{path}: the file is damaged or truncated (wrong checksum); reinstall mien")
    return path
