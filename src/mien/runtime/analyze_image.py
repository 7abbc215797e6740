"""One picture to results, without threads, tracking or tables."""

from __future__ import annotations

from pathlib import Path

from mien.core.errors import InputError
from mien.core.records import FaceResult, ImageArray, Plane, Predictor
from mien.faces.depth import align_with_depth
from mien.faces.detector import Detector
from mien.faces.picture import RgbPicture
from mien.faces.quality import face_warnings
from mien.runtime.columns import published
from mien.runtime.compound import CompoundReader
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
    spec = predictor.spec
    if spec.input.channels == "rgbd" and depth is None and not spec.depth_optional:
        raise InputError(f"{spec.name} sees colour and depth and cannot do without: give the picture's depth")
    faces = [published(face) for face in detector.detect(picture)]
    if not faces:
        return [FaceResult(name, 0, None, "no_face")]
    crops = [align_with_depth(picture, depth, face.points, spec.input) for face in faces]
    scores = face_scores(crops, predictor, compounds)
    names = () if compounds is None else compounds.names
    numbers = number_left_to_right([face.box for face in faces])
    rows = [
        face_row(
            (name, 0, None),
            number,
            face,
            of_face,
            spec.labels,
            names,
            warnings=face_warnings(face, crop, spec.input.align, RgbPicture(picture), detector.name),
            unsure_below=spec.unsure_below,
        )
        for number, face, crop, of_face in zip(numbers, faces, crops, scores, strict=True)
    ]
    return sorted(rows, key=lambda row: row.face_id or 0)
