"""What differs between recipes and changes the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mien.core.recipe import Recipe


def differing(before: Recipe, now: Recipe) -> dict[str, tuple[object, object]]:
    """What differs between two recipes and changes the numbers: dotted key -> (before, now)."""
    old, new = dotted(before.facts()), dotted(now.facts())
    return {
        key: (old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    }


def dotted(tree: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Nested mappings as one flat one: {"a": {"b": 1}} -> {"a.b": 1}."""
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= dotted(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
