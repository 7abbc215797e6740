"""``mien data depth``: any 3-D face file as depth picture, point cloud, mesh and a figure of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.data.surfaces import Surface

FINE_MM = 0.1
FIGURE_PX = 160


def depth(
    file: Annotated[
        Path, typer.Argument(help=".wrl, .obj or .ply mesh, .bnt point grid, or a 16-bit depth picture.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for what is written.")],
    camera: Annotated[
        Path | None, typer.Option(help="Camera (.json). A depth picture needs one; a mesh may have one.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="The photograph that the depth is to lie on, pixel for pixel.")
    ] = None,
    unit_mm: Annotated[
        float | None,
        typer.Option(
            help="Millimetres of one unit of a mesh, or of one step of a depth picture; "
            "else the camera file's depth_unit_mm (pictures), else 1.",
            min=1e-6,
        ),
    ] = None,
    side: Annotated[
        int, typer.Option(help="Side in pixels of a mesh's rendering without a photograph.", min=2, max=8192)
    ] = 512,
    fill_holes: Annotated[
        int, typer.Option(help="Fill holes of at most this many pixels; 0 fills none.", min=0)
    ] = 0,
    largest: Annotated[
        bool, typer.Option("--largest", help="Keep the largest connected piece only.")
    ] = False,
    crop: Annotated[bool, typer.Option("--crop", help="Cut everything to what was measured.")] = False,
    jump_mm: Annotated[
        float, typer.Option(help="Cut the mesh where neighbouring pixels differ more in depth.", min=1e-6)
    ] = 10.0,
) -> None:
    """Turn a 3-D face into depth that lies on its picture, a point cloud, a mesh, and a figure of the four.

    Written: NAME_depth.png (16 bit, 0 = not measured), NAME_camera.json (the camera, the depth's unit),
        NAME_cloud.ply,
    NAME_mesh.ply, NAME_figure.png, and NAME_image.png: the picture that the depth lies on.

    Without --camera, a mesh is laid on its texture by its texture coordinates (the line printed says how
    well one camera explains them), else on --image by its silhouette, else seen from the front. A .bnt grid
    is laid on the photograph of the same name beside it.

    A camera file has model (pinhole or orthographic), width, height, fx, fy, cx, cy in pixels, and for a mesh
    translation_mm, such as [0, 0, 600] to stand 600 mm before it, perhaps rotation (3 x 3, world to camera
    axes).

    Needs the extra: pip install 'mien[depth]'

    Example: mien data depth F0001_HA04WH_F3D.wrl --image F0001_HA04WH_F2D.bmp --out f0001
    """
    from mien.cli.console import say
    from mien.core.errors import MienError
    from mien.data.camera import read_camera
    from mien.data.depth import SURFACE_ENDINGS
    from mien.data.meshes import need_depth_extra
    from mien.data.pictures import read_picture
    from mien.data.surfaces import read_surface

    need_depth_extra("trimesh", "embreex", "matplotlib")
    if out.exists() and not out.is_dir():
        raise MienError(f"--out {out}: there is a file of that name; give a folder")
    given, unit = (None, None) if camera is None else read_camera(camera)
    if file.suffix.lower() in SURFACE_ENDINGS:
        unit = None  # the camera file speaks of depth pictures
    surface = read_surface(
        file, None if image is None else read_picture(image), given, unit_mm or unit or 1.0, side
    )
    surface = _tidied(surface, fill_holes, largest, crop)
    written = _write(surface, out, file.stem, jump_mm)
    say(surface.how)
    for note in surface.notes:
        say(f"note: {note}")
    measured = surface.depth_mm[surface.depth_mm > 0]
    share = measured.size / surface.depth_mm.size
    say(
        f"depth: {surface.camera.width} x {surface.camera.height} px, {100 * share:.0f} % measured, "
        f"{measured.min():.1f} to {measured.max():.1f} mm"
    )
    for path in written:
        say(f"written: {path}")


def _tidied(surface: Surface, fill_holes: int, largest: bool, crop: bool) -> Surface:
    from dataclasses import replace

    from mien.data.depth_cleaning import fill_small_holes, largest_component, measured_box
    from mien.data.surfaces import cut

    depth_mm = surface.depth_mm
    if largest:
        depth_mm = largest_component(depth_mm)
    if fill_holes:
        depth_mm = fill_small_holes(depth_mm, fill_holes)
    surface = replace(surface, depth_mm=depth_mm)
    return cut(surface, measured_box(depth_mm)) if crop and depth_mm.any() else surface


def _write(surface: Surface, folder: Path, name: str, jump_mm: float) -> list[Path]:
    import json

    import cv2

    from mien.core.errors import MienError
    from mien.data.camera import camera_to_dict
    from mien.data.point_cloud import point_cloud, write_ply
    from mien.data.surfaces import write_depth
    from mien.plots.point_cloud import cloud_figure

    depth_mm, image = surface.depth_mm, surface.image
    cloud = point_cloud(depth_mm, surface.camera, image, jump_mm)
    step = max(1, round(max(depth_mm.shape) / FIGURE_PX))
    thin = point_cloud(depth_mm, surface.camera, image, jump_mm, step)
    unit_mm = FINE_MM if depth_mm.max() < FINE_MM * 65_535 else 1.0
    plain = {**camera_to_dict(surface.camera), "depth_unit_mm": unit_mm, "depth_no_data": 0}
    paths = {
        part: folder / f"{name}_{part}"
        for part in ("depth.png", "camera.json", "cloud.ply", "mesh.ply", "figure.png", "image.png")
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_depth(paths["depth.png"], depth_mm, unit_mm)
        paths["camera.json"].write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        write_ply(paths["cloud.ply"], cloud, with_faces=False)
        write_ply(paths["mesh.ply"], cloud, with_faces=True)
        figure = cloud_figure(image, depth_mm, thin.points, thin.colours, thin.faces)
        figure.savefig(paths["figure.png"], dpi=150)
        if image is None:
            del paths["image.png"]
        else:
            pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            paths["image.png"].write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    except OSError as error:
        raise MienError(f"{folder}: {error.strerror}") from error
    return list(paths.values())
