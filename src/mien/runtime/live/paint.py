"""Draws a scene: the picture with its faces, the timeline, and what has to be said."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import pygame

from mien.core.palette import label_colors, rgb
from mien.core.records import FaceResult
from mien.runtime.live.colours import AMBER, MUTED, PANEL, RED, STAGE, TEXT, TRACK, Colour, face_color
from mien.runtime.live.layout import Area, Layout, box_in_window, lay_out
from mien.runtime.live.lettering import Lettering
from mien.runtime.live.paint_panel import paint_panel
from mien.runtime.live.scene import KEYS, Scene
from mien.runtime.live.timeline import timeline_picture

_TICKS: tuple[Literal["left", "centre", "right"], ...] = ("left", "centre", "centre", "centre", "right")


def paint(surface: pygame.Surface, scene: Scene, lettering: Lettering) -> Layout:
    """Draw all of a scene.

    Args:
        surface: Any size; all of it is drawn over.
        scene: What is shown.
        lettering: Fonts.

    Returns:
        Where things lie.
    """
    height, width = scene.picture.shape[:2]
    layout = lay_out(surface.get_size(), (width, height))
    surface.fill(STAGE)
    _paint_picture(surface, scene, layout)
    surface.set_clip(_rect(layout.stage))
    for row in scene.rows:
        if row.face is not None and row.face_id is not None:
            _paint_face(surface, row, scene, layout, lettering)
    _paint_words(surface, scene, layout, lettering)
    surface.set_clip(None)
    surface.fill(PANEL, _rect(layout.panel))
    paint_panel(surface, scene, layout, lettering)
    _paint_timeline(surface, scene, layout, lettering)
    if scene.helps:
        _paint_help(surface, layout, lettering)
    return layout


def _paint_picture(surface: pygame.Surface, scene: Scene, layout: Layout) -> None:
    size = layout.picture.width, layout.picture.height
    how = cv2.INTER_AREA if layout.zoom < 1 else cv2.INTER_LINEAR
    shown = cv2.resize(scene.picture, size, interpolation=how)
    if scene.mirrored:
        shown = cv2.flip(shown, 1)
    image = pygame.image.frombuffer(np.ascontiguousarray(shown).data, size, "RGB")
    surface.blit(image, (layout.picture.x, layout.picture.y))


def _paint_face(
    surface: pygame.Surface, row: FaceResult, scene: Scene, layout: Layout, lettering: Lettering
) -> None:
    """A box in the face's colour, and a tag above it, or in it where there is no room."""
    assert row.face_id is not None
    unit, color, is_chosen = layout.unit, face_color(row.face_id), row.face_id == scene.chosen
    box = _rect(box_in_window(row, layout, scene.mirrored))
    thick, round_px = max(2, round((3 if is_chosen else 2) * unit)), round(7 * unit)
    pygame.draw.rect(surface, STAGE, box.inflate(2, 2), thick + 2, round_px)
    pygame.draw.rect(surface, color, box, thick, round_px)
    text = f"{row.face_id}"
    if row.emotion is not None and row.confidence is not None:
        text += f"  {row.emotion} {row.confidence:.0%}"
    size = 15 * unit
    tag = pygame.Rect(0, 0, lettering.width(text, size, bold=True) + round(14 * unit), round(24 * unit))
    tag.bottomleft = box.left, box.top - round(4 * unit)
    tag.left = min(max(tag.left, layout.picture.x), layout.picture.x + layout.picture.width - tag.width)
    if tag.top < layout.picture.y:
        tag.top = box.top + thick + round(3 * unit)
    pygame.draw.rect(surface, color, tag, 0, round(5 * unit))
    lettering.put(surface, text, (tag.left + 7 * unit, tag.centery - 0.58 * size), size, STAGE, bold=True)


def _paint_words(surface: pygame.Surface, scene: Scene, layout: Layout, lettering: Lettering) -> None:
    """What is wrong with the source, what just happened, whether it stands still or is being recorded."""
    unit, area = layout.unit, layout.picture
    middle = area.x + area.width / 2
    if scene.status:
        _pill(surface, scene.status, (middle, area.y + 14 * unit), layout, lettering, AMBER)
    if scene.paused:
        _pill(
            surface,
            "paused - Space goes on",
            (middle, area.y + area.height / 2 - 16 * unit),
            layout,
            lettering,
            TEXT,
        )
    if scene.toast:
        _pill(surface, scene.toast, (middle, area.y + area.height - 46 * unit), layout, lettering, TEXT)
    if scene.recording is not None:
        at = area.x + area.width - 26 * unit, area.y + 28 * unit
        color = RED if scene.recording else MUTED
        _shade(surface, pygame.Rect(at[0] - 62 * unit, at[1] - 13 * unit, 74 * unit, 26 * unit), unit)
        pygame.draw.aacircle(
            surface, color, (at[0] - 48 * unit, at[1]), 6 * unit, 0 if scene.recording else 2
        )
        word = "REC" if scene.recording else "off"
        lettering.put(surface, word, (at[0], at[1] - 8 * unit), 14 * unit, color, bold=True, align="right")


def _pill(
    surface: pygame.Surface,
    text: str,
    top: tuple[float, float],
    layout: Layout,
    lettering: Lettering,
    color: Colour,
) -> None:
    """A line on a dark ground, its upper edge's middle at `top`."""
    unit, size = layout.unit, 15 * layout.unit
    text = lettering.shortened(text, size, layout.picture.width - 200 * unit)
    area = pygame.Rect(0, 0, lettering.width(text, size) + 28 * unit, 32 * unit)
    area.midtop = round(top[0]), round(top[1])
    _shade(surface, area, unit)
    lettering.put(surface, text, (area.centerx, area.centery - 0.6 * size), size, color, align="centre")


def _shade(surface: pygame.Surface, area: pygame.Rect, unit: float, opacity: int = 205) -> None:
    ground = pygame.Surface(area.size, pygame.SRCALPHA)
    pygame.draw.rect(ground, (*STAGE, opacity), ground.get_rect(), 0, round(10 * unit))
    surface.blit(ground, area)


def _paint_timeline(surface: pygame.Surface, scene: Scene, layout: Layout, lettering: Lettering) -> None:
    """The chosen face's last seconds: what share each emotion had, stacked, now at the right."""
    unit, area = layout.unit, layout.timeline
    surface.fill(PANEL, _rect(area))
    left, right = area.x + round(16 * unit), area.x + area.width - round(16 * unit)
    title = "no face" if scene.chosen is None else f"face {scene.chosen}, the last {scene.span_s:.0f} seconds"
    lettering.put(surface, title, (left, area.y + 8 * unit), 13 * unit, MUTED)
    lettering.put(surface, "h  keys      q  end", (right, area.y + 8 * unit), 13 * unit, MUTED, align="right")
    graph = pygame.Rect(left, area.y + 30 * unit, right - left, max(8, area.height - 56 * unit))
    colors = label_colors(scene.labels)
    picture = timeline_picture(
        scene.times_s,
        scene.shares,
        (graph.width, graph.height),
        now_s=scene.now_s,
        span_s=scene.span_s,
        colors=[rgb(colors[name]) for name in scene.labels],
        background=TRACK,
    )
    surface.blit(pygame.image.frombuffer(picture.data, graph.size, "RGB"), graph)
    step_s = scene.span_s / 4
    for mark in range(5):
        x = left + mark * graph.width / 4
        word = "now" if mark == 4 else f"-{scene.span_s - mark * step_s:.0f} s"
        align: Literal["left", "centre", "right"] = (
            "left" if mark == 0 else "right" if mark == 4 else "centre"
        )
        lettering.put(surface, word, (x, graph.bottom + 5 * unit), 12 * unit, MUTED, align=align)
        if 0 < mark < 4:
            pygame.draw.line(surface, PANEL, (x, graph.top), (x, graph.bottom - 1))


def _paint_help(surface: pygame.Surface, layout: Layout, lettering: Lettering) -> None:
    unit = layout.unit
    veil = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    veil.fill((*STAGE, 150))
    surface.blit(veil, (0, 0))
    row, key_width = 30 * unit, 110 * unit
    width = key_width + max(lettering.width(what, 15 * unit) for _, what in KEYS) + 56 * unit
    box = pygame.Rect(0, 0, width, row * len(KEYS) + 68 * unit)
    box.center = surface.get_width() // 2, surface.get_height() // 2
    pygame.draw.rect(surface, PANEL, box, 0, round(12 * unit))
    pygame.draw.rect(surface, TRACK, box, max(1, round(unit)), round(12 * unit))
    x, y = box.left + 24 * unit, box.top + 18 * unit
    lettering.put(surface, "Keys", (x, y), 18 * unit, TEXT, bold=True)
    y += 38 * unit
    for key, what in KEYS:
        lettering.put(surface, key, (x, y), 15 * unit, AMBER, bold=True)
        lettering.put(surface, what, (x + key_width, y), 15 * unit, TEXT)
        y += row


def _rect(area: Area) -> pygame.Rect:
    return pygame.Rect(area.x, area.y, area.width, area.height)
