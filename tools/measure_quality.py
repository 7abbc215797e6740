"""Measure what the quality gate's limits rest on: a model's accuracy and the gate's words under known damage.

    python tools/measure_quality.py --fer2013 DIR --london DIR --meshes DIR --out results/quality/DATE.json

Four questions. How do sharpness, brightness and contrast of FER2013's held-out faces, and the accuracy on
them, move with blur, darkness and fading? From which width and angle on do London's faces go wrong, when
whole photographs are reduced, turned or covered? What yaw do the five points tell of rendered heads that are
turned by a known angle? And what does a model say of what is no face: animals, drawings, plaster heads?
Needs the extras [train] and [depth], and scikit-image for its bundled pictures of animals and things.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.api import load_recipe
from mien.core.records import Face, ImageArray, Predictor
from mien.data.camera import Pinhole, facing
from mien.data.datasets import load_dataset
from mien.data.meshes import read_mesh
from mien.data.pictures import read_picture
from mien.data.render import render, render_colour
from mien.engine.evaluate import probabilities_of
from mien.engine.packing import read_dataset
from mien.engine.parts import make_protocol
from mien.faces.align import align_face
from mien.faces.detector import Detector, create_detector
from mien.faces.picture import RgbPicture
from mien.faces.preprocess import ready_crop
from mien.faces.quality import FaceQuality, measure_quality, warnings_of
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.model_files import find_model

Change = Callable[[ImageArray], ImageArray]
Seen = tuple[Face, ImageArray, ImageArray | None]
"""A detection, its crop, and the picture it was cut from; None for a ready-made crop."""


class Gate:
    """A model and a detector, and the rows that were measured with them."""

    def __init__(self, model: str) -> None:
        self.predictor: Predictor = OnnxPredictor(find_model(model))
        self.detector: Detector = create_detector("yunet", min_face_px=6)
        self.rows: list[dict[str, Any]] = []

    def tell(
        self,
        test: str,
        value: object,
        faces: Sequence[Seen],
        truth: Sequence[int] | None = None,
        n: int | None = None,
    ) -> None:
        """Score crops with their detections and note the row.

        Args:
            test: What was done.
            value: How much of it.
            faces: What was found.
            truth: Labels; None where there are none.
            n: How many faces there would have been to find.
        """
        row: dict[str, Any] = {"test": test, "value": value, "n": n or len(faces), "n_found": len(faces)}
        if faces:
            align = self.predictor.spec.input.align
            assert align is not None, "a model that finds faces has a framing"
            pictures = [None if image is None else RgbPicture(image) for _, _, image in faces]
            qualities = [
                measure_quality(face, crop, align, picture)
                for (face, crop, _), picture in zip(faces, pictures, strict=True)
            ]
            scores = probabilities_of(self.predictor, [crop for _, crop, _ in faces])
            row |= self._figures(qualities, scores, truth)
        self.rows.append(row)
        print(json.dumps(row), flush=True)

    def _figures(
        self, qualities: Sequence[FaceQuality], scores: NDArray[np.float64], truth: Sequence[int] | None
    ) -> dict[str, Any]:
        said = [warnings_of(quality) for quality in qualities]
        sure = scores.max(1)
        limit = self.predictor.spec.unsure_below or 0.8
        values = {
            name: [v for q in qualities if (v := asdict(q)[name]) is not None]
            for name in asdict(qualities[0])
        }
        figures: dict[str, Any] = {
            "confidence": round(float(sure.mean()), 3),
            "warned": round(float(np.mean([bool(w) for w in said])), 3),
            "sure_without_warning": round(
                float(np.mean([s >= limit and not w for s, w in zip(sure, said, strict=True)])), 3
            ),
            "words": {w: sum(w in words for words in said) for w in sorted({w for ws in said for w in ws})},
            "percentiles_1_5_50_95_99": {
                name: np.percentile(v, [1, 5, 50, 95, 99]).round(4).tolist()
                for name, v in values.items()
                if v
            },
        }
        if truth is not None:
            figures["accuracy"] = round(float((scores.argmax(1) == np.asarray(truth)).mean()), 4)
        return figures

    def found(self, image: ImageArray) -> Seen | None:
        """The largest face of a picture."""
        faces = self.detector.detect(image)
        if not faces:
            return None
        face = max(faces, key=lambda f: f.box[2] * f.box[3])
        return face, align_face(image, face.points, self.predictor.spec.input), image


def held_out_crops(gate: Gate, root: Path) -> None:
    """FER2013's faces that the model did not learn from, damaged as crops."""
    recipe = load_recipe("fer2013_baseline_mien-base")
    _, samples = make_protocol(recipe, read_dataset(recipe, root))
    spec = gate.predictor.spec.input
    crops = [ready_crop(read_picture(s.image), spec) for s in samples["val"]]
    truth = [s.label for s in samples["val"]]
    points = (np.array(spec.align.points) * 100 if spec.align else np.zeros((5, 2))).astype(np.float32)
    whole = Face((0.0, 0.0, 100.0, 100.0), 1.0, points)
    noise = np.random.default_rng(0)

    def dark(factor: float) -> Change:
        return lambda c: np.clip(np.rint(c * factor + noise.normal(0, 1, c.shape)), 0, 255).astype(np.uint8)

    def faded(factor: float) -> Change:
        return lambda c: np.rint(c.mean() + (c - c.mean()) * factor).astype(np.uint8)

    for sigma in (0, 0.5, 1, 1.5, 2, 3, 4):
        changed = [cv2.GaussianBlur(c, (0, 0), sigma) if sigma else c for c in crops]
        gate.tell("blur, px of 48", sigma, [(whole, np.asarray(c, np.uint8), None) for c in changed], truth)
    for factor in (0.5, 0.25, 0.15, 0.1, 0.05):
        gate.tell("darkness, times", factor, [(whole, dark(factor)(c), None) for c in crops], truth)
    for factor in (0.5, 0.25, 0.12, 0.06, 0.03):
        gate.tell("contrast, times", factor, [(whole, faded(factor)(c), None) for c in crops], truth)
    by_quality(gate, crops, np.array(truth), whole)
    hidden = [np.array(c) for c in crops]
    for crop in hidden:
        crop[28:] = 190
    gate.tell("lower part covered", "from 28 of 48 px", [(whole, c, None) for c in hidden], truth)


def by_quality(gate: Gate, crops: Sequence[ImageArray], truth: NDArray[np.int64], face: Face) -> None:
    """Accuracy of undisturbed faces by twentieths of each measure."""
    right = probabilities_of(gate.predictor, crops).argmax(1) == truth
    assert gate.predictor.spec.input.align is not None
    qualities = [measure_quality(face, crop, gate.predictor.spec.input.align) for crop in crops]
    for name in ("sharpness", "brightness", "contrast", "mouth_detail"):
        values = np.array([getattr(q, name) for q in qualities])
        for part in np.array_split(np.argsort(values), 20)[:3]:
            row = {
                "test": f"lowest {name}, twentieths",
                "value": [round(float(v), 4) for v in (values[part].min(), values[part].max())],
                "n": len(part),
                "accuracy": round(float(right[part].mean()), 4),
            }
            gate.rows.append(row)
            print(json.dumps(row), flush=True)


def reduced(image: ImageArray, width: float, face_px: float) -> ImageArray:
    """A photograph whose face is that many pixels wide."""
    scale = face_px / width
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def leaning(image: ImageArray, degrees: float) -> ImageArray:
    """A photograph turned about its middle."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def covered(image: ImageArray, points: NDArray[np.float32], what: str) -> ImageArray:
    """A face with a surgical mask, dark glasses, a hand over one half, or a carnival mask."""
    out = image.copy()
    right, left, nose, mouth_r, mouth_l = points.astype(float)
    apart = float(np.hypot(*(left - right)))
    if what == "surgical mask":
        chin = (mouth_r + mouth_l) / 2 + (0, 0.9 * apart)
        side = np.array([0.75 * apart, 0])
        shape = [nose - side - (0, 0.1 * apart), nose - (0, 0.15 * apart), nose + side - (0, 0.1 * apart)]
        aside, lower = np.array([0.5 * apart, 0]), np.array([0, 0.3 * apart])
        shape += [mouth_l + aside + lower, chin, mouth_r - aside + lower]
        cv2.fillPoly(out, [np.array(shape, np.int32)], (176, 205, 220), cv2.LINE_AA)
    elif what == "dark glasses":
        for eye in (right, left):
            cv2.circle(out, tuple(int(v) for v in eye), int(0.38 * apart), (15, 15, 18), -1, cv2.LINE_AA)
        cv2.line(out, tuple(right.astype(int)), tuple(left.astype(int)), (15, 15, 18), 6, cv2.LINE_AA)
    elif what == "one half":
        x = int(nose[0])
        out[:, x:] = (150, 120, 100)
    else:  # a carnival mask: white, with eyes and a mouth drawn on
        middle = (int(nose[0]), int(nose[1] + 0.1 * apart))
        cv2.ellipse(out, middle, (int(1.05 * apart), int(1.5 * apart)), 0, 0, 360, (240, 240, 235), -1)
        for eye in (right, left):
            cv2.ellipse(
                out, tuple(eye.astype(int)), (int(0.3 * apart), int(0.13 * apart)), 0, 0, 360, (0, 0, 0), -1
            )
        smile = tuple(((mouth_r + mouth_l) / 2).astype(int))
        cv2.ellipse(out, smile, (int(0.5 * apart), int(0.22 * apart)), 0, 0, 180, (170, 20, 30), -1)
    return out


def photographs(gate: Gate, root: Path) -> None:
    """The London Set: reduced, turned, covered. Looked at for the gate alone; no model is tuned on it."""
    labels = list(gate.predictor.spec.labels)
    samples = load_dataset("folder", root).samples
    chosen = [s for s in samples if int(Path(s.id).stem) % 2]
    names = {"smiling": "happiness", "neutral": "neutral"}
    truth = [labels.index(names[s.id.split("/")[0]]) for s in chosen]
    images = [read_picture(s.image) for s in chosen]
    usual = [gate.found(image) for image in images]

    def run(test: str, value: object, change: Callable[[ImageArray, Face], ImageArray]) -> None:
        kept, known = [], []
        for image, at, label in zip(images, usual, truth, strict=True):
            seen = None if at is None else gate.found(change(image, at[0]))
            if seen is not None:
                kept.append(seen)
                known.append(label)
        gate.tell(test, value, kept, known, len(images))

    run("photographs", "as they are", lambda image, face: image)
    for px in (12, 16, 20, 24, 32, 48):
        run("face width, px", px, lambda image, face, px=px: reduced(image, face.box[2], px))
    for degrees in (15, 30, 45, 60, 75, 90):
        run("leaning, degrees", degrees, lambda image, face, d=degrees: leaning(image, d))
    for what in ("surgical mask", "dark glasses", "one half", "carnival mask"):
        run("covered", what, lambda image, face, w=what: covered(image, face.points, w))


def rendered(folder: Path, yaw: float, pitch: float, plaster: bool) -> Iterator[ImageArray]:
    """Heads turned by known angles, textured or as grey plaster under one lamp."""
    for path in sorted(folder.glob("*.obj")):
        mesh = read_mesh(path)
        a, b = np.radians(yaw), np.radians(pitch)
        turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        camera = Pinhole(700, 700, 160, 160, 320, 320, facing() @ nod @ turn, np.array([0, 0, 640.0]))
        view = render(mesh, camera)
        seen = view.face >= 0
        if plaster:
            corners = mesh.vertices[mesh.faces] @ (nod @ turn).T
            normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            normal /= np.linalg.norm(normal, axis=1, keepdims=True).clip(1e-9)
            light = (normal @ np.array([0.3, 0.5, 0.81])).clip(0)
            smooth = np.zeros(len(mesh.vertices))
            np.add.at(smooth, mesh.faces.ravel(), np.repeat(light, 3))
            smooth /= np.bincount(mesh.faces.ravel(), minlength=len(smooth)).clip(1)
            shade = np.einsum("hwc,hwc->hw", view.weights, smooth[mesh.faces[np.maximum(view.face, 0)]])
            grey = np.where(seen, 40 + 190 * shade, 90).astype(np.uint8)
            yield np.repeat(grey[:, :, None], 3, 2)
        elif mesh.texture is not None:
            colour = render_colour(view, mesh, read_picture(mesh.texture))
            yield np.where(seen[..., None], colour, 90).astype(np.uint8)


def heads(gate: Gate, folder: Path) -> None:
    """Yaw and pitch as the points tell them, and plaster heads."""
    for yaw in (0, 15, 30, 45, 60, 75, 90):
        images = list(rendered(folder, yaw, 0, False))
        gate.tell("yaw, degrees", yaw, [f for f in map(gate.found, images) if f], n=len(images))
    for pitch in (-40, -20, 20, 40):
        images = list(rendered(folder, 0, pitch, False))
        gate.tell("pitch, degrees", pitch, [f for f in map(gate.found, images) if f], n=len(images))
    plaster = list(rendered(folder, 0, 0, True))
    gate.tell("no living face", "plaster heads", [f for f in map(gate.found, plaster) if f], n=len(plaster))


def cartoons() -> Iterator[ImageArray]:
    """Round drawn faces of several proportions, outlines and moods."""
    rng = np.random.default_rng(0)
    for i in range(40):
        image = np.full((240, 240, 3), rng.integers(150, 256, 3), np.uint8)
        skin = [(255, 219, 172), (255, 213, 0), (141, 85, 36), (255, 255, 255)][i % 4]
        high, mood = int(rng.integers(70, 95)), int(rng.integers(-28, 29))
        cv2.ellipse(image, (120, 120), (72, high), 0, 0, 360, skin, -1, cv2.LINE_AA)
        cv2.ellipse(image, (120, 120), (72, high), 0, 0, 360, (30, 20, 20), 2, cv2.LINE_AA)
        size = int(rng.integers(6, 18))
        for x in (92, 148):
            cv2.ellipse(image, (x, 100), (size, size + 3), 0, 0, 360, (255, 255, 255), -1, cv2.LINE_AA)
            cv2.circle(image, (x, 102), size // 2 + 1, (20, 20, 20), -1, cv2.LINE_AA)
            cv2.line(image, (x - 16, 76 + i % 9), (x + 16, 76 + (i * 5) % 9), (50, 30, 20), 4, cv2.LINE_AA)
        cv2.line(image, (120, 108), (114, 134), (120, 80, 60), 2, cv2.LINE_AA)
        cv2.line(image, (114, 134), (124, 136), (120, 80, 60), 2, cv2.LINE_AA)
        bend = np.array([(x, 160 + mood * (1 - ((x - 120) / 34) ** 2)) for x in range(86, 155, 4)], np.int32)
        cv2.polylines(image, [bend], False, (170, 30, 40), 5, cv2.LINE_AA)
        yield image


def things(gate: Gate) -> None:
    """Drawings, an animal, and pictures without any face: every face that is found in them."""
    from skimage import data as bundled

    drawn = list(cartoons())
    gate.tell("no living face", "cartoons", [f for f in map(gate.found, drawn) if f], n=len(drawn))
    spec = gate.predictor.spec.input
    for name in (
        "chelsea",
        "coins",
        "coffee",
        "rocket",
        "horse",
        "moon",
        "page",
        "text",
    ):
        try:
            image = np.asarray(getattr(bundled, name)())
        except Exception as error:  # not in the wheel, and nothing is fetched here
            print(f"{name} left out: {type(error).__name__}")
            continue
        image = (
            (image * 255).astype(np.uint8)
            if image.dtype == bool
            else image[..., :3]
            if image.ndim == 3
            else image
        )
        found = []
        for side in (160, 320, 640):
            scale = side / max(image.shape[:2])
            small = np.asarray(
                cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
            )
            found += [(f, align_face(small, f.points, spec), small) for f in gate.detector.detect(small)]
        gate.tell("no living face", name, found)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fer2013", type=Path)
    parser.add_argument("--london", type=Path)
    parser.add_argument("--meshes", type=Path)
    parser.add_argument("--model", default="mien-base")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    gate = Gate(given.model)
    if given.meshes:
        heads(gate, given.meshes)
    things(gate)
    if given.fer2013:
        held_out_crops(gate, given.fer2013)
    if given.london:
        photographs(gate, given.london)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(row) for row in gate.rows)
    given.out.write_text(f'{{"model": "{given.model}", "rows": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
