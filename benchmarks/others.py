"""What a user would take instead, timed on the same pictures in a process of its own.

    python benchmarks/others.py fer|mediapipe VIDEO_OR_FOLDER [--frames N] [--model FILE]

prints a line of json: frames, seconds, and per frame the boxes and what was said of them. It imports nothing
of mien, so that it runs in an environment of that tool alone.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

NAMES = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}


def pictures(path: Path, most: int) -> Iterator[object]:
    """BGR frames of a video, or the pictures of a folder, as OpenCV reads them."""
    import cv2

    if path.is_dir():
        for file in sorted(path.rglob("*.jpg"))[:most]:
            yield cv2.imread(str(file))
        return
    video = cv2.VideoCapture(str(path))
    for _ in range(most):
        there, frame = video.read()
        if not there:
            return
        yield frame


def with_fer(path: Path, most: int) -> Iterator[list[dict[str, object]]]:
    """The fer package as its README uses it."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from fer.fer import FER

    detector = FER()
    for picture in pictures(path, most):
        found = detector.detect_emotions(picture)
        yield [
            {
                "box": [int(v) for v in face["box"]],
                "emotion": NAMES[max(face["emotions"], key=face["emotions"].get)],
            }
            for face in found
        ]


def with_mediapipe(path: Path, most: int, model: Path) -> Iterator[list[dict[str, object]]]:
    """MediaPipe's face landmarker with its blendshapes; it names no emotions."""
    import cv2
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for picture in pictures(path, most):
            rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            found = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))
            yield [{} for _ in found.face_landmarks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", choices=["fer", "mediapipe"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--model", type=Path)
    args = parser.parse_args()
    run = (
        with_fer(args.path, args.frames)
        if args.tool == "fer"
        else with_mediapipe(args.path, args.frames, args.model)
    )
    first = [next(run)]  # loads and warms up: not counted
    started = time.perf_counter()
    rest = list(run)
    seconds = time.perf_counter() - started
    print("RESULT " + json.dumps({"frames": len(rest), "seconds": seconds, "faces": first + rest}))


if __name__ == "__main__":
    main()
