"""Where figures come from: the model, the data, the protocol and the versions behind them."""

from __future__ import annotations

import json
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from pydantic import BaseModel, Field

from mien import __version__
from mien.core.specs import Frozen


class ProtocolFacts(Frozen):
    """Who taught, who selected, who was scored.

    Attributes:
        name: Name of the protocol.
        split: The data set's own name of the split that was scored.
        select_on: The part that picked the checkpoint.
        report_on: The part that was scored.
        leaks: What the protocol leaks, one plain line each; empty for an honest one.
        sha256: Over which sample was in which part; empty where it is not known.
    """

    name: str
    split: str
    select_on: str = "unknown"
    report_on: str
    leaks: tuple[str, ...] = ()
    sha256: str = ""


class Provenance(Frozen):
    """Everything about figures that the figures do not say.

    Attributes:
        model: Public name of the model, or the file's name.
        model_sha256: Of the weight file.
        data: Registry name of the data set.
        data_hash: sha256 over the ids, labels and contents that were scored.
        protocol: Who taught, who selected, who was scored.
        selected_on: Data the checkpoint was selected on, in words.
        recipe: Name of the recipe that trained the model; empty when unknown.
        recipe_hash: Digest of that recipe.
        seeds: Training seeds.
        versions: Package name to version.
        created: UTC date of the run.
        duration_s: Time the scoring took, in seconds.
        mirrored: Whether each face was also scored as its mirror image.
        notes: Anything a reader should know, one plain line each.
    """

    model: str
    model_sha256: str = ""
    data: str
    data_hash: str = ""
    protocol: ProtocolFacts
    selected_on: str = "unknown"
    recipe: str = ""
    recipe_hash: str = ""
    seeds: tuple[int, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    created: date
    duration_s: float | None = None
    mirrored: bool = False
    notes: tuple[str, ...] = ()


def installed_versions() -> dict[str, str]:
    """Versions of what can change a figure, read without importing it; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in ("mien", "numpy", "opencv-python-headless", "onnxruntime", "torch", "timm"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def written_by_another_version(text: str, model: type[BaseModel]) -> str:
    """What to tell of a file with keys that this version's `model` does not know; empty where it has none."""
    try:
        tree = json.loads(text)
    except ValueError:
        return ""
    unknown = sorted(set(tree) - set(model.model_fields)) if isinstance(tree, dict) else []
    versions = tree.get("versions") if unknown else None
    if not isinstance(versions, dict) or "mien" not in versions:
        return ""
    return (
        f"was written by mien {versions['mien']}, and this is mien {__version__}, which does not know its "
        f"{', '.join(unknown[:3])}: read it with that version, or evaluate again"
    )
