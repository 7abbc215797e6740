"""What an explanation consists of: arrays, figures of them, and what to know when reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

HOWS = {
    "gradcam": "Grad-CAM: which places of a layer's maps speak for the class, from its gradient",
    "attention": "the method's own attention maps or masks (DAN, DDAMFN, EMMA on them, RGB-D fusion)",
    "occlusion": "how far the class's probability falls when a window hides each place; any model, also ONNX",
    "embedding": "features before the classifier, laid out by t-SNE or UMAP, with their variances",
    "latents": "images by their heaviest latent feature, and the mean weights of each class (FDRL)",
    "similarity": "histograms of the similarity to each class's vector (EMMA)",
}
"""Kinds of explanations, one line each."""

MAP_HOWS = ("gradcam", "attention", "occlusion")
"""Those that give a map of a face; the others look at a labelled set."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure.

    Attributes:
        name: Stem of its file.
        png: The file.
        caption: What it shows, for people who do not see it too.
    """

    name: str
    png: bytes
    caption: str


@dataclass(frozen=True)
class Table:
    """Numbers in words: column names, and rows that begin with their name."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the page.

    Attributes:
        title: Above it.
        said: One or two sentences below the title.
        pictures: Its figures.
        table: Its numbers; None without.
    """

    title: str
    said: str = ""
    pictures: tuple[Picture, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything that is written.

    Attributes:
        how: A key of `HOWS`.
        model: Name of the model.
        sections: Parts of the page.
        arrays: What the figures were made of, by name.
        facts: Where it comes from, by name.
        notes: What was left out or could not be read, one line each.
    """

    how: str
    model: str
    sections: tuple[Section, ...]
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
