"""Which samples belong together, so that a protocol never parts them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from mien.core.errors import MienError
from mien.core.protocol_choice import Group
from mien.core.records import Sample
from mien.data.hashing import content_hash
from mien.data.pictures import read_picture

GroupKey = Callable[[Sample], Hashable]
SHOWN = 3


def content_key(sample: Sample) -> str:
    """Equal for samples with equal pixels."""
    return content_hash(read_picture(sample.image))


def grouping(samples: Sequence[Sample]) -> tuple[GroupKey, str]:
    """Subjects stay together where all are known; else exact copies of a picture do."""
    if all(s.subject is not None for s in samples):
        return lambda s: s.subject, "subject"
    return content_key, "copies of a picture"


def group_key(group: Group, samples: Sequence[Sample]) -> GroupKey:
    """The key of what a protocol keeps together.

    Args:
        group: What that is.
        samples: All that will be asked for.

    Raises:
        MienError: The subject or sequence of a sample is not known.
    """
    if group == "image":
        return lambda s: s.id
    if group == "copies":
        keys = {s.id: content_key(s) for s in samples}
        return lambda s: keys[s.id]
    unknown = [s.id for s in samples if getattr(s, group) is None]
    if unknown:
        raise MienError(
            f"group: {group} needs the {group} of every sample, but {len(unknown):,} of {len(samples):,} "
            f"have none ({some(unknown)}): leave them out, or take another group"
        )
    return lambda s: getattr(s, group)


def some(names: Sequence[str]) -> str:
    """The first few of some names."""
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
