"""What takes results: tables, annotated media, reports, the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mien.core.records import FaceResult, Frame


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        n_inputs: Inputs analysed or tried by this run. n_frames: Pictures and video frames analysed. n_faces:
        Faces found. n_no_face: Frames without a face. n_errors: Rows with an error; of a resumed table, those
        of earlier runs too. n_resumed: Inputs that an earlier run had finished. passed_over: Files in folders
        that are neither pictures nor videos. interrupted: The run was stopped before its end. seconds: Wall
        time ``total``, and the time each stage was at work, summed over its threads: ``decode``,
            ``detect``, ``align``, ``infer``, ``write``. Stages overlap, so they add up to more than the
            total.
        detector: Name of the detector that was used.
    """

    n_inputs: int = 0
    n_frames: int = 0
    n_faces: int = 0
    n_no_face: int = 0
    n_errors: int = 0
    n_resumed: int = 0
    passed_over: int = 0
    interrupted: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    detector: str = ""


class Sink(Protocol):
    """Takes results in the order of the inputs.

    A sink that has an attribute ``needs_frames`` with the value False is not given frames, which then need
    not be kept until their faces are classified.
    """

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Take all results of one frame, picture or broken input (then without a frame)."""

    def close(self, summary: Summary | None = None) -> None:
        """Finish; called once, also when the run was stopped or failed (then without a summary)."""


def needs_frames(sink: Sink) -> bool:
    """Whether a sink wants the pictures too."""
    return bool(getattr(sink, "needs_frames", True))
