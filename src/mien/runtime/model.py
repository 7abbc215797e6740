"""A model and a detector, ready for pictures."""

from __future__ import annotations

from pathlib import Path

from mien.core.records import FaceResult, ImageArray, Plane
from mien.core.specs import ModelSpec
from mien.faces.detector import Detector
from mien.runtime.analyze_image import analyze_image
from mien.runtime.compound import CompoundReader
from mien.runtime.depth import read_depth_picture
from mien.runtime.engine_onnx import OnnxPredictor


class Model:
    """What `mien.load` gives."""

    def __init__(
        self, predictor: OnnxPredictor, detector: Detector, compounds: CompoundReader | None = None
    ) -> None:
        self.predictor = predictor
        self.detector = detector
        self.compounds = compounds

    @property
    def spec(self) -> ModelSpec:
        """Labels, input, calibration."""
        return self.predictor.spec

    def analyze(
        self,
        image: ImageArray | str | Path,
        depth: Plane | str | Path | None = None,
        depth_unit_mm: float = 1.0,
    ) -> list[FaceResult]:
        """Find the faces of a picture and their expressions.

        Args:
            image: RGB uint8 [H, W, 3] as displayed, or the path of a picture.
            depth: For a model that sees depth: the picture's, [H, W] in millimetres with 0 where nothing was
                measured, or the path of a 16-bit grey picture. A model that has learnt to do without judges
                by colour alone where it is left out.
            depth_unit_mm: One step of a depth picture in millimetres.

        Returns:
            One result per face, left to right; one result of status ``no_face`` where there is none.

        Raises:
            InputError: A file cannot be read, or the model cannot do without depth and there is none.
        """
        plane = read_depth_picture(Path(depth), depth_unit_mm) if isinstance(depth, str | Path) else depth
        return analyze_image(image, self.predictor, self.detector, compounds=self.compounds, depth=plane)
