"""Frames that come one by one, from a camera or over a network: each is answered before the next is taken."""

from __future__ import annotations

from mien.core.errors import InputError
from mien.core.records import FaceResult, ImageArray, Plane, Predictor
from mien.faces.depth import align_with_depth
from mien.faces.detector import Detector
from mien.faces.picture import RgbPicture
from mien.faces.quality import face_warnings
from mien.runtime.columns import published
from mien.runtime.compound import CompoundReader
from mien.runtime.scores import face_row, face_scores
from mien.runtime.smoothing import Smoother
from mien.runtime.track import FaceTracker


class FaceStream:
    """The faces of one stream, with stable numbers and probabilities smoothed over time.

    Smoothing answers a change late: after `smooth_s` seconds 63 % of it shows, after three times that, 95 %.
    """

    def __init__(
        self,
        predictor: Predictor,
        detector: Detector,
        *,
        name: str,
        rate_fps: float | None = None,
        smooth_s: float = 0.0,
        compounds: CompoundReader | None = None,
    ) -> None:
        """Begin a stream.

        Args:
            predictor: The model; may be shared between streams.
            detector: Finds the faces; this stream's own.
            name: What the results call the stream.
            rate_fps: Expected frames per second; None when unknown.
            smooth_s: Time constant of smoothing; 0: none.
            compounds: How the model tells compound emotions; None: they are not asked for.
        """
        self.predictor, self.detector, self.compounds, self.name = predictor, detector, compounds, name
        self._tracker, self._smoother = FaceTracker(rate_fps), Smoother(smooth_s)

    def update(
        self, image: ImageArray, index: int, timestamp_s: float, depth: Plane | None = None
    ) -> list[FaceResult]:
        """Analyse the next frame.

        Args:
            image: RGB [H, W, 3] as displayed.
            index: Its number.
            timestamp_s: Its time in seconds, not before the last one's.
            depth: [H, W] in millimetres, 0 where not measured, for a model that sees depth.

        Returns:
            By face_id; one result of status ``no_face`` where there is none.

        Raises:
            InputError: The model cannot do without depth and there is none.
        """
        spec, place = self.predictor.spec, (self.name, index, timestamp_s)
        if spec.input.channels == "rgbd" and depth is None and not spec.depth_optional:
            raise InputError(
                f"{spec.name} sees colour and depth and cannot do without: give the frame's depth"
            )
        faces = [published(face) for face in self.detector.detect(image)]
        numbers = self._tracker.update([face.box for face in faces])
        if not faces:
            return [FaceResult(*place, "no_face")]
        crops = [align_with_depth(image, depth, face.points, spec.input) for face in faces]
        names = () if self.compounds is None else self.compounds.names
        judged = face_scores(crops, self.predictor, self.compounds)
        rows = [
            face_row(
                place,
                number,
                face,
                self._smoother.smooth(number, timestamp_s, scores),
                spec.labels,
                names,
                warnings=face_warnings(face, crop, spec.input.align, RgbPicture(image), self.detector.name),
                unsure_below=spec.unsure_below,
            )
            for number, face, crop, scores in zip(numbers, faces, crops, judged, strict=True)
        ]
        return sorted(rows, key=lambda row: row.face_id or 0)
