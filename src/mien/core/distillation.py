"""What a recipe says about learning from trained models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mien.core.specs import Frozen


class Distillation(Frozen):
    """Trained models whose opinion of each augmented picture is a share of its target.

    Attributes:
        teachers: Run folders or their weight files; same labels and same input as the student.
        weight: Share of the target that is theirs.
        temperature: Divides their logits, above that of their calibration: higher is softer.
        mirrored: Whether they also see the mirror image.
        sees: What they see: the ``damaged`` crop that the student learns from, or the ``whole`` one, with its
            place and colours changed alike but not yet blurred, noisy, low in resolution or erased in part.
    """

    teachers: list[str] = Field(min_length=1)
    weight: float = Field(default=0.5, gt=0, le=1)
    temperature: float = Field(default=1.0, gt=0)
    mirrored: bool = True
    sees: Literal["damaged", "whole"] = "damaged"
