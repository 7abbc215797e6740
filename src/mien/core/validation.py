"""What pydantic found wrong, as one line that a person can act on."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mien.core.registry import suggest


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Up to three faults of a validation on one line, unknown keys first: a typo also leaves a key missing.

    Args:
        error: What pydantic raised.
        model: The model that was validated; an unknown key is answered with the nearest key beside it.
    """
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    return "; ".join(_fault(fault, model) for fault in faults[:3])


def _fault(fault: ErrorDetails, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        beside = _keys_beside(fault["loc"], model)
        return f"{where}: there is no such key{suggest(str(fault['loc'][-1]), beside)}"
    if fault["type"] == "missing":
        return f"{where}: is missing"
    said = fault["msg"].removeprefix("Value error, ")
    if not isinstance(fault["input"], dict | BaseModel):  # a whole section would drown the line
        said += f", got {fault['input']!r}"
    return f"{where}: {said}" if where else said


def _keys_beside(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """Keys of the section that holds the key at `loc`."""
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _section(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _section(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `Section`, `Section | None` or `list[Section]`."""
    inside = (annotation, *getattr(annotation, "__args__", ()))
    return next((a for a in inside if isinstance(a, type) and issubclass(a, BaseModel)), None)
