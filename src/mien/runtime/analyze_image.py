"""One picture to results, without threads, tracking or tables."""

from __future__ import annotations

from pathlib import Path

from mien.core.errors import InputError
from mien.core.records import FaceResult, ImageArray, Plane, Predictor
from mien.core.specs import ModelSpec
from mien.faces.depth import align_with_depth
from mien.faces.detector import Detector
from mien.faces.picture import RgbPicture
from mien.faces.quality import face_warnings
from mien.runtime.columns import published
from mien.runtime.compound import CompoundReader
from mien.runtime.look import Seen
from mien.runtime.pictures import read_picture
from mien.runtime.scores import face_row, face_scores
from mien.runtime.track import number_left_to_right


def analyze_image(
    image: ImageArray | str | Path,
    predictor: Predictor,
    detector: Detector,
    name: str | None = None,
    compounds: CompoundReader | None = None,
    depth: Plane | None = None,
) -> list[FaceResult]:
    """Analyse one picture.

    Args:
        image: RGB [H, W, 3] as displayed, or a file.
        predictor: The model.
        detector: Finds the faces.
        name: What the results call it; the file's path when left out.
        compounds: How the model tells compound emotions; None: they are not asked for.
        depth: Of the picture, [H, W] in millimetres, 0 where not measured, for a model that sees depth.

    Returns:
        One result per face, left to right; one result of status ``no_face`` where there is none.

    Raises:
        InputError: The file cannot be read, or the model cannot do without depth and there is none.
    """
    picture = read_picture(Path(image)) if isinstance(image, str | Path) else image
    name = name if name is not None else str(image) if isinstance(image, str | Path) else ""
    return judge(look(picture, predictor.spec, detector, depth), predictor, name, compounds)


def look(picture: ImageArray, spec: ModelSpec, detector: Detector, depth: Plane | None = None) -> Seen:
    """The first half of `analyze_image`: find the faces and cut them out.

    Raises:
        InputError: The model cannot do without depth and there is none.
    """
    if spec.input.channels == "rgbd" and depth is None and not spec.depth_optional:
        raise InputError(f"{spec.name} sees colour and depth and cannot do without: give the picture's depth")
    faces = tuple(published(face) for face in detector.detect(picture))
    crops = tuple(align_with_depth(picture, depth, face.points, spec.input) for face in faces)
    whole, align = RgbPicture(picture), spec.input.align
    warnings = tuple(
        face_warnings(face, crop, align, whole, detector.name)
        for face, crop in zip(faces, crops, strict=True)
    )
    return Seen(None, faces, crops, warnings)


def judge(
    seen: Seen, predictor: Predictor, name: str, compounds: CompoundReader | None = None
) -> list[FaceResult]:
    """The second half: what the faces express; see `analyze_image`."""
    if not seen.faces:
        return [FaceResult(name, 0, None, "no_face")]
    scores = face_scores(seen.crops, predictor, compounds)
    names = () if compounds is None else compounds.names
    numbers = number_left_to_right([face.box for face in seen.faces])
    rows = [
        face_row(
            (name, 0, None),
            number,
            face,
            of_face,
            predictor.spec.labels,
            names,
            warnings=warnings,
            unsure_below=predictor.spec.unsure_below,
        )
        for number, face, warnings, of_face in zip(numbers, seen.faces, seen.warnings, scores, strict=True)
    ]
    return sorted(rows, key=lambda row: row.face_id or 0)
