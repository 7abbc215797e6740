"""Items that need no data: computed by the code that the networks, schedules and readers themselves use."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mien import api
from mien.report.published import PublishedItem, load_published
from mien.report.reproduction import Listing, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from mien.core.recipe import Recipe

SLOPES = (0.0, 0.1, 0.5, 1.0)
"""Negative slopes of EMMA's Figure 5."""

CALD_SAMPLES = 8_716
"""Pictures of CalD3r and MenD3s together; four fifths teach in each fold."""


@dataclass(frozen=True)
class Demonstration:
    """What was computed.

    Attributes:
        tables: Numbers.
        listings: Words.
        figures: Name of the file without ending -> figure.
    """

    tables: tuple[Table, ...] = ()
    listings: tuple[Listing, ...] = ()
    figures: dict[str, Figure] = field(default_factory=dict)


def _printed(paper: str, item: str) -> PublishedItem:
    return load_published(paper).items[item]


def _face(side_px: int) -> NDArray[np.uint8]:
    """The bundled neutral face, grey."""
    import cv2

    from mien.data.pictures import read_picture, to_grey

    picture = to_grey(read_picture(api.examples_folder() / "synthetic_neutral.webp"))
    return cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_AREA)


def padding(layers: int = 5, side_px: int = 56) -> Demonstration:
    """ARM, Figure 1: what is left of an even picture at border and corner after padded 3x3 convolutions."""
    import torch
    import torch.nn.functional as F

    from mien.plots.pictures import pictures_figure
    from mien.reproduce.laying import exact, lay

    kernel = torch.full((1, 1, 3, 3), 1 / 9)
    even, face = torch.ones(1, 1, side_px, side_px), torch.from_numpy(_face(side_px)).float()[None, None]
    rows: dict[str, dict[str, float | None]] = {}
    panels = {"before": _bytes(face)}
    for layer in range(1, layers + 1):
        even, face = (F.conv2d(x, kernel, padding=1) for x in (even, face))
        row = even[0, 0, 0]
        middle = side_px // 2
        rows[f"after {layer}"] = {
            "corner": float(row[0]),
            "edge": float(row[middle]),
            "middle": float(even[0, 0, middle, middle]),
            "eroded pixels of 7x7 (number)": _eroded(layer),
        }
        panels[f"after {layer}"] = _bytes(face)
    printed = _printed("arm", "figure1")
    table = lay(
        printed, exact(rows), "What a mean of 3x3 with zeros around leaves of an even picture of ones"
    )
    table = table.model_copy(update={"decimals": 3})
    return Demonstration((table,), figures={"figure1": pictures_figure(panels, n_columns=3)})


def _eroded(layers: int, side: int = 7) -> int:
    """Pixels of a small map, such as a ResNet's last one, that the zeros around it have reached."""
    import torch
    import torch.nn.functional as F

    even = torch.ones(1, 1, side, side, dtype=torch.float64)
    for _ in range(layers):
        even = F.conv2d(even, torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64), padding=1)
    return int((even < 1 - 1e-9).sum())


def _bytes(x: Tensor) -> NDArray[np.uint8]:
    return x.numpy()[0, 0].round().clip(0, 255).astype(np.uint8)


def perception_bias() -> Demonstration:
    """ARM, Figure 4: how many windows see each pixel, on 7x7 as printed and on the map that ARM makes."""
    import torch

    from mien.methods.arm import DeAlbino, FeatureArrangement, coverage
    from mien.plots.pictures import maps_figure
    from mien.reproduce.laying import exact, lay, numbered

    printed = _printed("arm", "figure4")
    small, large = coverage(7, 3, 1), coverage(112, 32, 8)
    rows = {
        name: numbered(printed.columns, row.tolist()) for name, row in zip(printed.rows, small, strict=True)
    }
    arranged = FeatureArrangement(512, 16)(torch.zeros(1, 512, 7, 7))
    seen = DeAlbino(32, 8)(arranged)
    sizes = {
        "after arrangement (2 channels)": arranged,
        "after de-albino (2 channels)": seen,
        "representation (channels averaged)": seen.mean(1),
    }
    listing = Listing(
        title="The maps of ARM behind a ResNet-18, whose last map is 512 x 7 x 7",
        columns=("map", "side", "values"),
        rows=tuple((name, str(x.shape[-1]), str(x[0].numel())) for name, x in sizes.items()),
    )
    figure = maps_figure(
        {
            "7 x 7, kernel 3, stride 1": small.double().numpy(),
            "112 x 112, kernel 32, stride 8": large.double().numpy(),
        },
        "windows",
    )
    return Demonstration((lay(printed, exact(rows)),), (listing,), {"figure4": figure})


def kernel_coverage() -> Demonstration:
    """ARM, Figure 6: how much oftener de-albino sees the middle of a 7x7 map than its corner, by kernel."""
    from mien.methods.arm import coverage
    from mien.plots.lines import Curve, lines_figure
    from mien.reproduce.laying import exact, lay

    kernels = range(1, 8)
    maps = [coverage(7, k, 1) for k in kernels]
    ratios = [float(m[3, 3] / m[0, 0]) for m in maps]
    rows = {
        f"kernel_{k}": {
            "middle over corner (times)": ratio,
            "values to the classifier (number)": 512.0 * (8 - k) ** 2,
        }
        for k, ratio in zip(kernels, ratios, strict=True)
    }
    table = lay(
        _printed("arm", "figure6"), exact(rows), "How often a kernel sees the middle of 7x7, over its corner"
    )
    curve = Curve("middle over corner", list(kernels), ratios)
    figure = lines_figure(
        [curve], "side of the kernel (pixels)", "windows of the middle over those of the corner"
    )
    return Demonstration((table,), figures={"figure6-coverage": figure})


def leaky_cosines() -> Demonstration:
    """EMMA, Figure 5: Leaky ReLU of the cosine of an angle from 0 to pi."""
    import torch
    import torch.nn.functional as F

    from mien.plots.lines import Curve, lines_figure
    from mien.reproduce.laying import exact, lay

    angles = torch.linspace(0, math.pi, 181, dtype=torch.float64)
    told = {"0": 0, "60": 60, "90": 90, "120": 120, "180": 180}
    curves, rows = [], {}
    for slope in SLOPES:
        values = F.leaky_relu(torch.cos(angles), slope)
        curves.append(Curve(f"NS = {slope:g}", np.rad2deg(angles.numpy()).tolist(), values.tolist()))
        rows[f"NS {slope:g}"] = {f"{name} degrees": float(values[place]) for name, place in told.items()}
    table = lay(_printed("emma", "figure5"), exact(rows)).model_copy(update={"decimals": 3})
    figure = lines_figure(curves, "angle (degrees)", "Leaky ReLU of its cosine", marks=False)
    return Demonstration((table,), figures={"figure5": figure})


def patches() -> Demonstration:
    """MFF-CNN, Figure 3: where the sixteen patches lie, read off a picture of its own coordinates."""
    import torch

    from mien.methods.mff_cnn import N_PATCHES, PATCH_PX, SIDE_PX, segment
    from mien.plots.pictures import pictures_figure
    from mien.reproduce.laying import exact, lay

    rows, columns = torch.meshgrid(torch.arange(SIDE_PX), torch.arange(SIDE_PX), indexing="ij")
    places = segment(torch.stack([rows, columns])[None].float())  # [16, 2, 24, 24]
    found: dict[str, dict[str, float | None]] = {}
    for i, patch in enumerate(places):
        low, high = patch.amin((1, 2)), patch.amax((1, 2))
        names = ("first row", "last row", "first column", "last column")
        values = (low[0], high[0], low[1], high[1])
        found[f"patch {i + 1}"] = {f"{n} (px)": float(v) for n, v in zip(names, values, strict=True)}
    face = _face(SIDE_PX)
    cut = segment(torch.from_numpy(face)[None, None])
    title = f"{N_PATCHES} patches of {PATCH_PX} px in {SIDE_PX} px, counted from 0"
    table = lay(_printed("mff_cnn", "figure3"), exact(found), title).model_copy(update={"decimals": 0})
    panels = {f"{i + 1}": patch[0].numpy() for i, patch in enumerate(cut)}
    figures = {"figure3-face": pictures_figure({"whole": face}), "figure3": pictures_figure(panels, 4, 1.3)}
    return Demonstration((table,), figures=figures)


def one_cycle() -> Demonstration:
    """RGB-D thesis, Figure 3.7: the rate of every step of a training, by mien's own schedule."""
    from mien.engine.schedule import lr_at
    from mien.plots.lines import Curve, lines_figure

    recipe, steps_per_epoch = _thesis_recipe()
    train = recipe.train
    steps = list(range(train.epochs * steps_per_epoch))
    curves = [
        Curve(name, steps, [lr_at(step, train, steps_per_epoch, factor) for step in steps])
        for name, factor in (("fusion network", 1.0), ("trunks", train.lr_factors["trunks"]))
    ]
    listing = Listing(
        title="The schedule at its turning points",
        columns=("part", "step of the peak", "first rate", "peak", "last rate", "steps"),
        rows=tuple(
            (
                c.name,
                str(int(np.argmax(c.y))),
                *(f"{v:.3g}" for v in (c.y[0], max(c.y), c.y[-1])),
                str(len(steps)),
            )
            for c in curves
        ),
    )
    figure = lines_figure(curves, "step (batches of 128)", "learning rate", marks=False)
    return Demonstration(listings=(listing,), figures={"figure3_7": figure})


def learning_rates() -> Demonstration:
    """RGB-D thesis, Table 3.2: largest and smallest rate over all steps of a training."""
    from mien.engine.schedule import lr_at
    from mien.reproduce.laying import exact, lay

    recipe, per_epoch = _thesis_recipe()
    train = recipe.train
    rows: dict[str, dict[str, float | None]] = {}
    for name, factor in (("trunks", train.lr_factors["trunks"]), ("fusion", 1.0)):
        rates = [lr_at(step, train, per_epoch, factor) for step in range(train.epochs * per_epoch)]
        rows[name] = {"largest": max(rates), "smallest": min(rates)}
    return Demonstration((lay(_printed("rgbd_fusion", "table3_2"), exact(rows)),))


def _thesis_recipe() -> tuple[Recipe, int]:
    """The recipe of CalD3r and MenD3s, and its steps an epoch."""
    from mien.engine.loop import n_steps

    recipe = api.load_recipe("cald3r-mend3s_rgbd_fusion_efficientnet_b2")
    return recipe, n_steps(CALD_SAMPLES * 4 // 5, recipe.train.batch_size)


def trunk_layout() -> Demonstration:
    """RGB-D thesis, Table 3.1: the layers of EfficientNet-B2 as it is built here, beside the printed ones."""
    import timm
    import torch

    from mien.reproduce.laying import exact, lay, numbered

    printed = _printed("rgbd_fusion", "table3_1")
    with torch.device("meta"):
        net = timm.create_model("efficientnet_b2", pretrained=False, num_classes=7)
    found: list[list[int]] = [_layer(net.conv_stem)]
    for stage in net.blocks:
        for block in stage:
            layer = _layer(block)
            if found[-1][:4] == layer[:4]:
                found[-1][4] += 1
            else:
                found.append(layer)
    found.append(_layer(net.conv_head))
    free = {name: tuple(row[:2]) for name, row in printed.rows.items()}
    rows = {}
    for layer in found:
        same = [name for name, ends in free.items() if ends == tuple(layer[:2])]
        name = same[0] if same else f"{layer[0]} to {layer[1]}"
        free.pop(name, None)
        rows[name] = numbered(printed.columns, layer)
    return Demonstration((lay(printed, exact(rows)),))


def _layer(block: nn.Module) -> list[int]:
    """Channels in and out, kernel, stride, once: of a convolution, or of a block around one."""
    from torch import nn

    inside = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    spatial = max(inside, key=lambda m: m.kernel_size[0])
    return [inside[0].in_channels, inside[-1].out_channels, spatial.kernel_size[0], spatial.stride[0], 1]


def dataset_survey() -> Demonstration:
    """RGB-D thesis, Table 1.1: years, people and samples as mien's registry has them, and all it knows."""
    from mien.data.datasets import DATASETS
    from mien.data.survey import SURVEY_COLUMNS, survey_row
    from mien.reproduce.laying import exact, lay

    printed = _printed("rgbd_fusion", "table1_1")
    known = {name: DATASETS[name] for name in printed.rows}
    rows = {
        name: {"year": info.survey.year, "subjects": info.survey.subjects, "samples": info.survey.samples}
        for name, info in known.items()
        if info.survey is not None
    }
    listing = Listing(
        title="What mien knows of these sets",
        columns=SURVEY_COLUMNS,
        rows=tuple(survey_row(info) for info in known.values()),
    )
    return Demonstration((lay(printed, exact(rows)),), (listing,))


def unit_map() -> Demonstration:
    """RGB-D thesis, Table 3.8: the action units by which `mien data merge` labels scans of Bosphorus."""
    from mien.data.action_units import UNIT_EMOTIONS
    from mien.reproduce.laying import exact, lay

    printed = _printed("rgbd_fusion", "table3_8")
    rows = {
        emotion: {"action unit": float(unit.rpartition("_")[2])} for unit, emotion in UNIT_EMOTIONS.items()
    }
    return Demonstration((lay(printed, exact({name: rows[name] for name in printed.rows if name in rows})),))
