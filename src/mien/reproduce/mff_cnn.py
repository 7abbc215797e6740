"""MFF-CNN (Zou, Zhang and Lee, Applied Intelligence 2021): what its tables and figures are made of."""

from __future__ import annotations

from mien.core.labels import BASIC6
from mien.reproduce import shown
from mien.reproduce.item import (
    PARAMETERS,
    Counted,
    Explained,
    Item,
    Matrices,
    Measure,
    Paper,
    Run,
    Shown,
    Trained,
)

CK, JAFFE, OULU, SFEW = (f"{name}_mff_cnn" for name in ("ckplus", "jaffe", "oulu-casia", "sfew"))
SIZE = "parameters (millions)"
PARTS = ("full", "without_mid_level", "without_joint_tuning", "without_selection")


def _compared(recipe: str) -> tuple[Trained]:
    """Tables 2 to 5: our row among those of others."""
    run = Run(recipe)
    return (Trained({"full": {"accuracy": Measure(run), SIZE: Measure(run, PARAMETERS)}}),)


def _part(row: str) -> dict[str, Measure]:
    """A row of Table 6."""
    run = Run(OULU, row)
    return {
        **{name: Measure(run, name) for name in BASIC6.names},
        "accuracy": Measure(run),
        SIZE: Measure(run, PARAMETERS),
    }


PAPER = Paper(
    name="mff_cnn",
    aliases=("mff",),
    items=(
        Item(
            "table1",
            "pictures of each class",
            (Counted({"ckplus": CK, "jaffe": JAFFE, "oulu-casia": OULU}),),
        ),
        Item("table2", "comparison on CK+", _compared(CK)),
        Item("table3", "comparison on JAFFE", _compared(JAFFE)),
        Item("table4", "comparison on Oulu-CASIA", _compared(OULU)),
        Item("table5", "comparison on SFEW", _compared(SFEW)),
        Item(
            "table6",
            "what each part brings, on Oulu-CASIA",
            (Trained({row: _part(row) for row in PARTS}, against="full"),),
        ),
        Item("figure3", "the sixteen overlapping patches of a face", (Shown(shown.patches),)),
        Item("figure4", "confusion matrix on CK+", (Matrices({"CK+": Run(CK)}),)),
        Item("figure5", "confusion matrix on JAFFE", (Matrices({"JAFFE": Run(JAFFE)}),)),
        Item("figure6", "confusion matrix on Oulu-CASIA", (Matrices({"Oulu-CASIA": Run(OULU)}),)),
        Item("figure7", "confusion matrix on SFEW", (Matrices({"SFEW": Run(SFEW)}),)),
        Item("figure8", "Grad-CAM of both branches, before and after selection", (Explained("gradcam", {"CK+": Run(CK)}),)),
    ),
    small={OULU: "fer2013_mff_small", CK: "fer2013_mff_small"},
    hours={CK: 0.2, JAFFE: 0.4, OULU: 0.4, SFEW: 0.1},
)
