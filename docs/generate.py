"""Write the pages of docs/ that follow from the registries and from results/.

python docs/generate.py [--check]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from mien.api import list_recipes, load_recipe
from mien.core.specs import ModelSpec
from mien.data.datasets import DATASETS
from mien.data.survey import SURVEY_COLUMNS, published_splits, survey_row
from mien.faces import quality
from mien.faces.model_store import sha256_of
from mien.losses import LOSSES
from mien.methods import METHODS, cost_of
from mien.metrics.ablation import AblationTable
from mien.metrics.report import Report
from mien.report.ablation import ablation_markdown
from mien.report.errata import Erratum, errata
from mien.report.model_card import card_markdown
from mien.report.published import PAPERS, load_published
from mien.report.reproduction import Reproduction
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.model_files import list_models
from mien.weights import WEIGHTS_DIR

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results"
ACROSS = """Models trained on one data set and asked about another as they are, seven classes; the name says
which on which. `fer2013` is the embedded mien-base; `syn` is a small grey network, 15 epochs of the
synthetic faces, without the people of their test set. The synthetic faces are made from the people of the
London photographs, so only the photographs of the 20 people of that test set are asked about here: a smile
and a neutral face of each."""
NOTE = "<!-- written by docs/generate.py: change the source, then run `make docs` -->\n\n"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def methods_page() -> str:
    """Methods by registration, and the recipes that use them."""
    rows = []
    for name, info in METHODS.items():
        cost, size = cost_of(name), f"{info.input.size_px} px {info.input.channels}"
        rows.append((f"`{name}`", f"{cost.parameters:,}", cost.operations, size, info.about, info.paper))
    recipes = [
        (f"`{name}`", f"`{r.method.name}`", f"`{r.data.name}`", r.train.epochs, " ".join(r.about.split()))
        for name, r in ((name, load_recipe(str(path))) for name, path in list_recipes().items())
    ]
    return (
        f"# Methods\n\n{NOTE}Parameters are those of seven classes; operations are multiply-accumulates of "
        "convolutions and matrix products for one crop.\n\n"
        + table(("method", "parameters", "operations", "input", "what it is", "paper"), rows)
        + "\n## Recipes\n\n`mien train NAME --data-root FOLDER` runs one.\n\n"
        + table(("recipe", "method", "data", "epochs", "what it is"), recipes)
        + "\n## Losses\n\nTerms that a recipe's `loss` may name; each method has an objective of its own.\n\n"
        + table(("loss", "what it is"), [(f"`{name}`", info.about) for name, info in LOSSES.items()])
    )


def datasets_page() -> str:
    """Data sets by registration."""
    made_of = [(f"`{i.name}`", *survey_row(i)[1:]) for _, i in DATASETS.items() if i.survey]
    rows = [
        (f"`{name}`", i.title, published_splits(i) or "none published", i.licence, i.source, i.paper)
        for name, i in DATASETS.items()
    ]
    header = ("name", "what is read", "published splits", "terms", "where to ask for it", "paper")
    about = (
        "mien ships no data set. `--data-root` is the folder as its authors hand it out; "
        "`mien datasets NAME` tells how that folder looks.\n\n## What they are made of\n\n"
        "As their authors or surveys published it, empty where nothing is published. "
        "The samples are those of the whole set."
    )
    terms = "## Splits and terms\n\nThe published number of samples that mien reads, which an audit compares."
    return (
        f"# Data sets\n\n{NOTE}{about}\n\n{table(SURVEY_COLUMNS, made_of)}\n{terms}\n\n{table(header, rows)}"
    )


def results_page() -> str:
    """Every committed report, one row each, and every committed ablation, one table each."""
    header = (
        "recipe",
        "scored on",
        "n",
        "accuracy (95 % interval)",
        "UAR",
        "checkpoint selected on",
        "leaks",
    )
    own, across = committed_reports()
    about = "Measured by `mien evaluate` and `mien crossval`; each row links its report."
    reports = f"{about}\n\n{table(header, [report_row(path, path.parent.name) for path in own])}"
    if across:
        reports += f"\n## Across data sets\n\n{ACROSS}\n\n"
        reports += table(header, [report_row(path, path.name.split(".")[1]) for path in across])
    ablations = [ablation_section(path) for path in sorted(RESULTS.glob("*/*.ablation.json"))]
    if ablations:
        about = "Measured by `mien ablate`; other trainings shared the machine, which the minutes show."
        reports += f"\n## Ablations\n\n{about}\n\n" + "\n".join(ablations)
    reports += reproductions_section()
    return f"# Results\n\n{NOTE}{reports}"


def committed_reports() -> tuple[list[Path], list[Path]]:
    """Those of a recipe on its own data, and those of models asked about another data set."""
    across = sorted(RESULTS.glob("cross-data/*.report.json"))
    return sorted(set(RESULTS.glob("*/*.report.json")) - set(across)), across


def report_row(path: Path, name: str) -> tuple[object, ...]:
    """One report's figures, linked."""
    report = Report.from_json(path.read_text(encoding="utf-8"), str(path))
    low, high = report.intervals.accuracy
    return (
        f"[{name}]({link(path)})",
        f"{report.data} {report.protocol.split}" + (", mirrored too" if report.mirrored else ""),
        report.n,
        f"{report.accuracy:.2%} ({low:.1%} to {high:.1%})",
        f"{report.uar:.2%}",
        report.selected_on,
        "; ".join(report.protocol.leaks) or "none known",
    )


def ablation_section(path: Path) -> str:
    """One ablation's table, linked."""
    ablation = AblationTable.from_json(path.read_text(encoding="utf-8"), str(path))
    return f"#{ablation_markdown(ablation)}\n[{path.name}]({link(path)})\n"


def reproductions_section() -> str:
    """The papers' tables and figures that were made anew, a link each."""
    rows = []
    for path in sorted(RESULTS.glob("reproduce/*/*/*.json")):
        made = Reproduction.from_json(path.read_text(encoding="utf-8"), str(path))
        page = path.with_suffix(".md").relative_to(RESULTS.parent).as_posix()
        data = "; ".join(dict.fromkeys(run.data for run in made.runs))
        seeds, minutes = max(len(run.seeds) for run in made.runs), sum(run.minutes for run in made.runs)
        variant = path.parent.name.removeprefix(made.item).strip("-").replace("_", " ")
        where = f"{made.where} ({variant})" if variant else made.where
        rows.append((f"[{made.short}, {where}](../{page})", made.title, data, seeds, f"{minutes:.0f}"))
    if not rows:
        return ""
    about = (
        "Made by `mien reproduce` on two cores with `--budget small`: smaller networks, fewer epochs, other "
        "data. Each page says so, beside the published numbers; none of these figures can be held against "
        "the paper's. Runs that several items share are counted in each. Minutes "
        "are of a machine that other trainings shared."
    )
    header = ("item", "what it shows", "scored on", "seeds", "minutes")
    return f"\n## Tables and figures of the papers\n\n{about}\n\n{table(header, rows)}"


def model_page(name: str) -> str:
    """The card of an embedded model, from the committed reports of its very file."""
    (card,) = [card for card in list_models() if card.name == name]
    path = WEIGHTS_DIR / f"{name}.onnx"
    spec: ModelSpec = OnnxPredictor(path).spec
    scored = {
        f"../{link(file)}": Report.from_json(file.read_text(encoding="utf-8"), str(file))
        for files in committed_reports()
        for file in files
    }
    sha256 = sha256_of(path)
    reports = {
        where: report
        for where, report in scored.items()
        if report.model_sha256 == sha256 and not report.mirrored
    }
    return NOTE + card_markdown(card, spec, path.stat().st_size / 1e6, reports)


QUALITY_INTRODUCTION = """\
Every face gets a look before its emotion is believed. What makes it hard to judge stands in the column
`warning`; all but `colourless` also make the answer `unsure`, as does a confidence below the model's own
limit (see the cards in `docs/models`). It costs less than a tenth of a millisecond a face and no
network.

The limits below were set by hand where the measurements that follow them change for the worse. What
cannot be seen from five points and a small crop is not caught: a statue or a doll in natural colours, a
print of a face, a mask that leaves the mouth's outline. YuNet's points hardly follow heads that lean by
more than 30 degrees, so `tilted` speaks up with MediaPipe only; such heads are told by a low confidence.
"""


def quality_page() -> str:
    """The quality gate's limits, and what they rest on."""
    limits = [
        ("small", f"its box is narrower than {quality.SMALL_PX} px"),
        (
            "blurred",
            f"variance of the Laplacian over that of the greys, at 48 px, below {quality.BLURRED_BELOW}",
        ),
        ("dark", f"mean grey below {quality.DARK_BELOW:g} of 255"),
        ("flat", f"standard deviation of the greys below {quality.FLAT_BELOW:g} of 255"),
        ("profile", f"turned by more than {quality.PROFILE_DEG:g} degrees, as the five points tell it"),
        ("tilted", f"leaning by more than {quality.TILTED_DEG:g} degrees"),
        ("covered", f"detail about the mouth below {quality.COVERED_BELOW:g} of that about the eyes"),
        ("unlike_face", "score of " + ", ".join(f"{d} below {s:g}" for d, s in quality.UNLIKE_SCORE.items())),
        ("colourless", f"saturation below {quality.COLOURLESS_BELOW:g}: stone, drawn, or a grey photograph"),
    ]
    text = f"# When an answer is unsure\n\n{NOTE}{QUALITY_INTRODUCTION}\n" + table(
        ("warning", "limit"), limits
    )
    files = sorted((RESULTS / "quality").glob("*.json"))
    if not files:
        return text
    measured = json.loads(files[-1].read_text(encoding="utf-8"))
    rows = [
        (
            row["test"],
            " to ".join(map(str, row["value"])) if isinstance(row["value"], list) else row["value"],
            f"{row.get('n_found', row['n'])} of {row['n']}",
            f"{row['accuracy']:.1%}" if "accuracy" in row else "",
            f"{row['confidence']:.2f}" if "confidence" in row else "",
            f"{row['sure_without_warning']:.0%}" if "sure_without_warning" in row else "",
            ", ".join(f"{word} {n}" for word, n in row.get("words", {}).items()),
        )
        for row in measured["rows"]
    ]
    header = ("what was done", "how much", "found", "right", "confidence", "sure, no warning", "warnings")
    return text + (
        f"\n## Measured\n\nWith {measured['model']} by tools/measure_quality.py: FER2013's held-out faces "
        "(blur, darkness, contrast, lower part), photographs of the London Set (width, lean, covers; seen by "
        "the gate alone, no model was tuned on them), rendered heads (yaw, pitch), and what is no face. "
        "*Sure, no warning*: the share of faces at or above the model's limit of confidence that got no "
        "warning.\n\n" + table(header, rows)
    )


def link(path: Path) -> str:
    """From docs/ to a file of results/."""
    return f"../results/{path.parent.name}/{path.name}"


ERRATA_INTRODUCTION = """\
A reader who sets a published number beside a measured one should know which published numbers do not agree
among themselves. These were found by arithmetic: sums, averages, counts behind percentages, differences
claimed in prose, and small numbers put into equations. Most are slips of the kind that any long paper has;
a few decide how a method is built, and those are where a reader needs them. Where the numbers agree in a
way that tells how they were made, that stands at the end of each paper's section. Every number below is
computed from the papers' own, which are kept in `src/mien/report/published`, and a test computes it once
more.

A percentage of n pictures must come from a whole number of pictures: that is the *count* behind it. Where a
paper can be read in two ways the entry says so; should one of them rest on a misreading of ours, please
tell us.

"""


def errata_page() -> str:
    """Where the papers contradict themselves: what is printed, the arithmetic, what mien does."""
    summary, sections = [], ""
    for method in PAPERS:
        paper = load_published(method)
        kinds = {
            kind: [entry for entry in errata() if entry.method == method and entry.kind == kind]
            for kind in ("contradiction", "reading")
        }
        link = f"[{paper.short}](#{paper.short.lower().replace(' ', '-')})"
        summary.append((link, len(kinds["contradiction"]), len(kinds["reading"])))
        sections += f"\n## {paper.short}\n\n{paper.paper}.\n"
        sections += "".join(map(_entry, kinds["contradiction"]))
        if kinds["reading"]:
            sections += f"\n### What the numbers tell: {paper.short}\n"
            sections += "".join(map(_entry, kinds["reading"]))
    header = ("paper", "contradictions", "what the numbers tell")
    return f"# Errata of the five papers\n\n{NOTE}{ERRATA_INTRODUCTION}{table(header, summary)}{sections}"


def _entry(entry: Erratum) -> str:
    heading = "###" if entry.kind == "contradiction" else "####"
    arithmetic = entry.arithmetic.replace(" * ", " \N{MULTIPLICATION SIGN} ")
    paragraphs = (
        f"{heading} {entry.title}",
        entry.printed,
        f"*Arithmetic.* {arithmetic}",
        f"*mien.* {entry.here}",
    )
    return "\n" + "\n\n".join(paragraphs) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "quality.md": quality_page,
    **{f"models/{card.name}.md": partial(model_page, card.name) for card in list_models()},
    "methods.md": methods_page,
    "datasets.md": datasets_page,
    "results.md": results_page,
    "errata.md": errata_page,
}


def stale_pages() -> list[str]:
    """Names of pages that differ from what would be written."""
    return [
        name
        for name, page in PAGES.items()
        if not (HERE / name).is_file() or (HERE / name).read_text(encoding="utf-8") != page()
    ]


def main() -> int:
    """Write the pages, or with ``--check`` only say which are stale."""
    stale = stale_pages()
    for name in stale:
        print(f"{name} is stale" if "--check" in sys.argv else f"wrote docs/{name}")
        if "--check" not in sys.argv:
            (HERE / name).parent.mkdir(exist_ok=True)
            (HERE / name).write_text(PAGES[name](), encoding="utf-8")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
