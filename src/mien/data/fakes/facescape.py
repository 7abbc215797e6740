"""FaceScape's look-alike: two photos an expression, one of them from a camera that is not valid."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mien.data.datasets.facescape import FOLDERS
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, scene, write_text
from mien.data.fakes._scans import face_grid, write_ply


@FAKES.register("facescape")
def _facescape(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    for person in range(1, n_per_class + 1):
        for name, label in FOLDERS.items():
            capture = folder / "images" / str(person) / name
            cameras: dict[str, object] = {}
            for view, valid in enumerate((True, False)):
                picture, _ = scene([drawn(label, rng)], rng)
                save(capture / f"{view}.jpg", picture)
                cameras |= {f"{view}_valid": valid, f"{view}_K": [[100, 0, 32], [0, 100, 32], [0, 0, 1]]}
            write_text(capture / "params.json", [json.dumps(cameras)])
            write_ply(folder / "meshes" / str(person) / f"{name}.ply", face_grid(picture))
    people = [f"{person} {'mf'[person % 2]} {20 + person} 1 1 1 1 1" for person in range(1, n_per_class + 1)]
    write_text(folder / "info_list_v1.txt", [*people, "999 - - 1 1 1 1 1"])
