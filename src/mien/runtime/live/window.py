"""The window (SDL, through pygame-ce, the extra ``live``): events in, scenes out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pygame

from mien.core.errors import MienError
from mien.runtime.live.grabber import Slot
from mien.runtime.live.layout import DESIGN_SIZE, MIN_SIZE, Layout
from mien.runtime.live.lettering import Lettering
from mien.runtime.live.meter import Meter
from mien.runtime.live.paint import paint
from mien.runtime.live.session import LiveResult
from mien.runtime.live.view import Action, LiveView

_UNSEEN = ("dummy", "offscreen")
_WAIT_S = 0.015
_REDRAW_S = 0.25

ACTIONS: dict[int, Action] = {
    pygame.K_q: "end",
    pygame.K_ESCAPE: "end",
    pygame.K_SPACE: "pause",
    pygame.K_TAB: "next",
    pygame.K_m: "mirror",
    pygame.K_s: "snapshot",
    pygame.K_r: "record",
    pygame.K_h: "help",
    pygame.K_F1: "help",
}


class LiveWindow:
    """A resizable window; belongs to the main thread."""

    def __init__(self, title: str) -> None:
        """Open it.

        Raises:
            MienError: There is no display.
        """
        try:
            pygame.display.init()
            self._check_visible()
            self._window = pygame.Window(title, DESIGN_SIZE, resizable=True, allow_high_dpi=True)
            self._window.minimum_size = MIN_SIZE
        except pygame.error as error:
            pygame.display.quit()
            raise MienError(
                f"there is no display for a window ({error}); --headless does without one"
            ) from error
        self._lettering = Lettering()
        self._layout: Layout | None = None

    @staticmethod
    def _check_visible() -> None:
        """Without a display SDL draws into nothing, unless it was told to, as tests do."""
        driver = pygame.display.get_driver()
        if driver in _UNSEEN and os.environ.get("SDL_VIDEODRIVER") != driver:
            raise pygame.error("none was found")

    def close(self) -> None:
        """Close it."""
        self._window.destroy()
        pygame.font.quit()
        pygame.display.quit()

    def run(
        self,
        newest: Slot[LiveResult],
        view: LiveView,
        meter: Meter,
        is_stopped: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show results until there are no more, the user has had enough, or it is stopped.

        Args:
            newest: Where results lie.
            view: What is shown of them.
            meter: Told when each was on the screen.
            is_stopped: Asked between frames.
            clock: The one by which frames were grabbed.
        """
        drawn_at = -_REDRAW_S
        while not (view.wants_end or is_stopped() or newest.is_over):
            is_changed = self._take_events(view)
            seen = newest.take(0.0 if is_changed else _WAIT_S)
            if seen is not None:
                view.see(seen)
            if seen is None and not is_changed and clock() - drawn_at < _REDRAW_S:
                continue
            self._draw(view)
            drawn_at = clock()
            if seen is not None and seen.frame is not None:
                meter.add(seen.grabbed_at_s, drawn_at)

    def _take_events(self, view: LiveView) -> bool:
        """Whether anything happened that changes the window."""
        is_changed = False
        for event in pygame.event.get():
            is_changed = True
            if event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
                view.act("end")
            elif event.type == pygame.KEYDOWN and event.key in ACTIONS:
                view.act(ACTIONS[event.key])
            elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1 and self._layout is not None:
                # the mouse counts in points, the surface in pixels: there may be several to a point
                scale = self._window.get_surface().get_width() / self._window.size[0]
                view.click((event.pos[0] * scale, event.pos[1] * scale), self._layout)
            elif event.type == pygame.MOUSEMOTION:
                is_changed = False
        return is_changed

    def _draw(self, view: LiveView) -> None:
        scene = view.scene()
        if scene is None:
            return
        surface = self._window.get_surface()
        self._layout = paint(surface, scene, self._lettering)
        self._window.flip()
        if view.wants_snapshot:
            view.wants_snapshot = False
            view.tell(_save(surface))


def _save(surface: pygame.Surface) -> str:
    """Save the window as a picture in the present folder; says where, or why not."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    paths = (Path(f"mien-live-{stamp}{f'-{n}' if n else ''}.png") for n in range(1000))
    path = next(path for path in paths if not path.exists())
    try:
        pygame.image.save(surface, str(path))
    except (pygame.error, OSError) as error:
        return f"cannot save {path}: {error}"
    return f"saved as {path}"
