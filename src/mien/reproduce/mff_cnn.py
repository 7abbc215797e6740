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
            (Counted({"ckplus": CK, "jaffe": JAFFE, "oulu-casia": OULU}),),
        ),
        Item("table2", _compared(CK)),
        Item("table3", _compared(JAFFE)),
        Item("table4", _compared(OULU)),
        Item("table5", _compared(SFEW)),
        Item(
            "table6",
            (Trained({row: _part(row) for row in PARTS}, against="full"),),
        ),
        Item("figure3", (Shown(shown.patches),)),
        Item("figure4", (Matrices({"CK+": Run(CK)}),)),
        Item("figure5", (Matrices({"JAFFE": Run(JAFFE)}),)),
        Item("figure6", (Matrices({"Oulu-CASIA": Run(OULU)}),)),
        Item("figure7", (Matrices({"SFEW": Run(SFEW)}),)),
        Item("figure8", (Explained("gradcam", {"CK+": Run(CK)}),)),
    ),
    small={OULU: "fer2013_mff_cnn"},
    hours={CK: 0.2, JAFFE: 0.4, OULU: 0.4, SFEW: 0.1},
)
