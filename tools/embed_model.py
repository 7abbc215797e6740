"""Make an exported model an embedded one: copy it, write its card and checksum.

    mien export RUN --precision int8 --out model.onnx
    mien evaluate model.onnx ... --report REPORT
    python tools/embed_model.py RUN model.onnx --report results/.../PublicTest.report.json

The card's figures are read from committed reports, never typed in. The weights before their export go beside
it in 16 bits, as a start for `mien finetune`.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from mien.core.recipe import Recipe
from mien.faces.model_store import sha256_of
from mien.metrics.report import Report
from mien.runtime.model_files import ModelCard
from mien.weights import WEIGHTS_DIR

SUMMED = (".onnx", ".safetensors")
LIMITS = (
    "not for decisions about people: what a face shows is not what a person feels, and several laws forbid "
    "inferring emotions at work and in schools",
    "trained on web pictures of 48 px whose labels are noisy: FER2013's and FER+'s agree on about two thirds",
    "fear, disgust and sadness are often confused with one another and with neutral",
    "profiles beyond about 45 degrees, heads that lean by more than 60, masks, heavy shade and faces below "
    "about 20 px are unreliable; leaning heads are not always told as unsure",
    "statues, dolls, masks and drawings that look like a face are judged as one; grey ones get a warning",
    "not measured: children; groups of people only on 204 photographs of one laboratory",
)


def card_of(path: Path, recipe: Recipe, n_parameters: int, reports: list[Report]) -> ModelCard:
    """The card of an exported model."""
    from mien.runtime.engine_onnx import OnnxPredictor

    spec = OnnxPredictor(path).spec
    numbers = {}
    for report in reports:
        what = f"{report.data} {report.protocol.split}"
        numbers[f"{what} accuracy"] = round(report.accuracy, 4)
        numbers[f"{what} UAR"] = round(report.uar, 4)
        if report.calibration is not None:
            numbers[f"{what} ECE"] = round(report.calibration.ece, 4)
        if report.unsure is not None and report.unsure.accuracy is not None:
            numbers[f"{what} share of sure answers"] = round(report.unsure.coverage, 4)
            numbers[f"{what} accuracy of sure answers"] = round(report.unsure.accuracy, 4)
        for name, part in report.second.items():
            numbers[f"{what} accuracy {name.replace('_', ' ')}"] = round(part.accuracy, 4)
    return ModelCard(
        name=spec.name,
        version=spec.version,
        about=f"{recipe.method.name}, {spec.input.size_px} px {spec.input.channels} crops, {spec.precision}",
        method=spec.method,
        labels=spec.labels,
        size_px=spec.input.size_px,
        n_parameters=n_parameters,
        trained_on=spec.trained_on + (" with FER+ votes" if recipe.data.soft_weight else ""),
        protocol=f"selected on {spec.training.selected_on}; reported on {reports[0].protocol.split}"
        if spec.training
        else "unknown",
        numbers=numbers,
        limits=LIMITS,
        licence=spec.licence,
    )


def main() -> None:
    """Copy, write the card, renew the checksums."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="the run folder that the model was exported from")
    parser.add_argument("exported", type=Path, help="what `mien export` wrote and `mien evaluate` scored")
    parser.add_argument("--report", type=Path, nargs="+", required=True)
    given = parser.parse_args()
    from mien.engine.checkpoint import load_model, save_model

    method, spec, recipe = load_model(given.run)
    path = WEIGHTS_DIR / f"{spec.name}.onnx"
    reports = [Report.from_json(p.read_text(encoding="utf-8"), str(p)) for p in given.report]
    scored = {report.model_sha256 for report in reports}
    if scored != {sha256_of(given.exported)}:
        raise SystemExit(f"{given.exported} is not the file that these reports scored")
    shutil.copyfile(given.exported, path)
    half = {
        name: value.half() if value.is_floating_point() else value
        for name, value in method.state_dict().items()
    }
    save_model(path.with_suffix(".safetensors"), half, spec, recipe)
    card = card_of(path, recipe, sum(p.numel() for p in method.parameters()), reports)
    path.with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sums = [f"{sha256_of(p)}  {p.name}\n" for p in sorted(WEIGHTS_DIR.iterdir()) if p.suffix in SUMMED]
    (WEIGHTS_DIR / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {card.about}")


if __name__ == "__main__":
    main()
