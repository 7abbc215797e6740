"""Model files by name: the embedded ones (checked before use) and a user's own."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.core.specs import Frozen
from mien.weights import WEIGHTS_DIR, checked


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


def find_card(name: str) -> ModelCard:
    """The card of an embedded model.

    Raises:
        MienError: There is none of that name.
    """
    cards = {card.name: card for card in list_models()}
    if name not in cards:
        raise MienError(f"unknown model {name!r}{suggest(name, list(cards))}")
    return cards[name]


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
        return checked(WEIGHTS_DIR / f"{name_or_path}.onnx")
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


def _card(path: Path) -> ModelCard:
    try:
        return ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise MienError(f"{path}: the model's card is missing or not valid; reinstall mien") from error
