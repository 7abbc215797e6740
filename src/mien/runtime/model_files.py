"""Model files by name: the embedded ones (checked before use) and a user's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import Field, ValidationError

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.core.specs import Frozen
from mien.faces.model_store import sha256_of

WEIGHTS_DIR = Path(str(files("mien"))) / "weights"
"""Holds NAME.onnx and its card NAME.json for every embedded model, and their checksums in SHA256SUMS."""

_SUMS = "SHA256SUMS"


class ModelCard(Frozen):
    """What a user should know about an embedded model before relying on it.

    Attributes:
        name: Public name, e.g. ``mien-base``.
        version: Version of the weights.
        about: One line.
        method: Registry name of the method that trained it.
        labels: Label names in the order of the probabilities.
        size_px: Side of the crop that it sees.
        n_parameters: Number of weights.
        trained_on: Data, one line.
        protocol: What was trained on, selected on and reported on.
        numbers: Measured figures by what they are, e.g. ``FER2013 PublicTest accuracy``.
        limits: What it should not be used for, and where it fails; one line each.
        licence: Terms of the weights, one line.
    """

    name: str
    version: str
    about: str
    method: str
    labels: tuple[str, ...]
    size_px: int
    n_parameters: int = Field(gt=0)
    trained_on: str
    protocol: str
    numbers: dict[str, float]
    limits: tuple[str, ...]
    licence: str


def list_models() -> list[ModelCard]:
    """The cards of the embedded models, by name.

    Raises:
        MienError: A card cannot be read (a broken installation).
    """
    return [_card(path.with_suffix(".json")) for path in sorted(WEIGHTS_DIR.glob("*.onnx"))]


def find_model(name_or_path: str | Path) -> Path:
    """The file of a model.

    Args:
        name_or_path: Name of an embedded model, or the path of an ONNX file.

    Returns:
        An existing file; an embedded one has its right checksum.

    Raises:
        MienError: Neither a known name nor a file, or an embedded model that is damaged.
    """
    known = [path.stem for path in sorted(WEIGHTS_DIR.glob("*.onnx"))]
    if str(name_or_path) in known:
        return _verified(WEIGHTS_DIR / f"{name_or_path}.onnx")
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.is_dir():
        raise MienError(f"{path}: is a folder; a model is one .onnx file")
    if path.suffix.lower() == ".onnx" or len(path.parts) > 1:
        raise MienError(f"{path}: there is no such model file")
    raise MienError(
        f"unknown model {str(name_or_path)!r}{suggest(str(name_or_path), known)}, and no file of that name"
    )


def _verified(path: Path) -> Path:
    """An embedded file whose checksum is right."""
    try:
        lines = (path.parent / _SUMS).read_text(encoding="utf-8").splitlines()
        sums = {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if line.strip())}
        found = sha256_of(path)
    except (OSError, ValueError) as error:
        raise MienError(f"{path}: its checksum cannot be read from {_SUMS}; reinstall mien") from error
    if sums.get(path.name) != found:
        raise MienError(f"{path}: the file is damaged or truncated (wrong checksum); reinstall mien")
    return path


def _card(path: Path) -> ModelCard:
    try:
        return ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise MienError(f"{path}: the model's card is missing or not valid; reinstall mien") from error
