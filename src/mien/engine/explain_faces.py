"""Maps of single faces, and the mean map of each class: arrays and figures from any map maker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray, Predictor, RgbdArray
from mien.engine.evaluate import TestPart, probabilities_of
from mien.explain.maps import ClassMeans, MapMaker, enlarged, to_unit
from mien.explain.records import Picture, Section
from mien.faces.preprocess import to_batch
from mien.plots.overlay import SheetRow, overlay, sheet
from mien.plots.png import picture_png

BATCH = 16
Crop = ImageArray | RgbdArray


@dataclass(frozen=True, eq=False)
class Explainer:
    """A model and a way to map what it looks at.

    Attributes:
        how: A key of `mien.explain.records.MAP_HOWS`.
        predictor: The model.
        maker: Makes the maps.
        target: The class that is explained; None takes the one that the model names.
    """

    how: str
    predictor: Predictor
    maker: MapMaker
    target: int | None = None


@dataclass(frozen=True, eq=False)
class FaceMap:
    """What was found of one face.

    Attributes:
        probabilities: [K], calibrated.
        target: The class that the maps explain.
        maps: By layer, each [h, w].
    """

    probabilities: NDArray[np.float64]
    target: int
    maps: dict[str, NDArray[np.float32]]


def face_maps(
    explainer: Explainer, crops: Sequence[Crop], targets: Sequence[int] | None = None
) -> Iterator[FaceMap]:
    """Explain ready crops, a few at a time.

    Args:
        explainer: How.
        crops: Of the model's size.
        targets: The class explained in each; None as the explainer says.
    """
    spec = explainer.predictor.spec
    for begin in range(0, len(crops), BATCH):
        some = crops[begin : begin + BATCH]
        shares = probabilities_of(explainer.predictor, some)
        wanted = shares.argmax(1)
        if targets is not None:
            wanted = np.asarray(targets[begin : begin + BATCH])
        elif explainer.target is not None:
            wanted = np.full(len(some), explainer.target)
        maps = explainer.maker(to_batch(some, spec.input), wanted.astype(np.int64))
        for i in range(len(some)):
            yield FaceMap(shares[i], int(wanted[i]), {name: planes[i] for name, planes in maps.items()})


def explain_faces(
    explainer: Explainer,
    crops: Sequence[Crop],
    names: Sequence[str],
    on_face: Callable[[], object] = lambda: None,
) -> tuple[Section, dict[str, NDArray[Any]]]:
    """Maps of single faces.

    Args:
        explainer: How.
        crops: At least one, of the model's size.
        names: What each is called.
        on_face: Called after each face, for a progress bar.

    Returns:
        The part of the page, and the arrays: ``input``, ``crop``, ``target``, ``probabilities`` [N, K],
        ``labels`` and ``map NAME`` [N, h, w] for each layer.
    """
    labels = explainer.predictor.spec.labels
    found: list[FaceMap] = []
    pictures: list[Picture] = []
    for crop, name, face in zip(crops, names, face_maps(explainer, crops), strict=True):
        found.append(face)
        said = ", ".join(
            f"{labels[k]} {face.probabilities[k]:.0%}" for k in np.argsort(-face.probabilities)[:2]
        )
        shown = [colour_of(crop), *(laid_on(crop, plane) for plane in face.maps.values())]
        row = sheet([SheetRow("", tuple(shown))], ("face", *face.maps))
        stem = f"{explainer.how}-{len(found):04d}"
        about = "" if explainer.how == "attention" else f"; map of {labels[face.target]}"
        pictures.append(Picture(stem, picture_png(row), f"{name}: {said}{about}"))
        on_face()
    arrays: dict[str, NDArray[Any]] = {
        "input": np.array(names),
        "crop": np.stack(crops),
        "target": np.array([face.target for face in found]),
        "probabilities": np.stack([face.probabilities for face in found]),
        "labels": np.array(labels),
    }
    for name in found[0].maps:
        arrays[f"map {name}"] = np.stack([face.maps[name] for face in found])
    said = "Each face beside what was found, with the model's two likeliest labels."
    return Section("Faces", said, tuple(pictures)), arrays


def explain_classes(
    explainer: Explainer, part: TestPart, on_face: Callable[[], object] = lambda: None
) -> tuple[Section, dict[str, NDArray[Any]]]:
    """The mean map of each class over labelled faces, each explained for its true class.

    A face that had to be found and was not is left out.

    Args:
        explainer: How; its target is not used.
        part: Crops with their truth.
        on_face: Called after each face, for a progress bar.

    Returns:
        The part of the page, and the arrays: ``class_labels``, ``class_n`` [K], ``class_face`` [K, S, S] or
        [K, S, S, 3], ``class_map NAME`` [K, h, w]: means of maps that each were brought to the scale 0..1.
        NaN for a class without faces.
    """
    labels = explainer.predictor.spec.labels
    places = np.flatnonzero(part.detected)
    crops, truth = [part.crops[i] for i in places], part.truth[places].tolist()
    faces, means = ClassMeans(len(labels)), dict[str, ClassMeans]()
    for crop, face in zip(crops, face_maps(explainer, crops, truth), strict=True):
        faces.add(face.target, colour_of(crop))
        for name, plane in face.maps.items():
            means.setdefault(name, ClassMeans(len(labels))).add(face.target, to_unit(plane))
        on_face()
    arrays: dict[str, NDArray[Any]] = {"class_labels": np.array(labels), "class_n": faces.counts}
    arrays["class_face"] = faces.means()
    arrays |= {f"class_map {name}": mean.means() for name, mean in means.items()}
    rows = []
    for k, label in enumerate(labels):
        if faces.counts[k]:
            mean_face = np.rint(arrays["class_face"][k]).astype(np.uint8)
            shown = [laid_on(mean_face, arrays[f"class_map {name}"][k]) for name in means]
            rows.append(SheetRow(f"{label} ({faces.counts[k]})", (mean_face, *shown)))
    figure = Picture(
        f"{explainer.how}-classes",
        picture_png(sheet(rows, ("mean face", *means))),
        "Mean face and mean map of each class, with the number of faces",
    )
    said = "The mean over the faces of each class, each explained for its true class and scaled to 0..1."
    return Section("Classes", said, (figure,)), arrays


def colour_of(crop: Crop) -> ImageArray:
    """What can be shown of a crop: grey, or RGB without depth."""
    return crop[:, :, :3].astype(np.uint8) if crop.ndim == 3 and crop.shape[2] == 4 else crop.astype(np.uint8)


def laid_on(crop: Crop, plane: NDArray[np.float32]) -> ImageArray:
    """A crop in the colours of its map, RGB [S, S, 3]; the map's least value is blue, its largest red."""
    return overlay(colour_of(crop), enlarged(to_unit(plane), crop.shape[0]))
