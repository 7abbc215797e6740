"""Where the data sets of an item are: folders given by name, or the parent that ``MIEN_DATA_ROOT`` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.data.datasets import data_root


@dataclass(frozen=True)
class Roots:
    """Folders of data sets.

    Attributes:
        named: Set -> folder.
        single: The folder given without a name, for an item that needs one set.
    """

    named: Mapping[str, Path] = field(default_factory=dict)
    single: Path | None = None

    def find(self, name: str) -> Path:
        """The folder of a set.

        Raises:
            MienError: It was not given, or is not there.
        """
        return data_root(name, self.named.get(name, self.single))


def parse_roots(words: Sequence[str], needed: Sequence[str]) -> Roots:
    """Roots as the command line takes them.

    Args:
        words: ``NAME=DIR``, or one ``DIR`` where one set is needed.
        needed: The sets of the item. Two of which one is a part of the other, such as ``rafdb`` and
            ``rafdb-compound``, share their folder and count as one.

    Raises:
        MienError: A name that is not needed, two folders for one set, or a folder that may be any of several.
    """
    named: dict[str, Path] = {}
    single: Path | None = None
    for word in words:
        name, equals, folder = word.partition("=")
        if equals and (name in needed or not Path(word).exists()):
            if name not in needed:
                raise MienError(f"--data-root {word}: no set {name!r} is needed{suggest(name, list(needed))}")
            if name in named:
                raise MienError(f"--data-root gives {name} twice")
            named[name] = Path(folder)
        elif single is not None:
            raise MienError(f"--data-root: say which set each folder is, for example {needed[0]}={word}")
        else:
            single = Path(word)
    shortest = min(needed, key=len, default="")
    if single is not None and any(name != shortest and not name.startswith(shortest) for name in needed):
        raise MienError(
            f"--data-root {single} may be any of {', '.join(needed)}: say which, for example "
            f"--data-root {needed[0]}={single}"
        )
    return Roots(named, single)
