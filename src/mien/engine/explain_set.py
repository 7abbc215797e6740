"""What a model makes of a labelled set: embedding, latent features, similarities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.engine.evaluate import TestPart
from mien.engine.explain_faces import colour_of
from mien.explain.latents import class_means, group_counts, latent_groups
from mien.explain.records import Picture, Section, Table
from mien.explain.similarity import similarity_histograms
from mien.metrics.class_variance import ClassVariance, class_variance
from mien.plots.class_values import class_values_figure
from mien.plots.embedding import embedding_figure
from mien.plots.overlay import SheetRow, sheet
from mien.plots.png import figure_png, picture_png
from mien.plots.similarity import similarity_figure

Arrays = dict[str, NDArray[Any]]
SHOWN = 8
"""Faces of each latent feature that are shown."""


def embedding_section(
    layouts: Mapping[str, NDArray[np.float32]], truth: NDArray[np.int64], labels: Sequence[str], how: str
) -> tuple[Section, Arrays]:
    """Layouts of one or several checkpoints, with the variances of EMMA's Table 3.

    Args:
        layouts: Name of the checkpoint -> [N, 2].
        truth: [N].
        labels: K names.
        how: Of the layout, in words.
    """
    variances = {name: class_variance(points, truth, len(labels)) for name, points in layouts.items()}
    figure = Picture(
        "embedding",
        figure_png(embedding_figure(layouts, truth, labels)),
        f"{how} of the features of {len(truth)} faces, one colour and mark for each class",
    )
    arrays: Arrays = {"truth": truth, "labels": np.array(labels)}
    for name, points in layouts.items():
        arrays[f"layout {name}"] = points
        arrays[f"intra {name}"] = np.array(
            [np.nan if v is None else v for v in variances[name].intra], dtype=np.float64
        )
        inter = variances[name].inter
        arrays[f"inter {name}"] = np.array(np.nan if inter is None else inter)
    said = (
        "Near points have similar features; distances between far groups and the axes mean nothing. "
        "The table: mean squared distance of a class's points to their mean, and of the classes' means to "
        "the mean of those. It depends on the layout's scale, so compare it only between equal numbers of "
        "faces and one seed."
    )
    return Section(f"Features by {how}", said, (figure,), _variance_table(variances, labels)), arrays


def _variance_table(variances: Mapping[str, ClassVariance], labels: Sequence[str]) -> Table:
    def cell(value: float | None) -> str:
        return "no faces" if value is None else f"{value:.1f}"

    n = next(iter(variances.values())).n
    rows = [
        (label, str(n[k]), *(cell(found.intra[k]) for found in variances.values()))
        for k, label in enumerate(labels)
    ]
    rows.append(("inter-class", str(sum(n)), *(cell(found.inter) for found in variances.values())))
    return Table(("variance", "faces", *variances), tuple(rows))


def latents_section(
    weights: NDArray[np.float32], part: TestPart, labels: Sequence[str]
) -> tuple[list[Section], Arrays]:
    """FDRL's Figure 3, faces by their heaviest latent feature, and Figure 6, the mean weights of each class.

    Args:
        weights: [N, M].
        part: Crops and truth of the same N faces.
        labels: K names.
    """
    groups, means = latent_groups(weights), class_means(weights, part.truth, len(labels))
    names = [str(j + 1) for j in range(weights.shape[1])]
    rows = [
        SheetRow(f"latent {name} ({len(places)})", tuple(colour_of(part.crops[i]) for i in places[:SHOWN]))
        for name, places in zip(names, groups, strict=True)
    ]
    heaviest = Picture(
        "latents-groups",
        picture_png(sheet(rows, cell_px=96)),
        "Faces whose heaviest latent feature it is, the heaviest first; in brackets how many there are",
    )
    mean = Picture(
        "latents-classes",
        figure_png(class_values_figure(means, labels, names, "mean weight")),
        "Mean weight of each latent feature, by class",
    )
    counts = group_counts(weights, part.truth, len(labels))
    empty = [name for name, places in zip(names, groups, strict=True) if len(places) == 0]
    said = f"No face has latent {', '.join(empty)} as its heaviest." if empty else ""
    table = Table(
        ("latent", "faces", *labels),
        tuple(
            (name, str(row.sum()), *(str(n) for n in row)) for name, row in zip(names, counts, strict=True)
        ),
    )
    arrays: Arrays = {
        "weights": weights,
        "truth": part.truth,
        "labels": np.array(labels),
        "id": np.array(part.ids),
        "heaviest": weights.argmax(1),
        "mean_weights": means,
    }
    return [
        Section("Faces of each latent feature", said, (heaviest,), table),
        Section("Mean weights of each class", "", (mean,)),
    ], arrays


def similarity_section(
    similarity: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[str]
) -> tuple[Section, Arrays]:
    """Histograms of the similarity to each class's vector.

    Args:
        similarity: [N, K].
        truth: [N].
        labels: K names.
    """
    found = similarity_histograms(similarity, truth)
    means = class_means(similarity, truth, len(labels))
    figure = Picture(
        "similarity",
        figure_png(similarity_figure(found.edges, found.counts, labels)),
        "Similarity of the faces to each class's vector: faces of that class against all others",
    )
    rows = tuple(
        (label, *("no faces" if np.isnan(value) else f"{value:.2f}" for value in means[k]))
        for k, label in enumerate(labels)
    )
    arrays: Arrays = {
        "similarity": similarity,
        "truth": truth,
        "labels": np.array(labels),
        "edges": found.edges,
        "counts": found.counts,
    }
    said = "Below: the mean similarity of the faces of each class (rows) to each vector (columns)."
    table = Table(("class", *labels), rows)
    return Section("Similarity to each class's vector", said, (figure,), table), arrays
