"""The RGB-D thesis of 2024: what its tables and figures are made of."""

from __future__ import annotations

from mien.reproduce import shown
from mien.reproduce.item import (
    Counted,
    Curves,
    Explained,
    Item,
    Matrices,
    Measure,
    Paper,
    Pictured,
    Printed,
    Run,
    Shown,
    Trained,
)

CALD = "cald3r-mend3s_rgbd_fusion_efficientnet_b2"
BU = "bu3dfe_rgbd_fusion_efficientnet_b2"
MERGED = "merged_rgbd_fusion_efficientnet_b2"
LOSSES = {"cross-entropy": "cross_entropy", "centre": "centre", "island": "full"}


def _accuracy(recipe: str, rows: dict[str, str]) -> dict[str, dict[str, Measure]]:
    """Accuracy of rows of one recipe, under the names of the thesis's table."""
    return {name: {"accuracy": Measure(Run(recipe, row))} for name, row in rows.items()}


def _same(*rows: str) -> dict[str, str]:
    return {row: row for row in rows}


PAPER = Paper(
    name="rgbd_fusion",
    aliases=("rgbd", "rgb_d", "thesis"),
    items=(
        Item("table1_1", "survey of data sets", (Shown(shown.dataset_survey),)),
        Item("table2_1", "survey of models", (Printed(),)),
        Item("table3_1", "EfficientNet-B2, layer by layer", (Shown(shown.trunk_layout),)),
        Item("table3_2", "learning rates", (Shown(shown.learning_rates),)),
        Item(
            "table3_3",
            "CalD3r and MenD3s, six and seven classes",
            (Trained(_accuracy(CALD, _same("six_classes", "full"))),),
        ),
        Item(
            "table3_4",
            "BU-3DFE, six and seven classes",
            (Trained(_accuracy(BU, _same("six_classes", "full"))),),
        ),
        Item(
            "table3_5",
            "three losses on CalD3r and MenD3s",
            (Trained(_accuracy(CALD, _same("cross_entropy", "centre", "full")), against="full"),),
        ),
        Item(
            "table3_6",
            "colour alone, and colour with depth",
            (Trained(_accuracy(CALD, _same("rgb", "full")), against="full", sizes=True),),
        ),
        Item(
            "table3_7",
            "without the transformer, without the cross-modality mask",
            (
                Trained(
                    _accuracy(CALD, _same("without_transformer", "without_cross_mask", "full")),
                    against="full",
                    sizes=True,
                ),
            ),
        ),
        Item("table3_8", "action units of Bosphorus as emotions", (Shown(shown.unit_map),)),
        Item("table3_9", "all sets merged", (Trained(_accuracy(MERGED, _same("full"))),)),
        Item("figure3_1", "classes of CalD3r and MenD3s", (Counted({"cald3r-mend3s": CALD}),)),
        Item("figure3_2", "classes of BU-3DFE", (Counted({"bu3dfe": BU}),)),
        Item("figure3_4", "the depth that a mesh of BU-3DFE gives", (Pictured("depth", BU),)),
        Item("figure3_5", "a face before and after alignment", (Pictured("alignment", CALD),)),
        Item("figure3_7", "the one-cycle schedule", (Shown(shown.one_cycle),)),
        Item(
            "figure3_9",
            "loss and accuracy while learning, six classes",
            (Curves({"CalD3r and MenD3s": Run(CALD, "six_classes"), "BU-3DFE": Run(BU, "six_classes")}),),
        ),
        Item(
            "figure3_10",
            "confusion matrices on CalD3r and MenD3s and on BU-3DFE, six and seven classes",
            (
                Matrices(
                    {
                        "CalD3r and MenD3s, 6 classes": Run(CALD, "six_classes"),
                        "CalD3r and MenD3s, 7 classes": Run(CALD),
                        "BU-3DFE, 6 classes": Run(BU, "six_classes"),
                        "BU-3DFE, 7 classes": Run(BU),
                    }
                ),
            ),
        ),
        Item(
            "figure3_11",
            "features of BU-3DFE in the plane (t-SNE)",
            (Explained("tsne", {"BU-3DFE, 6 classes": Run(BU, "six_classes")}),),
        ),
        Item("figure3_12", "Grad-CAM of each class", (Explained("gradcam", {"CalD3r and MenD3s": Run(CALD)}),)),
        Item(
            "figure3_13",
            "features with three losses after 2, 6 and 10 epochs (t-SNE)",
            (
                Explained(
                    "tsne", {name: Run(CALD, row) for name, row in LOSSES.items()}, epochs=(2, 6, 10)
                ),
            ),
        ),
        Item("figure3_14", "loss and accuracy while learning, colour alone", (Curves({"colour alone": Run(CALD, "rgb")}),)),
        Item("figure3_15", "classes of all sets merged", (Counted({"merged": MERGED}),)),
        Item("figure3_16", "loss and accuracy while learning, all sets merged", (Curves({"merged": Run(MERGED)}),)),
        Item("figure3_17", "confusion matrix, all sets merged", (Matrices({"merged": Run(MERGED)}),)),
    ),
    small={CALD: "synthetic-rgbd_fusion_small"},
    hours={CALD: 0.5, BU: 0.2, MERGED: 0.1},
)
