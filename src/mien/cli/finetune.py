"""``mien finetune``: a model trained on with pictures of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.core.errors import MienError

if TYPE_CHECKING:
    from mien.engine.finetune import FineTuned
    from mien.metrics.report import Report


def finetune(
    model: Annotated[
        str, typer.Argument(help="A run folder, its best.safetensors, or an embedded model's name.")
    ],
    data: Annotated[
        str,
        typer.Option(help="folder (a folder per class), csv (image,label), or any set of `mien datasets`."),
    ] = "folder",
    data_root: Annotated[Path | None, typer.Option(help="The folder or the csv.")] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="New names for the set's labels: smile=happiness,rest=neutral. Several may become one."
        ),
    ] = None,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Only the classifier learns. Chosen below 500 pictures.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="All of it learns, the body at a tenth of the rate.")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="40 for the classifier, 20 for all of it.")
    ] = None,
    faces: Annotated[
        str,
        typer.Option(help="find: find the face in each; ready: crops already; auto: as fits the set."),
    ] = "auto",
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the run goes; runs/<model>-tuned when left out.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the new model is called.")] = None,
    seed: Annotated[int, typer.Option(help="Of training and of the division of the pictures.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a killed run stopped.")] = False,
) -> None:
    """Train a model on with a few pictures of your own, and say what that was worth.

    Whole photographs are fine: the largest face of each is found and cut out. Classes may be the model's own
    or new ones; those that both know keep what the model has learnt of them. With a csv, a column `subject`
    keeps people apart: without it, the same person may teach and be tested, which flatters the result.

    With fewer than 300 pictures every one is reported by cross-validation, and a last model learns from all
    of them; with more, a fifth is held out. Either way the new model is shown beside the one that it comes
    from, on pictures that it did not learn from.

    The run folder is one of `mien train`: evaluate it, export it, or train its recipe.json again.

    Example: mien finetune mien-base --data folder --data-root my_pictures --run-dir runs/mine

    Example: mien export runs/mine --out mine.onnx, then mien analyze photos --model mine.onnx
    """
    from mien import api
    from mien.cli.console import parse_map, progress_bar, say
    from mien.engine.display import live_display

    if frozen and full:
        raise MienError("--frozen and --full exclude each other")
    folder = run_dir or Path("runs") / (name or f"{_called(model)}-tuned")
    with progress_bar("reading pictures") as tick, live_display() as listener:
        found = api.finetune(
            model,
            data,
            data_root,
            folder,
            resume=resume,
            listener=listener,
            on_plan=lambda plan: [say(line) for line in plan.said],
            on_sample=tick,
            mode="frozen" if frozen else "full" if full else "auto",
            epochs=epochs,
            faces=faces,
            rename=parse_map(labels),
            name=name,
            seed=seed,
        )
    _show(found)
    _write_report(found, folder)
    say(f"model:  {folder / 'best.safetensors'}")
    say(f"report: {folder / 'report' / 'report.html'}")
    say(f"next:   mien export {folder} --out {found.bundle.spec.name}.onnx")
    say(f"        mien analyze PATH... --model {found.bundle.spec.name}.onnx")


def _called(model: str) -> str:
    """What a model is called: its run's folder, or its file without the ending."""
    path = Path(model)
    if path.suffix == ".safetensors":
        return path.absolute().parent.name
    return path.stem if path.suffix == ".onnx" else path.name


def _show(found: FineTuned) -> None:
    """Before and after, beside guessing."""
    from mien.cli.console import say, show_table

    after = found.after
    counts = [sum(row) for row in after.confusion]
    always = max(counts) / max(sum(counts), 1)
    rows = [
        ("always the commonest class", str(after.n), f"{always:.1%}", f"{1 / sum(map(bool, counts)):.1%}")
    ]
    if found.before is not None:
        rows.append(("before", *_figures(found.before)))
    rows.append(("after", *_figures(after)))
    show_table(("on pictures it did not learn from", "n", "accuracy (95 %)", "UAR (95 %)"), rows)
    if found.before is None:
        say("before: the model knows none of these classes")
    elif found.before.n < after.n:
        say(f"before: only the {found.before.n} pictures whose class it knows")
    if found.before is not None and len(found.before.labels) > len(after.labels):
        say(f"before: it chose among all its {len(found.before.labels)} classes")
    for line in (*after.protocol.leaks, *after.notes):
        say(f"note: {line}")


def _figures(report: Report) -> tuple[str, str, str]:
    accuracy, uar = report.intervals.accuracy, report.intervals.uar
    return (
        str(report.n),
        f"{report.accuracy:.1%} ({accuracy[0]:.1%} to {accuracy[1]:.1%})",
        f"{report.uar:.1%} ({uar[0]:.1%} to {uar[1]:.1%})",
    )


def _write_report(found: FineTuned, folder: Path) -> None:
    from mien.report.evaluation import write_report
    from mien.report.learning import read_learning
    from mien.report.mistakes import worst_mistakes
    from mien.report.page import write_text

    shown = worst_mistakes(found.scored.predictions, found.scored.crops) if found.scored else []
    report = folder / "report"
    write_report(found.after, report, found.predictions, mistakes=shown, learning=read_learning(folder))
    write_text(report / "recipe.json", found.plan.recipe.model_dump_json(indent=2) + "\n")
    if found.before is not None:
        write_text(report / "before.json", found.before.to_json() + "\n")
