"""Class names as people write them, and the label space that a set of them makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mien.core.errors import MienError
from mien.core.labels import BASIC8, COMPOUND11, LabelSpace

ALIASES: Mapping[str, str] = {
    "angry": "anger",
    "disgusted": "disgust",
    "contemptuous": "contempt",
    "afraid": "fear",
    "fearful": "fear",
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "smiling": "happiness",
    "surprised": "surprise",
}
"""Common spellings of the basic emotions, lower case; upper case and blanks around a name do not matter."""

_KNOWN = {name: name for name in (*BASIC8.names, *COMPOUND11.names)} | dict(ALIASES)


def canonical(name: str) -> str | None:
    """The canonical name of an emotion however it is spelt; None for anything else."""
    return _KNOWN.get(name.strip().lower().replace(" ", "_").replace("-", "_"))


def own_label_space(names: Iterable[str], source: str) -> tuple[LabelSpace, dict[str, int]]:
    """The label space of a user's own classes, and the integer of each name in it.

    Where all names are basic emotions, or all are compound ones, the label space holds their canonical names;
    else it holds the names as they are. Alphabetical either way.

    Args:
        names: Class names as written, at least two different ones.
        source: Where they were found, for errors.

    Raises:
        MienError: Fewer than two classes, or two spellings of one emotion.
    """
    written = sorted(set(names))
    if len(written) < 2:
        raise MienError(f"{source}: expected at least two classes, got {', '.join(written) or 'none'}")
    canonicals = [canonical(name) for name in written]
    for space in (BASIC8, COMPOUND11):
        if all(c in space.names for c in canonicals):
            labels = LabelSpace(tuple(sorted({c for c in canonicals if c})), space.kind)
            break
    else:
        labels, canonicals = LabelSpace(tuple(written), "mixture"), list(written)
    if len(labels) < len(written):
        raise MienError(f"{source}: some classes are two spellings of one emotion: {', '.join(written)}")
    return labels, {name: labels.index(str(c)) for name, c in zip(written, canonicals, strict=True)}
