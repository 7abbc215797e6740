"""Text on a pygame surface, in a font of the system or the one that comes with pygame."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Literal

import pygame

from mien.runtime.live.colours import Colour

_FONTS = ["inter", "segoeui", "helveticaneue", "dejavusans", "notosans", "liberationsans", "arial"]
_MOST_KEPT = 600


class Lettering:
    """Draws text; what was drawn lately is kept, as most of it stays the same from frame to frame."""

    def __init__(self) -> None:
        pygame.font.init()
        with warnings.catch_warnings():  # a system without a list of its fonts
            warnings.simplefilter("ignore")
            self._files = {bold: pygame.font.match_font(_FONTS, bold=bold) for bold in (False, True)}
        self._fonts: dict[tuple[int, bool], pygame.font.Font] = {}
        self._kept: OrderedDict[tuple[str, int, Colour, bool], pygame.Surface] = OrderedDict()

    def put(
        self,
        surface: pygame.Surface,
        text: str,
        at: tuple[float, float],
        size: float,
        color: Colour,
        *,
        bold: bool = False,
        align: Literal["left", "right", "centre"] = "left",
        room: float | None = None,
    ) -> int:
        """Write a line.

        Args:
            surface: What it is written on.
            text: One line.
            at: Its upper left corner, upper right corner or the middle of its upper edge, by `align`.
            size: Height of the letters in pixels.
            color: 0..255.
            bold: In heavy type.
            align: Which way it runs from `at`.
            room: Shorten it to so many pixels; None: as long as it is.

        Returns:
            Its width in pixels.
        """
        if room is not None:
            text = self.shortened(text, size, room, bold=bold)
        image = self._image(text, max(6, round(size)), color, bold)
        shift = {"left": 0.0, "centre": image.get_width() / 2, "right": float(image.get_width())}[align]
        surface.blit(image, (round(at[0] - shift), round(at[1])))
        return image.get_width()

    def width(self, text: str, size: float, *, bold: bool = False) -> int:
        """Pixels that a line takes."""
        return self._font(max(6, round(size)), bold).size(text)[0]

    def shortened(
        self,
        text: str,
        size: float,
        room: float,
        *,
        bold: bool = False,
        keep: Literal["begin", "end"] = "begin",
    ) -> str:
        """A line cut to fit, what is lost replaced by dots."""
        if self.width(text, size, bold=bold) <= room:
            return text
        while text and self.width(text + "...", size, bold=bold) > room:
            text = text[:-1] if keep == "begin" else text[1:]
        return text + "..." if keep == "begin" else "..." + text

    def _font(self, size: int, bold: bool) -> pygame.font.Font:
        key = size, bold
        if key not in self._fonts:
            self._fonts[key] = pygame.font.Font(self._files[bold], size)
        return self._fonts[key]

    def _image(self, text: str, size: int, color: Colour, bold: bool) -> pygame.Surface:
        key = text, size, color, bold
        if key not in self._kept:
            self._kept[key] = self._font(size, bold).render(text, True, color)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
