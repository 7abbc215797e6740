"""Items that need data but no training: pictures counted by class, or drawn before and after preparation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.records import Sample
from mien.report.published import PublishedItem
from mien.reproduce.item import Counted, Item, Pictured
from mien.reproduce.laying import Part, exact, lay
from mien.reproduce.runs import Runner, Unavailable
from mien.reproduce.scale import Scaled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOTAL = "total"
CLOUD_PX = 200
"""Points along the longer side of a cloud that is drawn."""
_EIGHT = 8


def count(way: Counted, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """Pictures of each class, counted in the data themselves."""
    from mien.plots.bars import BarPanel, bars_figure

    part = Part()
    rows: dict[str, dict[str, float | None]] = {}
    for row, recipe in way.each.items():
        chosen = _chosen(recipe, runner, part)
        if chosen is not None:
            try:
                rows[row] = dict(class_counts(chosen, runner))
            except Unavailable as error:
                part.missing.append(str(error))
    if not rows and not printed.rows:
        return part
    table = lay(printed, exact(rows), unmeasured="not counted").model_copy(
        update={"decimals": 0, "unit": printed.unit or "pictures"}
    )
    part.tables.append(table)
    panels = []
    names = [column for column in table.columns if column != TOTAL]
    for line in table.lines:
        cells = [table.cell(line.name, name) for name in names]
        series = {
            "published": [cell.published for cell in cells],
            "counted": [cell.measured and cell.measured.value for cell in cells],
        }
        kept = {name: values for name, values in series.items() if any(v is not None for v in values)}
        if kept:
            panels.append(BarPanel(line.name, names, kept))
    if panels:
        part.figures[item.id] = bars_figure(panels, "pictures")
    return part


def class_counts(chosen: Scaled, runner: Runner) -> dict[str, int]:
    """Samples of each class that a recipe teaches with, or divides into folds, and their total.

    Raises:
        Unavailable: The data are not here.
    """
    recipe = chosen.recipe
    samples, labels = _samples(recipe, chosen, runner)
    found = np.bincount([s.label for s in samples], minlength=len(labels))
    protocol = recipe.data.protocol
    times = _EIGHT if protocol is not None and getattr(protocol, "eightfold", "") == "before_split" else 1
    counts = {name: int(n) * times for name, n in zip(labels, found, strict=True)}
    return {**counts, TOTAL: sum(counts.values())}


def picture(way: Pictured, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """One sample before and after mien's own preparation."""
    part = Part()
    chosen = _chosen(way.recipe, runner, part)
    if chosen is None:
        return part
    try:
        samples, _ = _samples(chosen.recipe, chosen, runner)
        part.faces[item.id] = _depth(samples) if way.what == "depth" else _alignment(samples, chosen, runner)
    except Unavailable as error:
        part.missing.append(str(error))
    return part


def _chosen(recipe: str, runner: Runner, part: Part) -> Scaled | None:
    chosen = runner.scaled(recipe)
    if chosen is None:
        part.missing.append(f"no small recipe stands for {recipe}")
    else:
        part.told += chosen.told
    return chosen


def _samples(recipe: Recipe, chosen: Scaled, runner: Runner) -> tuple[list[Sample], tuple[str, ...]]:
    """The labelled samples of a recipe's training split, and their labels."""
    from mien.engine.packing import labelled, read_dataset

    dataset = read_dataset(recipe, runner.root(chosen))
    return labelled(dataset.split(recipe.data.train_split)), dataset.labels.names


def _depth(samples: list[Sample]) -> Figure:
    """The picture and the depth of the first sample that has some; of a scan its cloud and mesh too.

    Raises:
        MienError: No sample has depth.
    """
    from mien.data.depth import SURFACE_ENDINGS, read_depth
    from mien.data.pictures import read_picture
    from mien.data.point_cloud import point_cloud
    from mien.data.surfaces import read_surface
    from mien.plots.pictures import depth_figure
    from mien.plots.point_cloud import cloud_figure

    sample = next((s for s in samples if s.depth is not None), None)
    if sample is None or sample.depth is None:
        raise MienError("none of these samples has depth, so there is nothing to draw")
    image = read_picture(sample.image)
    if not isinstance(sample.depth, Path) or sample.depth.suffix.lower() not in SURFACE_ENDINGS:
        return depth_figure(image, read_depth(sample.depth, sample.depth_unit_mm, image))
    surface = read_surface(sample.depth, image, unit_mm=sample.depth_unit_mm)
    step = max(1, round(max(surface.depth_mm.shape) / CLOUD_PX))
    cloud = point_cloud(surface.depth_mm, surface.camera, surface.image, step=step)
    return cloud_figure(surface.image, surface.depth_mm, cloud.points, cloud.colours, cloud.faces)


def _alignment(samples: list[Sample], chosen: Scaled, runner: Runner) -> Figure:
    """The first sample as it comes, and as the model sees it."""
    from mien.data.crops import cropper_for
    from mien.data.pictures import read_picture
    from mien.engine.packing import read_dataset
    from mien.methods import METHODS, parse_params
    from mien.plots.pictures import pictures_figure

    recipe = chosen.recipe
    params = parse_params(recipe.method.name, recipe.method.params)
    spec = recipe.input or METHODS[recipe.method.name].input_for(params)
    faces = "find" if spec.align is not None else "auto"
    crop, found = cropper_for(read_dataset(recipe, runner.root(chosen)), spec, faces)(samples[0])
    title = f"aligned, {spec.size_px} px" if found else f"no face found, middle, {spec.size_px} px"
    return pictures_figure(
        {"as it comes": read_picture(samples[0].image), title: crop[..., :3].astype(np.uint8)}, 2, 3
    )
