"""FDRL (Ruan et al., CVPR 2021): what its tables and figures are made of."""

from __future__ import annotations

from mien.reproduce.item import Explained, Item, Measure, Paper, Run, Sweep, Trained

RAF, MMI = "rafdb_fdrl_resnet18", "mmi_fdrl_resnet18"
BOTH = {"mmi": MMI, "rafdb": RAF}
SETS = {
    "ckplus": "ckplus_fdrl_resnet18",
    "mmi": MMI,
    "oulu-casia": "oulu-casia_fdrl_resnet18",
    "rafdb": RAF,
    "sfew": "sfew_fdrl_resnet18",
}
GRIDS = tuple(
    f"{grid}_{value}"
    for grid, values in {
        "lambda1": ("0", "1.0e-5", "1.0e-3", "1.0e-2"),
        "lambda2": ("0", "0.5", "1.5", "2.0"),
        "lambda3": ("0", "1.0e-5", "1.0e-3", "1.0e-2"),
    }.items()
    for value in values
)
LATENTS = {"full": 9.0} | {f"latents_{m}": float(m) for m in (3, 5, 7, 11, 13)}


def _on(sets: dict[str, str], rows: tuple[str, ...]) -> dict[str, dict[str, Measure]]:
    """Accuracy of each row on each set."""
    return {
        row: {f"{name} accuracy": Measure(Run(recipe, row)) for name, recipe in sets.items()} for row in rows
    }


PAPER = Paper(
    name="fdrl",
    items=(
        Item(
            "table1",
            (Trained(_on(BOTH, ("full", *GRIDS)), against="full"),),
        ),
        Item(
            "table2",
            (
                Trained(
                    _on(BOTH, ("baseline", "fdn", "fdn_inter", "fdn_intra", "full")),
                    against="full",
                    sizes=True,
                ),
            ),
        ),
        Item(
            "table3",
            (Trained(_on(SETS, ("baseline", "full")), against="full"),),
        ),
        Item("figure3", (Explained("image_groups", {"FDRL": Run(RAF)}),)),
        Item(
            "figure4",
            (Trained(_on({"rafdb": RAF}, tuple(LATENTS)), sweep=Sweep(LATENTS, "latents"), sizes=True),),
        ),
        Item(
            "figure5",
            (Explained("tsne", {"baseline": Run(RAF, "baseline"), "FDRL": Run(RAF)}),),
        ),
        Item("figure6", (Explained("intra_weights", {"FDRL": Run(RAF)}),)),
    ),
    small={RAF: "fer2013_fdrl_small"},
    hours={RAF: 0.05, MMI: 0.1, SETS["ckplus"]: 0.1, SETS["oulu-casia"]: 0.1, SETS["sfew"]: 0.02},
)
