"""`mien explain`: inputs, model, arrays, figures and page joined. What each does stands in its own layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mien.api import open_predictor
from mien.core.errors import InputError, MienError
from mien.core.records import ImageArray, Predictor
from mien.core.specs import ModelSpec
from mien.explain.activation import activation_maker, gives_activation
from mien.explain.question import Question, check_question
from mien.explain.records import MAP_HOWS, Explanation, Picture, Section
from mien.metrics.provenance import installed_versions
from mien.runtime.face_crops import FaceCrop, first_faces
from mien.runtime.sources import Input, expand_paths

if TYPE_CHECKING:
    from mien.engine.evaluate import TestPart
    from mien.engine.explain_faces import Explainer
    from mien.faces.detector import Detector
    from mien.methods import Method

Stage = Callable[[str, int | None], Callable[[], object]]
"""(what is done, how many of it) -> called after each; how a progress display is told of long work."""

Arrays = dict[str, NDArray[Any]]


@dataclass(eq=False)
class _Found:
    """What has been found so far."""

    sections: list[Section] = field(default_factory=list)
    arrays: Arrays = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, section: Section, arrays: Arrays) -> None:
        self.sections.append(section)
        self.arrays |= arrays


def explain(
    question: Question, out: Path, stage: Stage = lambda said, n: lambda: None
) -> tuple[list[Path], tuple[str, ...]]:
    """Explain a model and write arrays (npz), figures (png), one page (html), and overlaid videos (mp4).

    Args:
        question: What to explain.
        out: Folder; is made where it does not exist.
        stage: Hears of long work.

    Returns:
        The files, the page first, and one line for each input that could not be explained.

    Raises:
        MienError: The question does not fit the model, nothing could be explained, or `out` cannot be
            written.
    """
    from mien.report.explanation import check_folder, write_explanation

    check_question(question)
    check_folder(out)
    found, videos = _Found(), list[Path]()
    predictor, method = _open(question)
    if question.how in MAP_HOWS:
        explainer = _explainer(question, predictor, method)
        if question.paths:
            videos = _explain_paths(question, explainer, out, found, stage)
        if question.data:
            _explain_split(question, explainer, found, stage)
    elif method is not None:
        _explain_set(question, predictor.spec, method, found, stage)
    if not found.sections:
        raise MienError("nothing could be explained: " + "; ".join(found.notes[:3]))
    said = Explanation(
        question.how,
        predictor.spec.name,
        tuple(found.sections),
        found.arrays,
        _facts(question, predictor.spec),
        tuple(found.notes),
    )
    return [*write_explanation(said, out), *videos], tuple(found.notes)


def _open(question: Question) -> tuple[Predictor, Method | None]:
    """The model, and its torch method where it is a run."""
    path = Path(question.model)
    is_run = path.is_dir() or path.suffix == ".safetensors"
    if question.how not in ("occlusion", "gradcam") and not is_run:
        raise _looks_inside(question, "occlusion and, of some, gradcam")
    predictor, _ = open_predictor(question.model)
    if question.how == "gradcam" and not is_run and not gives_activation(predictor):
        raise _looks_inside(question, "occlusion alone")
    return predictor, getattr(predictor, "method", None)


def _looks_inside(question: Question, has: str) -> MienError:
    return MienError(
        f"{question.how} looks inside of a network, so it needs a run folder of `mien train`; "
        f"{question.model} is an exported model, which has {has}"
    )


def _explainer(question: Question, predictor: Predictor, method: Method | None) -> Explainer:
    from mien.engine.explain_faces import Explainer

    spec = predictor.spec
    target = None if question.target is None else spec.label_space.index(question.target)
    if question.how == "occlusion":
        from mien.explain.occlusion import occlusion_maker

        return Explainer("occlusion", predictor, occlusion_maker(predictor, question.window), target)
    if method is None:
        return Explainer("gradcam", predictor, activation_maker(predictor), target)
    from mien.engine.method_maps import attention_maker, grad_cam_maker

    make = grad_cam_maker if question.how == "gradcam" else attention_maker
    return Explainer(question.how, predictor, make(method, spec, question.layers), target)


def _explain_paths(
    question: Question, explainer: Explainer, out: Path, found: _Found, stage: Stage
) -> list[Path]:
    """Maps of the faces in pictures and videos; gives the overlaid videos."""
    from mien.engine.explain_faces import explain_faces
    from mien.runtime.annotate import target_names

    spec = explainer.predictor.spec
    if spec.input.channels == "rgbd" and not spec.depth_optional:
        raise MienError(f"{spec.name} sees depth too and cannot do without: explain it on a set, with --data")
    detector = _detector(question)
    items = expand_paths(question.paths, leave_out=out).items
    faces: list[FaceCrop] = []
    videos: list[Path] = []
    targets = target_names([item.name for item in items])
    tick = stage("finding faces", len(items))
    for item in items:
        try:
            if question.every is not None and _is_video(item):
                target = out / f"{targets[item.name]}.{question.how}.mp4"
                _explain_video(question, explainer, item, target, found, stage)
                videos.append(target)
            else:
                faces += first_faces(item, spec.input, detector)
        except InputError as error:
            found.notes.append(f"{item.name}: {error}")
        tick()
    if faces:
        tick = stage(f"{question.how} of faces", len(faces))
        names = [_name(face) for face in faces]
        found.add(*explain_faces(explainer, [face.crop for face in faces], names, tick))
    return videos


def _explain_video(
    question: Question, explainer: Explainer, item: Input, target: Path, found: _Found, stage: Stage
) -> None:
    """A map per frame, on an overlaid copy."""
    from mien.engine.explain_faces import face_maps
    from mien.explain.maps import to_unit
    from mien.plots.overlay import overlay
    from mien.plots.png import picture_png
    from mien.runtime.map_video import MapPainter, write_map_video

    detector = _detector(question)
    if detector is None:
        raise InputError("a map for each frame is laid on found faces: leave out --faces ready")
    shown: list[str] = []
    previews: list[ImageArray] = []

    def maps_of(faces: Any) -> list[NDArray[np.float32]]:
        each = [face.maps for face in face_maps(explainer, [face.crop for face in faces])]
        shown[:] = list(each[0])[:1]
        return [maps[shown[0]] for maps in each]

    def draw(image: ImageArray, values: NDArray[np.float32]) -> ImageArray:
        marked = overlay(image, values)
        if not previews and np.isfinite(values).any():
            previews.append(marked)
        return marked

    tick = stage(f"{question.how} of {Path(item.name).name}", None)
    painter = MapPainter(maps_of, to_unit, draw)
    spec = explainer.predictor.spec.input
    maps = write_map_video(item, target, spec, detector, painter, question.every or 1, tick)
    if not maps:
        raise InputError("no face was found in it")
    name = f"video {item.name}"
    found.add(
        Section(
            Path(item.name).name,
            f"{target.name}: the map of {shown[0]} on {len(maps)} faces, each frame by itself on the scale "
            "from its least value (blue) to its largest (red).",
            (Picture(f"{target.stem}-frame", picture_png(previews[0]), "The first frame with a face"),),
        ),
        {
            f"{name} frame": np.array([m.frame for m in maps]),
            f"{name} timestamp_s": np.array([m.timestamp_s for m in maps]),
            f"{name} face": np.array([m.face for m in maps]),
            f"{name} map": np.stack([m.values for m in maps]),
        },
    )


def _explain_split(question: Question, explainer: Explainer, found: _Found, stage: Stage) -> None:
    """The mean map of each class."""
    from mien.engine.explain_faces import explain_classes

    part = _part(question, explainer.predictor.spec, stage)
    found.add(*explain_classes(explainer, part, stage(f"{question.how} of classes", len(part.ids))))


def _explain_set(question: Question, spec: ModelSpec, method: Method, found: _Found, stage: Stage) -> None:
    """Embedding, latents or similarity of a labelled set."""
    from mien.engine.explain_set import latents_section, similarity_section
    from mien.engine.method_maps import check_how, output_of

    declared = check_how(method, spec, question.how)
    if question.how == "embedding":
        _explain_embedding(question, spec, found, stage)
        return
    part = _part(question, spec, stage)
    name = declared.latents if question.how == "latents" else declared.similarity
    assert name is not None
    values = output_of(method, name, part.crops, spec.input, stage("running the model", len(part.ids)))
    if question.how == "latents":
        sections, arrays = latents_section(values, part, spec.labels)
        found.sections += sections
        found.arrays |= arrays
    else:
        found.add(*similarity_section(values, part.truth, spec.labels))


def _explain_embedding(question: Question, spec: ModelSpec, found: _Found, stage: Stage) -> None:
    from mien.engine.checkpoint import load_model
    from mien.engine.explain_set import embedding_section
    from mien.engine.method_maps import output_of
    from mien.explain.embedding import to_plane

    files = _checkpoints(question)
    part = _part(question, spec, stage)
    layouts, features = {}, {}
    for name, path in files.items():
        method, _, _ = load_model(path)
        tick = stage(f"features, {name}", len(part.ids))
        output = method.explainable().embedding
        features[name] = output_of(method, output, part.crops, spec.input, tick)
        stage(f"laying out {len(part.ids)} faces by {question.layout}, {name}", None)
        layouts[name] = to_plane(features[name], question.layout, question.seed)  # type: ignore[arg-type]
    said = {"tsne": "t-SNE", "umap": "UMAP"}[question.layout]
    section, arrays = embedding_section(layouts, part.truth, spec.labels, said)
    arrays |= {"id": np.array(part.ids)} | {f"features {name}": values for name, values in features.items()}
    found.add(section, arrays)


def _checkpoints(question: Question) -> dict[str, Path]:
    """The weight files to lay out, by their names in the figure."""
    from mien.engine.run_folder import epoch_file

    path = Path(question.model)
    if not question.epochs:
        return {"best" if path.is_dir() else path.stem: path}
    folder = path if path.is_dir() else path.parent
    files = {f"epoch {n}": folder / epoch_file(n) for n in question.epochs}
    missing = [name for name, file in files.items() if not file.is_file()]
    if missing:
        kept = ", ".join(str(int(p.stem[6:])) for p in sorted(folder.glob("epoch-*.safetensors"))) or "none"
        raise MienError(
            f"{folder} does not keep the weights of {', '.join(missing)} (kept: {kept}); train with "
            f"--set train.keep_epochs=[{', '.join(map(str, question.epochs))}]"
        )
    return files


def _part(question: Question, spec: ModelSpec, stage: Stage) -> TestPart:
    """The faces of the split that are looked at."""
    from mien.data.crops import cropper_for
    from mien.data.datasets import load_dataset
    from mien.engine.evaluate import crop_split
    from mien.engine.explain_part import drawn, found_faces

    assert question.data is not None
    assert question.split is not None
    dataset = load_dataset(question.data, question.data_root)
    few = drawn(dataset, question.split, spec, question.per_class, question.seed)
    cropper = cropper_for(dataset, spec.input, question.faces, question.detector)
    tick = stage("reading pictures", len(few.samples) if question.per_class else None)
    return found_faces(crop_split(few, question.split, spec, cropper, tick))


def _detector(question: Question) -> Detector | None:
    """None where pictures are face crops already."""
    from mien.faces.detector import create_detector

    if question.faces not in ("auto", "ready", "find"):
        raise MienError(f"faces are taken as auto, ready or find, not {question.faces!r}")
    return None if question.faces == "ready" else create_detector(question.detector)


def _is_video(item: Input) -> bool:
    """Whether an input is a video, by its first frame.

    Raises:
        InputError: It cannot be read.
    """
    from mien.runtime.sources import locate_frames

    first = next(locate_frames(item), None)
    return first is not None and first.video is not None


def _name(face: FaceCrop) -> str:
    """A face as captions call it."""
    frame = "" if face.frame.timestamp_s is None else f" at {face.frame.timestamp_s:.2f} s"
    return f"{face.frame.input}{frame}, face {face.number}"


def _facts(question: Question, spec: ModelSpec) -> dict[str, str]:
    training = spec.training
    facts = {
        "model": spec.name,
        "method": spec.method,
        "weights": question.model,
        "recipe": training.recipe if training else "",
        "recipe hash": training.recipe_hash if training else "",
        "selected on": training.selected_on if training else "unknown",
        "labels": ", ".join(spec.labels),
        "input": f"{spec.input.size_px} px {spec.input.channels}",
        "data": f"{question.data} {question.split}" if question.data else "",
        "faces of each class": ("all" if question.per_class == 0 else f"at most {question.per_class}")
        if question.data
        else "",
        "seed": str(question.seed) if question.data else "",
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    } | installed_versions()
    return {name: value for name, value in facts.items() if value}
