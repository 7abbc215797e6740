"""The Python face of mien: what the command line does, as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.core.errors import MienError
from mien.core.recipe import Recipe, parse_recipe
from mien.core.registry import suggest

if TYPE_CHECKING:
    from mien.core.records import Predictor
    from mien.core.specs import ModelSpec, Precision
    from mien.engine.crossval import FoldListener
    from mien.engine.evaluate import Scored
    from mien.engine.fit import Bundle, Listener
    from mien.engine.quantise import PrecisionCheck
    from mien.methods import Method
    from mien.metrics.ablation import AblationTable
    from mien.metrics.comparison import Comparison
    from mien.metrics.predictions import Predictions
    from mien.metrics.report import Report
    from mien.runtime.model import Model


def recipe_folder() -> Path:
    """The folder of the recipes that come with mien: in the wheel, or beside src/ in a checkout."""
    installed = Path(str(files("mien") / "recipes"))
    return installed if installed.is_dir() else Path(__file__).parents[2] / "recipes"


def examples_folder() -> Path:
    """The bundled pictures: in the wheel, or beside src/ in a checkout."""
    installed = Path(str(files("mien") / "examples"))
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples" / "media"


def list_recipes() -> dict[str, Path]:
    """The recipes that come with mien, by file name without ending."""
    return {path.stem: path for path in sorted(recipe_folder().glob("*.yaml"))}


def load_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name, or from a YAML file.

    Args:
        name_or_path: One of `list_recipes`, or a path.
        overrides: Like ``train.epochs=5``.

    Raises:
        MienError: There is none, or it is not valid.
    """
    path = list_recipes().get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MienError(f"no recipe {name_or_path!r}{suggest(name_or_path, list(list_recipes()))}") from error
    return parse_recipe(text, path.name, overrides)


def fit(
    recipe: Recipe,
    data_root: Path | None,
    run_dir: Path,
    *,
    resume: bool = False,
    listener: Listener | None = None,
    on_sample: Callable[[], object] = lambda: None,
    fold: int | None = None,
) -> Bundle:
    """Train a recipe and save its curves.

    Args:
        recipe: What to train.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        run_dir: Where the run goes.
        resume: Go on with a killed run.
        listener: Hears of every step and epoch.
        on_sample: Called for each picture read.
        fold: Which fold of the recipe's protocol, from 0, where it has several.

    Raises:
        MienError: Recipe, data or folder do not fit; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.fit import fit as learn
    from mien.engine.parts import make_parts
    from mien.plots.curves import training_curves

    bundle = learn(recipe, make_parts(recipe, data_root, on_sample, fold), run_dir, resume, listener)
    figure = training_curves(bundle.state.history, bundle.state.best_epoch)
    figure.savefig(run_dir / "curves.png", dpi=120)
    return bundle


def dry_run(recipe: Recipe, listener: Listener | None = None, exported: bool = True) -> Bundle:
    """Run a recipe's small version from training to export, on a drawn look-alike of its data set.

    Its numbers mean nothing; that it ends does. Nothing is kept. A recipe that needs the run of another
    one (``init_from: runs/NAME``, or a teacher) has that one run first.

    Args:
        recipe: What to try.
        listener: Hears of every step and epoch.
        exported: Export the model and score the file; else the run is scored.

    Raises:
        MienError: The recipe would not run, or its data set has no look-alike.
    """
    need_train_extra()
    from tempfile import TemporaryDirectory

    from mien.engine.dry_run import N_FACES_PER_CLASS, runs_needed, small_version, with_run

    with TemporaryDirectory() as name:
        folder = Path(name)
        small = small_version(recipe)
        for place, path in runs_needed(recipe).items():
            start = Path(path).name
            if start not in list_recipes():
                raise MienError(f"{place}: {path} is no run of a recipe that comes with mien")
            first = small_version(load_recipe(start))
            if not (folder / start).exists():
                fit(first, _look_alike(first, folder, N_FACES_PER_CLASS), folder / start)
            small = with_run(small, place, str(folder / start))
        data = _look_alike(small, folder, N_FACES_PER_CLASS)
        fold = 0 if small.data.protocol is not None else None
        bundle = fit(small, data, folder / "run", listener=listener, fold=fold)
        model, split = folder / "run", recipe.data.test_split
        if exported:
            model = export(model, folder / "small.onnx")[0]
        if split is not None:
            evaluate(str(model), recipe.data.name, split, data, faces="ready")
        return bundle


def _look_alike(recipe: Recipe, folder: Path, n_per_class: int) -> Path:
    """The folder of a recipe's drawn data set, written if it is not there yet."""
    from mien.data.fake import write_fake

    data = folder / recipe.data.name
    return data if data.exists() else write_fake(recipe.data.name, data, n_per_class)


def crossval(
    recipe: Recipe,
    data_root: Path | None,
    run_dir: Path,
    *,
    only: Sequence[int] = (),
    jobs: int = 1,
    resume: bool = False,
    listener: FoldListener | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> tuple[Report, Predictions]:
    """Train and score a recipe on the folds of its protocol, and pool them.

    Args:
        recipe: With ``data.protocol``.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        run_dir: Gets ``protocol.json`` and one run folder per fold. Finished folds in it are kept.
        only: Numbers of the folds to run, from 0; empty runs all.
        jobs: Processes that train side by side, each with its share of the threads.
        resume: Go on with the cross-validation in the folder.
        listener: Hears of every fold and epoch.
        on_sample: Called for each picture packed, with one process.

    Returns:
        The report over all finished folds, and what their models said about each test sample.

    Raises:
        MienError: Recipe, data or folder do not fit; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.crossval import FoldListener, open_study, pooled, run_fold
    from mien.engine.fold_workers import run_in_processes

    listener = listener or FoldListener()
    study = open_study(recipe, data_root, run_dir, resume)
    numbers = list(dict.fromkeys(only)) or list(range(len(study.folds.folds)))
    for number in numbers:
        study.numbered(number)  # a wrong number is told before the first fold
    if jobs > 1 and len(numbers) > 1:
        run_in_processes(recipe, data_root, run_dir, numbers, jobs, listener)
    else:
        for number in numbers:
            run_fold(study, run_dir, number, listener, on_sample)
    return pooled(study, run_dir)


def need_train_extra() -> None:
    """Raise one clear line where torch is missing.

    Raises:
        MienError: The [train] extra is not installed.
    """
    from importlib.util import find_spec

    missing = [name for name in ("torch", "timm", "accelerate", "safetensors") if find_spec(name) is None]
    if missing:
        raise MienError(f"training needs {', '.join(missing)}: pip install 'mien[train]'")


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


def evaluate(model: str, data: str, split: str, data_root: Path | None = None, **options: Any) -> Report:
    """The report of `score`; arguments as there."""
    return score(model, data, split, data_root, **options).report


def score(
    model: str,
    data: str,
    split: str,
    data_root: Path | None = None,
    *,
    faces: str = "auto",
    detector: str = "auto",
    robustness: bool = False,
    sets_from: str | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> Scored:
    """Score a model on a split of a data set.

    Args:
        model: An embedded model's name, an ONNX file, or a run folder.
        data: Registry name of the data set.
        split: The set's own name of the split.
        data_root: Its folder; None looks below ``MIEN_DATA_ROOT``.
        faces: ``ready`` takes pictures as crops, ``find`` finds the faces, ``auto`` does what fits the set.
        detector: Which detector finds.
        robustness: Also score under growing disturbances.
        sets_from: Another split, on which conformal sets are calibrated; None makes none.
        on_sample: Called for each picture read.

    Returns:
        The report, and what the model said about each sample.

    Raises:
        MienError: Model and data do not fit, or one of them is not there.
    """
    from mien.data.crops import cropper_for
    from mien.data.datasets import load_dataset
    from mien.engine.evaluate import evaluate as evaluate_model

    predictor, weights = open_predictor(model)
    dataset = load_dataset(data, data_root)
    cropper = cropper_for(dataset, predictor.spec.input, faces, detector)
    return evaluate_model(
        predictor,
        dataset,
        split,
        cropper,
        weights=weights,
        robustness=robustness,
        sets_from=sets_from,
        on_sample=on_sample,
    )


def ablate(
    recipe: Recipe,
    data_root: Path | None,
    out_dir: Path,
    rows: Sequence[str],
    seeds: Sequence[int],
    *,
    listener: Listener | None = None,
    on_run: Callable[[str, int], object] = lambda row, seed: None,
    on_sample: Callable[[], object] = lambda: None,
) -> AblationTable:
    """Train and score rows of a recipe's ablation table, each with each seed; goes on where it was stopped.

    Args:
        recipe: Names its ablations and a test split.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        out_dir: Gets one run folder per row and seed.
        rows: ``full`` for the recipe itself, or names of its ablations.
        seeds: Training seeds.
        listener: Hears of every step and epoch.
        on_run: (row, seed) before each run.
        on_sample: Called for each picture read.

    Raises:
        MienError: Recipe, data or folder do not fit; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.ablate import ablate as run_ablation

    return run_ablation(recipe, data_root, out_dir, rows, seeds, listener, on_run, on_sample)


def compare(paths: Sequence[Path], *, common: bool = False, against_first: bool = False) -> Comparison:
    """Figures of scored runs side by side, and which differences are beyond chance.

    Args:
        paths: Folders of `mien evaluate --report`, runs of `mien ablate`, or `mien crossval`; at least two.
        common: Compare on the samples that all share, where these are not all.
        against_first: Only the first against each other one.

    Raises:
        MienError: A folder holds no scored run, or label spaces or samples differ.
    """
    from mien.report.comparison import compare as compare_runs

    return compare_runs(paths, common, against_first)


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
    """Export a trained model in fewer bits, and compare it with fp32 on the held-out part of its data.

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
    from mien.engine.quantise import compare_precisions, to_fp16, to_int8
    from mien.runtime.engine_onnx import OnnxPredictor

    _, spec, recipe = load_model(run)
    path = out or Path(f"{spec.name}-{precision}.onnx")
    parts = make_parts(recipe, data_root, on_sample)
    smaller = spec.model_copy(update={"precision": precision})
    with TemporaryDirectory() as folder:
        fp32, _, _ = export(run, Path(folder) / "fp32.onnx")
        if precision == "int8":
            to_int8(fp32, path, smaller, parts.train.images)
        else:
            to_fp16(fp32, path, smaller)
        predictors = OnnxPredictor(fp32), OnnxPredictor(path)
        return path, smaller, compare_precisions(*predictors, parts.val.images, parts.val.labels)
