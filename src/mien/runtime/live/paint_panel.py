"""Draws the panel: the chosen face in numbers, the others in a line each, and how fast it goes."""

from __future__ import annotations

from typing import Literal

import pygame

from mien.core.palette import label_colors, rgb
from mien.core.records import FaceResult
from mien.runtime.live.colours import MUTED, STAGE, TEXT, TRACK, Colour, face_color
from mien.runtime.live.layout import Layout
from mien.runtime.live.lettering import Lettering
from mien.runtime.live.scene import Scene

_PAD, _BAR_ROW, _FACE_ROW, _FOOTER = 18, 25, 24, 84


def paint_panel(surface: pygame.Surface, scene: Scene, layout: Layout, lettering: Lettering) -> None:
    """Draw the panel on its ground."""
    pen = _Pen(surface, layout, lettering)
    pen.line(scene.source, 15, bold=True)
    pen.line(f"model {scene.model}", 12.5, muted=True)
    pen.rule()
    row = scene.chosen_row
    pen.headline(row)
    pen.bars(scene.labels, row)
    if row is not None and row.compound is not None and row.compound_intensity is not None:
        pen.compound(row.compound.replace("_", " "), row.compound_intensity)
    pen.others([other for other in scene.rows if other.face_id != scene.chosen and other.status == "ok"])
    pen.footer(scene)


class _Pen:
    """Goes down the panel, from top to bottom."""

    def __init__(self, surface: pygame.Surface, layout: Layout, lettering: Lettering) -> None:
        self._surface, self._lettering, self._unit = surface, lettering, layout.unit
        self._left = layout.panel.x + _PAD * self._unit
        self._right = layout.panel.x + layout.panel.width - _PAD * self._unit
        self._bottom = layout.panel.y + layout.panel.height
        self._y = layout.panel.y + 0.8 * _PAD * self._unit

    def line(self, text: str, size: float, *, bold: bool = False, muted: bool = False) -> None:
        color = MUTED if muted else TEXT
        room = self._right - self._left
        text = self._lettering.shortened(text, size * self._unit, room, bold=bold, keep="end")
        self._put(text, self._left, size, color, bold=bold)
        self._y += 1.45 * size * self._unit

    def rule(self) -> None:
        y = round(self._y + 7 * self._unit)
        pygame.draw.line(self._surface, TRACK, (self._left, y), (self._right, y), max(1, round(self._unit)))
        self._y = y + 13 * self._unit

    def headline(self, row: FaceResult | None) -> None:
        unit = self._unit
        if row is None or row.face_id is None or row.emotion is None or row.confidence is None:
            self._put("no face", self._left, 25, MUTED)
        else:
            side = 25 * unit
            tag = pygame.Rect(self._left, self._y + 4 * unit, side, side)
            pygame.draw.rect(self._surface, face_color(row.face_id), tag, 0, round(5 * unit))
            self._lettering.put(
                self._surface,
                f"{row.face_id}",
                (tag.centerx, tag.centery - 9 * unit),
                15 * unit,
                STAGE,
                bold=True,
                align="centre",
            )
            share = self._put(f"{row.confidence:.0%}", self._right, 25, TEXT, align="right")
            left = self._left + side + 9 * unit
            self._put(row.emotion, left, 25, TEXT, bold=True, room=self._right - left - share - 8 * unit)
        self._y += 46 * unit

    def bars(self, labels: tuple[str, ...], row: FaceResult | None) -> None:
        unit, colors = self._unit, label_colors(labels)
        height = min(_BAR_ROW * unit, (self._bottom - self._y - _FOOTER * unit) / max(1, len(labels)))
        for place, name in enumerate(labels):
            share = 0.0 if row is None or row.probabilities is None else float(row.probabilities[place])
            middle = self._y + height / 2
            pygame.draw.aacircle(self._surface, rgb(colors[name]), (self._left + 5 * unit, middle), 5 * unit)
            size = min(13.5 * unit, 0.62 * height)
            top = middle - 0.62 * size
            put = self._lettering.put
            put(self._surface, name, (self._left + 17 * unit, top), size, TEXT, room=84 * unit)
            begin, end = self._left + 104 * unit, self._right - 42 * unit
            track = pygame.Rect(begin, middle - 0.23 * height, end - begin, 0.46 * height)
            radius = round(track.height / 2)
            pygame.draw.rect(self._surface, TRACK, track, 0, radius)
            if (filled := round(share * track.width)) > 0:
                bar = pygame.Rect(track.left, track.top, filled, track.height)
                pygame.draw.rect(self._surface, rgb(colors[name]), bar, 0, min(radius, filled // 2))
            put(self._surface, f"{share:.0%}", (self._right, top), size, MUTED, align="right")
            self._y += height
        self._y += 8 * unit

    def compound(self, name: str, intensity: float) -> None:
        self.rule()
        self._put(f"{intensity:+.2f}", self._right, 15, MUTED, align="right")
        self._put(name, self._left, 15, TEXT, bold=True, room=self._right - self._left - 60 * self._unit)
        self._y += 22 * self._unit

    def others(self, rows: list[FaceResult]) -> None:
        """As many as there is room for, then how many more there are."""
        left = self._bottom - self._y - (_FOOTER + 20) * self._unit
        room = int(left // (_FACE_ROW * self._unit))
        if not rows or room < 1:
            return
        self.rule()
        shown = rows if len(rows) <= room else rows[: max(0, room - 1)]
        for row in shown:
            assert row.face_id is not None
            middle = self._y + 10 * self._unit
            pygame.draw.aacircle(
                self._surface, face_color(row.face_id), (self._left + 5 * self._unit, middle), 5 * self._unit
            )
            self._put(f"{row.face_id}  {row.emotion}", self._left + 17 * self._unit, 14, TEXT)
            self._put(f"{row.confidence or 0:.0%}", self._right, 14, MUTED, align="right")
            self._y += _FACE_ROW * self._unit
        if len(shown) < len(rows):
            self._put(f"and {len(rows) - len(shown)} more", self._left + 17 * self._unit, 14, MUTED)

    def footer(self, scene: Scene) -> None:
        """Speed, what was left out, and how late smoothing answers."""
        self._y = self._bottom - _FOOTER * self._unit
        pygame.draw.line(self._surface, TRACK, (self._left, self._y), (self._right, self._y))
        self._y += 10 * self._unit
        broken = f", {scene.n_errors} broken" if scene.n_errors else ""
        smoothing = f"answers {scene.smooth_s:g} s late" if scene.smooth_s else "off"
        for left, right in (
            (f"{scene.rate_fps:.1f} frames/s", f"{scene.latency_ms:.0f} ms to screen"),
            (f"{scene.n_dropped} dropped{broken}", f"smoothing {smoothing}"),
        ):
            self._put(left, self._left, 13, TEXT)
            self._put(right, self._right, 13, MUTED, align="right")
            self._y += 22 * self._unit

    def _put(
        self,
        text: str,
        x: float,
        size: float,
        color: Colour,
        *,
        bold: bool = False,
        align: Literal["left", "right"] = "left",
        room: float | None = None,
    ) -> int:
        at, size = (x, self._y), size * self._unit
        return self._lettering.put(self._surface, text, at, size, color, bold=bold, align=align, room=room)
