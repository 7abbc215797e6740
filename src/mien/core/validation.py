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
    if fault["type"] == "union_tag_invalid":
        known = [tag.strip("'") for tag in fault["ctx"]["expected_tags"].split(", ")]
        return f"{where}: there is no {fault['ctx']['tag']!r}{suggest(fault['ctx']['tag'], known)}"
    if fault["type"] == "union_tag_not_found":
        return f"{where}: its name is missing"
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
    """Keys of the section that holds the key at `loc`; of several forms of it, of the one that is named."""
    sections = [model]
    for part in loc[:-1]:
        inside = [
            section
            for parent in sections
            if isinstance(part, str) and part in parent.model_fields
            for section in _sections(parent.model_fields[part].annotation)
        ]
        named = [section for section in sections if _name(section) == part]
        sections = named or inside or sections
    return list(sections[0].model_fields)


def _name(section: type[BaseModel]) -> object:
    """The fixed name of one of several forms of a section."""
    field = section.model_fields.get("name")
    return field.default if field is not None else None


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation such as `Section`, `Section | None` or `list[Section]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for part in getattr(annotation, "__args__", ()) for section in _sections(part)]
