"""ARM (Shi and Zhu, arXiv 2103.10189): what its tables and figures are made of."""

from __future__ import annotations

from mien.reproduce import shown
from mien.reproduce.item import Counted, Item, Matrices, Measure, Paper, Run, Shown, Sweep, Trained, rows_of

RAF = "rafdb_arm_resnet18"
SETS = {
    "rafdb": RAF,
    "affectnet7": "affectnet7_arm_resnet18",
    "affectnet": "affectnet_arm_resnet18",
    "fer2013": "fer2013_arm_resnet18",
}
BLOCKS = ("baseline", "da", "sa", "fa_da", "fa_sa", "da_sa", "full")
KERNELS = {f"kernel_{k}": float(k) for k in range(1, 8)}

PAPER = Paper(
    name="arm",
    items=(
        Item("table1", (Counted({"train": SETS["affectnet"]}),)),
        Item(
            "table2",
            (Trained(rows_of(RAF, BLOCKS), against="full", sizes=True),),
        ),
        Item(
            "table3",
            (
                Trained(
                    {
                        "full": {
                            "rafdb uar": Measure(Run(RAF), "uar"),
                            **{f"{name} accuracy": Measure(Run(recipe)) for name, recipe in SETS.items()},
                        }
                    }
                ),
            ),
        ),
        Item("figure1", (Shown(shown.padding),)),
        Item("figure4", (Shown(shown.perception_bias),)),
        Item(
            "figure5",
            (Matrices({name: Run(recipe) for name, recipe in SETS.items()}),),
        ),
        Item(
            "figure6",
            (
                Shown(shown.kernel_coverage),
                Trained(rows_of(RAF, KERNELS), sweep=Sweep(KERNELS, "side of the kernel (pixels)")),
            ),
        ),
    ),
    small={SETS["fer2013"]: "fer2013_arm_small", RAF: "fer2013_arm_small"},
    hours={RAF: 0.1, SETS["affectnet7"]: 0.2, SETS["affectnet"]: 0.2, SETS["fer2013"]: 0.2},
)
