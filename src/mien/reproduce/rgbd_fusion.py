"""The RGB-D thesis of 2024: what its tables and figures are made of."""

from __future__ import annotations

from mien.reproduce import shown
from mien.reproduce.item import (
    Counted,
    Curves,
    Explained,
    Item,
    Matrices,
    Paper,
    Pictured,
    Printed,
    Run,
    Shown,
    Trained,
    rows_of,
)

CALD = "cald3r-mend3s_rgbd_fusion_efficientnet_b2"
BU = "bu3dfe_rgbd_fusion_efficientnet_b2"
MERGED = "merged_rgbd_fusion_efficientnet_b2"
LOSSES = {"cross-entropy": "cross_entropy", "centre": "centre", "island": "full"}
"""Of Figure 3.13, by row."""


PAPER = Paper(
    name="rgbd_fusion",
    aliases=("rgbd", "rgb_d", "thesis"),
    items=(
        Item("table1_1", (Shown(shown.dataset_survey),)),
        Item("table2_1", (Printed(),)),
        Item("table3_1", (Shown(shown.trunk_layout),)),
        Item("table3_2", (Shown(shown.learning_rates),)),
        Item(
            "table3_3",
            (
                Trained(
                    rows_of(
                        CALD,
                        (
                            "six_classes",
                            "full",
                        ),
                    )
                ),
            ),
        ),
        Item(
            "table3_4",
            (
                Trained(
                    rows_of(
                        BU,
                        (
                            "six_classes",
                            "full",
                        ),
                    )
                ),
            ),
        ),
        Item(
            "table3_5",
            (
                Trained(
                    rows_of(
                        CALD,
                        (
                            "cross_entropy",
                            "centre",
                            "full",
                        ),
                    ),
                    against="full",
                ),
            ),
        ),
        Item(
            "table3_6",
            (
                Trained(
                    rows_of(
                        CALD,
                        (
                            "rgb",
                            "full",
                        ),
                    ),
                    against="full",
                    sizes=True,
                ),
            ),
        ),
        Item(
            "table3_7",
            (
                Trained(
                    rows_of(
                        CALD,
                        (
                            "without_transformer",
                            "without_cross_mask",
                            "full",
                        ),
                    ),
                    against="full",
                    sizes=True,
                ),
            ),
        ),
        Item("table3_8", (Shown(shown.unit_map),)),
        Item("table3_9", (Trained(rows_of(MERGED, ("full",))),)),
        Item("figure3_1", (Counted({"cald3r-mend3s": CALD}),)),
        Item("figure3_2", (Counted({"bu3dfe": BU}),)),
        Item("figure3_4", (Pictured("depth", BU),)),
        Item("figure3_5", (Pictured("alignment", CALD),)),
        Item("figure3_7", (Shown(shown.one_cycle),)),
        Item(
            "figure3_9",
            (Curves({"CalD3r and MenD3s": Run(CALD, "six_classes"), "BU-3DFE": Run(BU, "six_classes")}),),
        ),
        Item(
            "figure3_10",
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
            (Explained("tsne", {"BU-3DFE, 6 classes": Run(BU, "six_classes")}),),
        ),
        Item("figure3_12", (Explained("gradcam", {"CalD3r and MenD3s": Run(CALD)}),)),
        Item(
            "figure3_13",
            (Explained("tsne", {name: Run(CALD, row) for name, row in LOSSES.items()}, epochs=(2, 6, 10)),),
        ),
        Item("figure3_14", (Curves({"colour alone": Run(CALD, "rgb")}),)),
        Item("figure3_15", (Counted({"merged": MERGED}),)),
        Item("figure3_16", (Curves({"merged": Run(MERGED)}),)),
        Item("figure3_17", (Matrices({"merged": Run(MERGED)}),)),
    ),
    small={CALD: "synthetic-rgbd_fusion_small"},
    hours={CALD: 0.5, BU: 0.2, MERGED: 0.1},
)
