"""From what an AnalysisReport has gathered to its page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from mien.core.palette import label_colors
from mien.report.page import clock, percent, render
from mien.report.svg import stacked_area
from mien.report.video_story import Track, VideoStory

if TYPE_CHECKING:
    from mien.report.analysis import AnalysisReport, RunSummary

TICK_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
MOST_TICKS = 8


def analysis_html(report: AnalysisReport, summary: RunSummary | None) -> str:
    """The page as text."""
    colors = label_colors(report.model.labels)
    return render(
        "analysis.html.j2",
        {
            "report": report,
            "model": report.model,
            "detector": (summary and summary.detector) or report.detector,
            "summary": summary,
            "colors": colors,
            "distribution": _distribution(report),
            "n_faces": int(report.counts.sum()),
            "videos": [_video(story, report.model.labels, colors) for story in report.videos],
            "confident": [
                (label, gallery.cards()) for label, gallery in report.confident.items() if gallery.cards()
            ],
            "unsure": report.unsure.cards(),
        },
    )


def ticks(end_s: float) -> list[float]:
    """Round times from 0 to the end, at most about `MOST_TICKS` of them."""
    step = next((s for s in TICK_STEPS_S if end_s / s <= MOST_TICKS), max(TICK_STEPS_S[-1], end_s))
    return [float(t) for t in np.arange(0, end_s + 1e-9, step)]


def _distribution(report: AnalysisReport) -> list[tuple[str, int, float]]:
    """(label, faces, share of all faces)."""
    total = max(int(report.counts.sum()), 1)
    return [(name, n, n / total) for name, n in zip(report.model.labels, report.counts.tolist(), strict=True)]


def _video(story: VideoStory, labels: tuple[str, ...], colors: dict[str, str]) -> dict[str, object]:
    end = story.end_s or 1.0
    return {
        "name": story.name,
        "end_s": story.end_s,
        "n_frames": story.n_frames,
        "n_no_face": story.n_no_face,
        "n_faces": story.n_faces,
        "ticks": [(100 * t / end, clock(t).removesuffix(".0")) for t in ticks(end)],
        "tracks": [_track(track, end, labels, colors) for track in story.tracks.values() if track.n],
    }


def _track(track: Track, end: float, labels: tuple[str, ...], colors: dict[str, str]) -> dict[str, object]:
    points = track.timeline.points()
    ranked = sorted(zip(labels, (track.sums / track.n).tolist(), strict=True), key=lambda pair: -pair[1])
    pictures = track.strip.pictures
    return {
        "face_id": track.face_id,
        "n": track.n,
        "cover": pictures[len(pictures) // 2][1],
        "strip": [(100 * t / end, clock(t), picture) for t, picture in pictures],
        "area": stacked_area(
            points.times, points.shares, points.runs, end, [colors[name] for name in labels]
        ),
        "points": json.dumps(
            {
                "end": round(end, 3),
                "t": points.times.round(2).tolist(),
                "p": (100 * points.shares).round().astype(int).tolist(),
            },
            separators=(",", ":"),
        ),
        "in_words": ", ".join(f"{name} {percent(share, 0)}" for name, share in ranked[:3] if share >= 0.01),
    }
