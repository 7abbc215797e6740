"""``mien export``: a checkpoint becomes one ONNX file that the base install runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.core.specs import ModelSpec


class Bits(StrEnum):
    """The precisions by their names on the command line."""

    fp32 = "fp32"
    fp16 = "fp16"
    int8 = "int8"


def export(
    model: Annotated[Path, typer.Argument(help="A run folder, or its best.safetensors.")],
    out: Annotated[
        Path | None,
        typer.Option(help="The ONNX file; <recipe name>.onnx, or <recipe name>-int8.onnx, when left out."),
    ] = None,
    precision: Annotated[
        Bits,
        typer.Option(
            help="fp32: as trained. int8: a quarter of the size, two to three times as fast where the "
            "processor has dot products of 8-bit numbers. fp16: half the size, no faster on a processor."
        ),
    ] = Bits.fp32,
    data_root: Annotated[
        Path | None,
        typer.Option(
            help="For int8 and fp16: folder of the data the run learned from; else $MIEN_DATA_ROOT/<data>."
        ),
    ] = None,
) -> None:
    """Export to ONNX, with label order, crop framing and calibration inside.

    fp32 is checked against torch. The smaller precisions are compared with fp32 on the part of the data that
    was held out from training; score the file itself with `mien evaluate` before you report a number.

    Example: mien export runs/base --out base.onnx

    Example: mien export runs/base --precision int8 --data-root ~/fer2013
    """
    from mien import api
    from mien.cli.console import progress_bar, say

    if precision is Bits.fp32:
        path, spec, difference = api.export(model, out)
        _say_file(path, spec)
        say(f"parity: logits differ from torch by at most {difference:.1e} (batches of 1 and 5)")
    else:
        with progress_bar("reading pictures") as tick:
            path, spec, check = api.export_smaller(model, precision.value, out, data_root, tick)
        _say_file(path, spec)
        say(
            f"beside fp32, on {check.n:,} held-out faces: same label for {check.agreement:.2%}, "
            f"accuracy {check.accuracy:.2%} (fp32 {check.accuracy_fp32:.2%}), "
            f"logits differ by {check.difference:.1e} RMS"
        )
    say(f"next:   mien analyze PATH... --model {path}")


def _say_file(path: Path, spec: ModelSpec) -> None:
    from mien.cli.console import say

    about = f"{spec.input.size_px} px {spec.input.channels}, {spec.precision}, {', '.join(spec.labels)}"
    say(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {about}")
