"""BU-3DFE's look-alike: every person shows six emotions at four levels and neutral once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.data.datasets.bu3dfe import CODES, N_LEVELS
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, write_text
from mien.data.fakes._scans import face_grid, write_wrl


@FAKES.register("bu3dfe")
def _bu3dfe(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """`n_per_class` people, so that there are as many neutral faces."""
    for person in range(n_per_class):
        subject = f"{'FM'[person % 2]}{person // 2 + 1:04d}"
        for code, label in CODES.items():
            for level in [0] if label == "neutral" else range(1, N_LEVELS + 1):
                stem = f"{subject}_{code}{level:02d}WH"
                picture = drawn(label, rng)
                save(folder / subject / f"{stem}_F2D.bmp", picture)
                grid = face_grid(picture)
                write_wrl(folder / subject / f"{stem}_F3D.wrl", grid, f"{stem}_F3D.bmp")
                points = grid.reshape(-1, 3)[:83]
                lines = [f"{i} {x:.4f} {y:.4f} {z:.4f}" for i, (x, y, z) in enumerate(points, 1)]
                write_text(folder / subject / f"{stem}_F3D.bnd", lines)
