"""Single frames of the short videos that some data sets are handed out as."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from mien.core.errors import InputError
from mien.core.records import ImageArray, VideoFrame

VIDEO_ENDINGS = frozenset({".avi", ".mp4", ".mpg", ".mpeg", ".wmv", ".mov"})


def n_frames(path: Path) -> int:
    """How many frames a video has, by its header, or by counting where that says nothing.

    Raises:
        InputError: The file cannot be opened, or has no frames.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            n = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
    except (OSError, IndexError, av.FFmpegError) as error:
        raise InputError(f"{path}: not a video that can be opened ({error})") from error
    if not n:
        raise InputError(f"{path}: a video without frames")
    return n


def read_frame(frame: VideoFrame) -> ImageArray:
    """One frame, RGB uint8 [H, W, 3]: the video is decoded from its beginning, so that it is the right one.

    Raises:
        InputError: The video cannot be read as far as that frame.
    """
    try:
        with av.open(str(frame.path)) as container:
            for index, decoded in enumerate(container.decode(video=0)):
                if index == frame.index:
                    return np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8)
    except (OSError, IndexError, av.FFmpegError) as error:
        raise InputError(f"{frame.path}: not a video that can be read ({error})") from error
    raise InputError(f"{frame.path}: has no frame {frame.index}; the file is cut short")
