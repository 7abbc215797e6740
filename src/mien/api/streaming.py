"""Cameras, streams and recordings, answered frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.runtime.live.session import LiveResult


def live(
    source: int | str = 0,
    *,
    model: str = "mien-base",
    detector: str = "auto",
    compound: Sequence[str] = (),
    smooth_s: float = 0.3,
    **options: Any,
) -> Iterator[LiveResult]:
    """Results of a camera, stream or recording as they come; frames that come too fast are dropped.

    Args:
        source: A camera's number, a video file, an ``rtsp://`` or ``http://`` address, ``realsense``, or a
            folder with a recorded RGB-D sequence.
        model: An embedded model's name, or an ONNX file that `mien export` wrote.
        detector: ``auto``, ``yunet``, ``haar`` or ``mediapipe``.
        compound: Compound emotions to tell too, as for `load`.
        smooth_s: Time constant of smoothing; what is told is so much late. 0: none.
        options: Further ones of `mien.runtime.live.options.LiveOptions`: ``paced=False`` for every frame of a
            recording, ``seconds``, ``patience_s``, ``size``, ``fps``.

    Returns:
        An iterator; closing it lets go of the source.

    Raises:
        MienError: There is no such source or model, or they do not fit; while iterating, the source broke
            off.
    """
    from mien.runtime.live.options import LiveOptions
    from mien.runtime.live.run import live_session, load_judge

    told = LiveOptions(str(source), model, detector, compound=tuple(compound), smooth_s=smooth_s, **options)
    return live_session(told, load_judge(told)).results()
