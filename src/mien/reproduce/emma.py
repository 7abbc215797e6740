"""EMMA (Yamamoto and Takemura): what its tables and figures are made of."""

from __future__ import annotations

from mien.core.compound import RAFDB11
from mien.reproduce import shown
from mien.reproduce.item import Explained, Item, Matrices, Measure, Paper, Run, Shown, Sweep, Trained, rows_of

BACKBONES = ("resnet50", "efficientnet_b2", "dan", "ddamfn")
DAN = "rafdb_emma_dan"
GENERAL_DAN = "rafdb-compound_general_dan"
CE = "cross_entropy"
START = "synthetic-rgbd_emma_start"
SLOPES = {"full": 0.1} | {f"slope_{s}": float(s) for s in ("0", "0.05", "0.2", "0.3", "0.5", "0.7", "1.0")}


def _modes(backbone: str, row: str) -> dict[str, Measure]:
    """One line of Table 1: accuracy and UAR of EMMA and of transfer."""
    general = f"rafdb-compound_general_{backbone}"
    runs = {
        "emma": Run(f"rafdb_emma_{backbone}", row, on=general),
        "transfer": Run(f"rafdb-compound_transfer_{backbone}", row, start_row=row),
    }
    if row == CE:  # general classification has no other loss
        runs = {"general": Run(general)} | runs
    return {
        f"{mode} {metric}": Measure(run, metric)
        for mode, run in runs.items()
        for metric in ("accuracy", "uar")
    }


EMMA_DAN = Run(DAN, on=GENERAL_DAN)
LOSSES = {row: Run(DAN, row) for row in (CE, "slope_1.0", "full")}

PAPER = Paper(
    name="emma",
    items=(
        Item(
            "table1",
            (
                Trained(
                    {f"{b} {CE}": _modes(b, CE) for b in BACKBONES}
                    | {b: _modes(b, "full") for b in BACKBONES},
                ),
            ),
        ),
        Item(
            "table2",
            (
                Trained(
                    {
                        name: {
                            "emma recall": Measure(EMMA_DAN, name),
                            "general recall": Measure(Run(GENERAL_DAN), name),
                        }
                        for name in RAFDB11.names
                    }
                ),
            ),
        ),
        Item(
            "table3",
            (Explained("variances", LOSSES),),
        ),
        Item("figure2", (Matrices({"EMMA, L_CA": EMMA_DAN}),)),
        Item(
            "figure3",
            (
                Matrices(
                    {
                        "(a) general classification": Run(GENERAL_DAN),
                        "(b) EMMA, L_CE": Run(DAN, CE, on=GENERAL_DAN),
                    }
                ),
            ),
        ),
        Item(
            "figure4",
            (
                Trained(
                    rows_of(DAN, SLOPES, on=GENERAL_DAN),
                    sweep=Sweep(SLOPES, "negative slope of Leaky ReLU"),
                ),
            ),
        ),
        Item("figure5", (Shown(shown.leaky_cosines),)),
        Item("figure6", (Explained("tsne", LOSSES),)),
    ),
    small={
        DAN: "synthetic-rgbd_emma_small",
        START: START,  # its extractor's, in place of a pretrained one
        GENERAL_DAN: "synthetic-rgbd-compound_general_small",
        "rafdb-compound_transfer_dan": "synthetic-rgbd-compound_transfer_small",
    },
    hours={
        **{f"rafdb_emma_{b}": h for b, h in zip(BACKBONES, (0.2, 0.2, 0.1, 0.2), strict=True)},
        **{f"rafdb-compound_{m}_{b}": 0.1 for m in ("general", "transfer") for b in BACKBONES},
    },
)
