"""Recipes and examples that come with mien."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from mien.core.errors import MienError
from mien.core.recipe import Recipe, parse_recipe
from mien.core.registry import suggest


def recipe_folder() -> Path:
    """The folder of the recipes that come with mien: in the wheel, or beside src/ in a checkout."""
    installed = Path(str(files("mien") / "recipes"))
    return installed if installed.is_dir() else Path(__file__).parents[3] / "recipes"


def examples_folder() -> Path:
    """The bundled pictures: in the wheel, or beside src/ in a checkout."""
    installed = Path(str(files("mien") / "examples"))
    return installed if installed.is_dir() else Path(__file__).parents[3] / "examples" / "media"


def list_recipes() -> dict[str, Path]:
    """The recipes that come with mien, by file name without ending."""
    return {path.stem: path for path in sorted(recipe_folder().glob("*.yaml"))}


def load_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name, or from a YAML file.

    Args:
        name_or_path: One of `list_recipes`, or a path.
        overrides: Like ``train.epochs=5``.

    Raises:
        MienError: There is none, or it is not valid.
    """
    path = list_recipes().get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MienError(f"no recipe {name_or_path!r}{suggest(name_or_path, list(list_recipes()))}") from error
    return parse_recipe(text, path.name, overrides)
