"""Get models: by name, from files, newly built, and exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.api.extras import need_train_extra
from mien.core.errors import MienError

if TYPE_CHECKING:
    from mien.core.records import Predictor
    from mien.core.specs import ModelSpec, Precision
    from mien.engine.quantise import PrecisionCheck
    from mien.methods import Method
    from mien.runtime.model import Model


def load(model: str = "mien-base", *, detector: str = "auto", compound: Sequence[str] = ()) -> Model:
    """Load a model for pictures; videos and folders are `mien analyze`'s job.

    Args:
        model: An embedded model's name, or an ONNX file that `mien export` wrote.
        detector: ``auto``, ``yunet``, ``haar`` or ``mediapipe``.
        compound: Compound emotions to tell too: ``rafdb11``, ``du15``, files of mixtures, or mixtures like
            ``nostalgia=0.5*happiness+0.5*sadness``.

    Raises:
        MienError: Unknown or damaged model, no such detector here, or a mixture that is not valid.
    """
    from mien.faces.detector import create_detector
    from mien.runtime.compound import compound_reader, read_mixtures
    from mien.runtime.engine_onnx import OnnxPredictor
    from mien.runtime.model import Model
    from mien.runtime.model_files import find_model

    predictor, mixtures = OnnxPredictor(find_model(model)), read_mixtures(compound)
    compounds = None if mixtures is None else compound_reader(mixtures, predictor)
    return Model(predictor, create_detector(detector), compounds)


def create_method(name: str, n_classes: int = 7, **params: Any) -> Method:
    """Build a method with its paper's defaults; see `mien methods`.

    Raises:
        MienError: Unknown name or parameter; [train] is not installed.
    """
    need_train_extra()
    from mien.methods import create_method as build

    return build(name, n_classes, **params)


def open_predictor(model: str) -> tuple[Predictor, Path]:
    """Any model by name, ONNX file or run folder, with its weight file.

    Raises:
        MienError: There is none, or it is damaged.
    """
    path = Path(model)
    if path.is_dir() or path.suffix == ".safetensors":
        need_train_extra()
        from mien.engine.checkpoint import load_model
        from mien.engine.predict import TorchPredictor

        method, spec, _ = load_model(path)
        return TorchPredictor(method, spec), path / "best.safetensors" if path.is_dir() else path
    from mien.runtime.engine_onnx import OnnxPredictor
    from mien.runtime.model_files import find_model

    return OnnxPredictor(find_model(model)), find_model(model)


def export(run: Path, out: Path | None = None) -> tuple[Path, ModelSpec, float]:
    """Export a trained model to ONNX and check it against torch.

    Args:
        run: A run folder or its ``best.safetensors``.
        out: The ONNX file; ``<recipe name>.onnx`` when left out.

    Returns:
        The file, its spec, and the largest difference of logits.

    Raises:
        MienError: No model there, or the exported one differs.
    """
    need_train_extra()
    from mien.engine.checkpoint import load_model
    from mien.engine.export import export_onnx, parity
    from mien.runtime.engine_onnx import OnnxPredictor

    method, spec, _ = load_model(run)
    path = out or Path(f"{spec.name}.onnx")
    if path.suffix != ".onnx":
        raise MienError(f"{path}: an exported model's name ends in .onnx")
    export_onnx(method, spec, path)
    return path, spec, parity(method, OnnxPredictor, path)


def export_smaller(
    run: Path,
    precision: Precision,
    out: Path | None = None,
    data_root: Path | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> tuple[Path, ModelSpec, PrecisionCheck]:
    """Export a trained model in fewer bits; compare it with fp32 and calibrate it on the held-out part.

    Args:
        run: A run folder or its ``best.safetensors``.
        precision: ``int8``, whose ranges are measured on training crops, or ``fp16``.
        out: The ONNX file; ``<recipe name>-<precision>.onnx`` when left out.
        data_root: Folder of the data set that the run learned from; None looks below ``MIEN_DATA_ROOT``.
        on_sample: Called for each picture read.

    Returns:
        The file, its spec, and the comparison.

    Raises:
        MienError: No model or data there.
    """
    need_train_extra()
    from tempfile import TemporaryDirectory

    from mien.engine.checkpoint import load_model
    from mien.engine.parts import make_parts
    from mien.engine.quantise import compare_precisions, recalibrate, to_fp16, to_int8
    from mien.runtime.engine_onnx import OnnxPredictor

    _, spec, recipe = load_model(run)
    path = out or Path(f"{spec.name}-{precision}.onnx")
    parts = make_parts(recipe, data_root, on_sample)
    if parts.val is None:
        raise MienError(f"{run}: its recipe holds nothing out, so there is nothing to compare on")
    smaller = spec.model_copy(update={"precision": precision})
    with TemporaryDirectory() as folder:
        fp32, _, _ = export(run, Path(folder) / "fp32.onnx")
        if precision == "int8":
            to_int8(fp32, path, smaller, parts.train.images)
        else:
            to_fp16(fp32, path, smaller)
        full, small, held_out = OnnxPredictor(fp32), OnnxPredictor(path), parts.val
        check = compare_precisions(full, small, held_out.images, held_out.labels)
        return path, recalibrate(path, small, held_out.images, held_out.labels), check
