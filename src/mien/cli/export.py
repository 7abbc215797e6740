"""``mien export``: a checkpoint becomes one ONNX file that the base install runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    model: Annotated[Path, typer.Argument(help="A run folder, or its best.safetensors.")],
    out: Annotated[Path | None, typer.Option(help="The ONNX file; <recipe name>.onnx when left out.")] = None,
) -> None:
    """Export to ONNX, with label order, crop framing and calibration inside, and check it against torch.

    Example: mien export runs/base --out base.onnx
    """
    from mien import api
    from mien.cli.console import say

    path, spec, difference = api.export(model, out)
    about = f"{spec.input.size_px} px {spec.input.channels}, {', '.join(spec.labels)}"
    say(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {about}")
    say(f"parity: logits differ from torch by at most {difference:.1e} (batches of 1 and 5)")
    say(f"next:   mien analyze PATH... --model {path}")
