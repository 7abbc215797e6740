"""Items that show what trained models see, or how they lay faces out: drawn from `mien explain`'s arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.explain.latents import group_counts
from mien.report.published import PublishedItem
from mien.report.reproduction import Listing
from mien.reproduce.item import Explained, Item
from mien.reproduce.laying import Part, exact, lay
from mien.reproduce.runs import Outcome, Plan, Runner
from mien.reproduce.trained_items import fact_of, make_all, plans_of

HOWS = {
    "gradcam": "gradcam",
    "tsne": "embedding",
    "variances": "embedding",
    "image_groups": "latents",
    "intra_weights": "latents",
}
"""What a paper shows -> what `mien explain` calls it."""

INTER = "inter_class"


@dataclass(frozen=True, eq=False)
class Seen:
    """One run, explained.

    Attributes:
        arrays: Of `mien explain`, by name.
        pictures: Stem -> its png.
    """

    arrays: Mapping[str, NDArray[Any]]
    pictures: Mapping[str, Path]

    def layouts(self, title: str) -> dict[str, NDArray[np.float32]]:
        """Features in the plane, under the run's title and the epoch, where that is not the kept one."""
        found = {k.removeprefix("layout "): v for k, v in self.arrays.items() if k.startswith("layout ")}
        return {title if name == "best" else f"{title}, {name}": points for name, points in found.items()}


def explained(way: Explained, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """The runs' first seeds, explained on their test faces."""
    part = Part()
    plans = plans_of(way.each, runner, part)
    failed = make_all(runner, plans.values(), part)
    seen: dict[str, Seen] = {}
    for title, plan in plans.items():
        found = () if plan.run in failed else runner.outcomes(plan)
        if not found:
            continue
        try:
            seen[title] = _explain(way, title, plan, found[0], item, runner, part)
        except MienError as error:
            part.missing.append(f"{title}: {error}")
            continue
        part.runs.append(fact_of(plan, found))
    if way.what == "variances":
        part.tables.append(lay(printed, exact(_variances(seen)), unmeasured="not run"))
    elif way.what == "tsne":
        _draw_layouts(seen, item, part)
    elif way.what == "intra_weights":
        _draw_weights(seen, item, part)
    else:
        _draw_sheets(seen, item, part)
    return part


def _explain(
    way: Explained, title: str, plan: Plan, first: Outcome, item: Item, runner: Runner, part: Part
) -> Seen:
    """Ask `mien explain`; its page, arrays and figures go below the item's folder."""
    from mien.explain.question import Question
    from mien.explaining import explain

    data, folder = plan.scaled.recipe.data, first.folder
    folds = sorted(folder.glob("fold-*"))
    if folds:
        folder = folds[0]
        part.told.append(f"{title}: the model of one fold, on faces of all parts, those that taught included")
    epochs = tuple(epoch for epoch in way.epochs if epoch <= plan.scaled.recipe.train.epochs)
    question = Question(
        model=str(folder),
        how=HOWS[way.what],
        data=data.name,
        split=data.test_split or data.train_split,
        data_root=runner.root(plan.scaled),
        faces=data.faces,
        epochs=epochs,
    )
    name = "".join(sign if sign.isalnum() else "-" for sign in title.lower())
    files, notes = explain(question, runner.out / runner.paper.name / item.id / name)
    part.missing += [f"{title}: {note}" for note in notes]
    with np.load(files[1], allow_pickle=False) as arrays:
        kept = {key: arrays[key] for key in arrays.files}
    return Seen(kept, {path.stem: path for path in files if path.suffix == ".png"})


def _variances(seen: Mapping[str, Seen]) -> dict[str, dict[str, float | None]]:
    """Class -> run -> mean squared distance to the class's mean; of the classes' means in the last row."""
    rows: dict[str, dict[str, float | None]] = {}
    for title, one in seen.items():
        values = [*one.arrays["intra best"].tolist(), float(one.arrays["inter best"])]
        for name, value in zip((*one.arrays["labels"].tolist(), INTER), values, strict=True):
            rows.setdefault(str(name), {})[title] = None if np.isnan(value) else float(value)
    return rows


def _draw_layouts(seen: Mapping[str, Seen], item: Item, part: Part) -> None:
    """One figure with a panel for each run and epoch; a figure a run where their faces differ."""
    from mien.plots.embedding import embedding_figure

    groups: list[tuple[Seen, dict[str, NDArray[np.float32]]]] = []
    for title, one in seen.items():
        truth = one.arrays["truth"]
        same = [g for g in groups if np.array_equal(g[0].arrays["truth"], truth)]
        if same:
            same[0][1].update(one.layouts(title))
        else:
            groups.append((one, one.layouts(title)))
    for i, (one, layouts) in enumerate(groups):
        labels = [str(label) for label in one.arrays["labels"]]
        name = item.id if len(groups) == 1 else f"{item.id}-{i + 1}"
        part.figures[name] = embedding_figure(layouts, one.arrays["truth"], labels)


def _draw_weights(seen: Mapping[str, Seen], item: Item, part: Part) -> None:
    """Bars of the mean weights, and the numbers."""
    from mien.plots.class_values import class_values_figure

    for one in seen.values():
        labels = [str(label) for label in one.arrays["labels"]]
        means = one.arrays["mean_weights"]
        names = [str(j + 1) for j in range(means.shape[1])]
        part.figures[item.id] = class_values_figure(means, labels, names, "mean weight")
        rows = [
            (label, *("no faces" if np.isnan(v) else f"{v:.4f}" for v in row))
            for label, row in zip(labels, means, strict=True)
        ]
        columns = ("class", *(f"latent {name}" for name in names))
        part.listings.append(Listing(title="Mean weight of each latent", columns=columns, rows=tuple(rows)))


def _draw_sheets(seen: Mapping[str, Seen], item: Item, part: Part) -> None:
    """Sheets of pictures as `mien explain` lays them out, and who stands in the groups of FDRL's latents."""
    from mien.data.pictures import read_picture
    from mien.plots.pictures import pictures_figure

    wanted = ("gradcam-classes", "latents-groups")
    for title, one in seen.items():
        for stem in (stem for stem in wanted if stem in one.pictures):
            name = item.id if len(seen) == 1 else f"{item.id}-{title}"
            part.faces[name] = pictures_figure({title: read_picture(one.pictures[stem])}, 1, 7.0)
        if "heaviest" in one.arrays:
            part.listings.append(_groups(one))


def _groups(one: Seen) -> Listing:
    """How many faces of each class weigh each latent most."""
    arrays = one.arrays
    labels = [str(label) for label in arrays["labels"]]
    counts = group_counts(arrays["weights"], arrays["truth"], len(labels))
    rows = [(str(j + 1), str(row.sum()), *map(str, row)) for j, row in enumerate(counts)]
    return Listing(
        title="Faces in each latent's group", columns=("latent", "faces", *labels), rows=tuple(rows)
    )
