"""``mien explain``: what a model looks at, and what it makes of a set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def explain(
    model: Annotated[
        str,
        typer.Argument(
            help="A run folder, or one of its weight files; for occlusion and gradcam also an .onnx file or "
            "an embedded model's name."
        ),
    ],
    how: Annotated[
        str, typer.Option(help="gradcam, attention, occlusion, embedding, latents or similarity; see above.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for what is found.")],
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Pictures, videos, folders and globs.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Labelled data set (see `mien datasets`).")] = None,
    split: Annotated[str | None, typer.Option(help="The data set's own name of the split, or all.")] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data set; else $MIEN_DATA_ROOT/<data>.")
    ] = None,
    per_class: Annotated[
        int, typer.Option(min=0, metavar="N", help="Most faces of each class to look at; 0: all.")
    ] = 100,
    faces: Annotated[
        str, typer.Option(help="ready: pictures are face crops; find: find the faces; auto: as fits.")
    ] = "auto",
    detector: Annotated[str, typer.Option(help="auto, yunet, haar or mediapipe.")] = "auto",
    target: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Map this label instead of the one the model names.")
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this map, e.g. 'head 2'. May be given more than once."),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Map each N-th frame of a video and write an overlaid copy."),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(min=1, metavar="PX", help="Side of the window that hides."),
    ] = None,
    layout: Annotated[str, typer.Option(help="tsne, or umap with the extra `umap`.")] = "tsne",
    epochs: Annotated[
        str, typer.Option(metavar="2,6,10", help="Lay out the weights of these epochs side by side.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Of the draw of faces and of the layout.")] = 0,
) -> None:
    """Show what a model looks at: arrays (npz), figures (png) and one self-contained page (html) in --out.

    Of pictures and videos, and with --data of each class of a labelled set (mean maps):

    * `gradcam`: which places of a layer's maps speak for a class; mff_cnn has maps of both branches,
      before and after selection

    * `attention`: the method's own attention maps or masks (dan, ddamfn, emma on either, rgbd_fusion)

    * `occlusion`: how far the class's probability falls when a window hides each place. Works on every model,
      also an exported one without torch

    Of a labelled set:

    * `embedding`: features before the classifier by t-SNE or UMAP, with variances within and between classes.
      --epochs compares epochs that were kept by `mien train --set train.keep_epochs=[2,6,10]`

    * `latents`: faces by their heaviest latent feature, and each class's mean weights (fdrl)

    * `similarity`: histograms of the similarity to each class's vector (emma)

    A method that lacks what was asked for says what it has.

    For example:

    * `mien explain runs/base photo.jpg --how gradcam --out why/`

    * `mien explain runs/dan --how attention --data fer2013 --split PublicTest --out why/`

    * `mien explain mien-base clip.mp4 --how occlusion --every 5 --out why/`

    * `mien explain runs/emma --how embedding --epochs 2,6,10 --data rafdb --split test --out why/`

    Exit code: 0 when every input was explained, 3 when some were not, 2 for wrong usage.
    """
    from mien.cli.console import EXIT_SOME_INPUTS_FAILED, complain, progress_stages, say
    from mien.explain.question import Question
    from mien.explaining import explain as answer

    question = Question(
        model=model,
        how=how,
        paths=tuple(paths or ()),
        data=data,
        split=split,
        data_root=data_root,
        per_class=per_class,
        faces=faces,
        detector=detector,
        target=target,
        layers=tuple(layer or ()),
        every=every,
        window=window,
        layout=layout,
        epochs=_epochs(epochs),
        seed=seed,
    )
    with progress_stages() as stage:
        files, failed = answer(question, out, stage)
    for note in failed:
        complain(note)
    n_figures = sum(path.suffix == ".png" for path in files)
    say(f"page:    {files[0]}")
    say(f"arrays:  {files[1]}")
    say(f"figures: {n_figures} png in {out}")
    for path in files:
        if path.suffix == ".mp4":
            say(f"video:   {path}")
    if failed:
        sys.exit(EXIT_SOME_INPUTS_FAILED)


def _epochs(text: str) -> tuple[int, ...]:
    from mien.core.errors import MienError

    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise MienError(f"--epochs {text}: expected whole numbers with commas, for example 2,6,10") from error
