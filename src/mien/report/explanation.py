"""The explanation of a model: one npz of arrays, a png for each figure, one self-contained html page."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import numpy as np

from mien.core.errors import MienError
from mien.explain.records import HOWS, Explanation, Picture
from mien.report.page import check_writable, render, write_text

MOST_SHOWN = 60
"""Figures of one section on the page; files are written of all."""

READING = {
    "gradcam": "Red is where the maps of a layer, weighed by the gradient of the class's score, speak for "
    "the class; blue is the least of each picture, not nothing. Where a map is blue throughout, nothing in "
    "it speaks for the class. A map says what the score depends on in this layer, not that it is right to.",
    "attention": "The weights by which the method itself multiplies its maps, from the least (blue) to the "
    "largest (red) of each picture. They do not depend on the class, and a place that is attended to "
    "need not decide.",
    "occlusion": "Red is where hiding a window lowers the probability of the class the most; where hiding "
    "raises it or changes nothing is blue. A hole in a picture is itself something that the model has not "
    "learnt.",
    "embedding": "Every point is a face, by what the classifier sees of it. A layout in two dimensions "
    "distorts: groups that it parts may be close, and another seed gives another picture.",
    "latents": "Each face is put to the latent feature that weighs most in it, by the method's own weights.",
    "similarity": "Each face's similarity to the vector of each class, as the method gives it. The better "
    "two histograms are apart, the better that vector alone tells its class.",
}
"""How to read each kind, and what it does not say."""


def write_explanation(explanation: Explanation, folder: Path) -> list[Path]:
    """Write ``HOW.html``, ``HOW.npz`` and the figures.

    Args:
        explanation: What to write.
        folder: Is made where it does not exist; earlier files of the same kind are replaced.

    Returns:
        The files, the page first.

    Raises:
        MienError: The folder cannot be written.
    """
    pages = [folder / f"{explanation.how}.html", folder / f"{explanation.how}.npz"]
    write_text(pages[0], explanation_html(explanation))
    pictures = [picture for section in explanation.sections for picture in section.pictures]
    figures = [folder / f"{picture.name}.png" for picture in pictures]
    try:
        unfinished = folder / f"{explanation.how}.part.npz"
        np.savez_compressed(unfinished, allow_pickle=False, **explanation.arrays)
        os.replace(unfinished, pages[1])
        for path, picture in zip(figures, pictures, strict=True):
            path.write_bytes(picture.png)
    except OSError as error:
        raise MienError(f"cannot write into {folder}: {error.strerror or error}") from error
    return [*pages, *figures]


def explanation_html(explanation: Explanation) -> str:
    """The page as text."""
    return render(
        "explanation.html.j2",
        {
            "found": explanation,
            "about": HOWS[explanation.how],
            "reading": READING[explanation.how],
            "sections": [
                {
                    "title": section.title,
                    "said": section.said,
                    "table": section.table,
                    "n": len(section.pictures),
                    "pictures": [
                        {"uri": _data_uri(picture), "caption": picture.caption}
                        for picture in section.pictures[:MOST_SHOWN]
                    ],
                }
                for section in explanation.sections
            ],
        },
    )


def check_folder(folder: Path) -> None:
    """Find out now, not after the work, that a folder cannot be written.

    Raises:
        MienError: It cannot.
    """
    check_writable(folder / "explanation.html")


def _data_uri(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")
