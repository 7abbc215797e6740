import re
import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Face, FaceResult, Frame
from mien.core.specs import InputSpec, ModelSpec
from mien.report.analysis import MOST_LISTED, MOST_PICTURE_FACES, AnalysisReport
from mien.report.analysis_page import ticks

LABELS = ("anger", "happiness", "neutral")
MODEL = ModelSpec(
    name="tiny",
    method="baseline",
    labels=LABELS,
    input=InputSpec(size_px=48, channels="gray", mean=(0.5,), std=(0.5,)),
    unsure_below=0.5,
    licence="for tests",
)
IMAGE = np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8)
FACE = Face((30, 20, 40, 50), 0.9, np.zeros((5, 2), np.float32))


@dataclass
class Ended:
    interrupted: bool = False
    n_resumed: int = 0
    passed_over: int = 0
    seconds: dict = field(default_factory=lambda: {"total": 1.5})
    detector: str = "haar"


def rows(name, probabilities, index=0, time_s=None):
    frame = Frame(name, IMAGE, index, time_s)
    found = [
        FaceResult(
            name, index, time_s, "ok", "", i, FACE, LABELS, np.array(p, np.float32), unsure=max(p) < 0.5
        )
        for i, p in enumerate(probabilities)
    ]
    return found or [FaceResult(name, index, time_s, "no_face")], frame


def broken(name, error):
    return [FaceResult(name, None, None, "error", error)], None


@pytest.fixture
def report(tmp_path):
    return AnalysisReport(tmp_path / "out" / "report.html", "my pictures", MODEL, "yunet")


def page_of(report, summary=None):
    report.close(summary or Ended())
    return report.path.read_text(encoding="utf-8")


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.replace("<wbr>", "")))


def test_page_tells_the_whole_story(report):
    report.write(*rows("a/smile.jpg", [[0.05, 0.9, 0.05]]))
    report.write(*rows("a/mixed.jpg", [[0.4, 0.35, 0.25], [0.1, 0.1, 0.8]]))
    report.write(*rows("a/landscape.jpg", []))
    report.write(*broken("a/torn.jpg", "cannot be read: the file is cut short"))
    for i in range(50):
        report.write(*rows("talk.mp4", [[0.2, 0.2, 0.6]] if i < 40 else [], i, i / 25))
    page = page_of(report, Ended(passed_over=2))
    text = text_of(page)

    for said in (
        "my pictures",
        "Pictures 3",
        "Videos 1",
        "Frames and pictures 53",
        "Faces 43",
        "Without a face 11",
        "Not readable 1",
        "a/torn.jpg cannot be read: the file is cut short",
        "a/landscape.jpg",
        "neither pictures nor videos: 2.",
        "50 frames, 0:02.0 · 1 face",
        "10 frames without a face",
        "in 40 frames",
        "haar",
        "1.5 s",
        "for tests",
        "Nothing was sent anywhere",
    ):
        assert said in text.replace("\N{NO-BREAK SPACE}", " "), said
    assert "stopped before its end" not in text
    assert page.count('class="timeline"') == 1


def test_page_loads_nothing_from_outside(report):
    report.write(*rows("a.jpg", [[0.1, 0.2, 0.7]]))
    report.write(*rows("b.mp4", [[0.1, 0.2, 0.7]], 0, 0.0))
    page = page_of(report)

    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//|@import|url\(|fetch\(|XMLHttp""", page)
    assert "default-src 'none'" in page
    assert set(re.findall(r'src="([a-z]+:)', page)) == {"data:"}


def test_names_are_not_trusted(report):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    report.write(*rows(f"{evil}.jpg", [[0.1, 0.2, 0.7]]))
    report.write(*rows(f"{evil}.mp4", [[0.3, 0.3, 0.4]], 0, 0.0))
    report.write(*rows(f"{evil}-empty.jpg", []))
    report.write(*broken(f"{evil} \udcff", evil))
    page = page_of(report)

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("<script>") == 1


def test_galleries_hold_the_surest_and_the_least_sure(report):
    for i, top in enumerate([0.55, 0.95, 0.75, 0.4, 0.85, 0.65]):
        rest = (1 - top) / 2
        report.write(*rows(f"{i}.jpg", [[top, rest, rest]]))

    assert [c.confidence for c in report.confident["anger"].cards()] == pytest.approx(
        [0.95, 0.85, 0.75, 0.65]
    )
    text = text_of(page_of(report))
    assert "Unsure faces 17" in text
    assert text[text.index("Least sure") :].count("3.jpg") == 1
    assert "1.jpg" not in text[text.index("Least sure") :]


def test_note_stands_on_the_page(tmp_path):
    report = AnalysisReport(
        tmp_path / "r.html", "t", MODEL, "yunet", note="These faces are synthetic & made."
    )
    assert "These faces are synthetic &amp; made." in page_of(report)


def test_interrupted_run_says_so(report):
    report.write(*rows("a.mp4", [[0.1, 0.2, 0.7]], 0, 0.0))
    assert "stopped before its end" in page_of(report, Ended(interrupted=True))


def test_failed_run_without_a_summary_still_has_its_page(report):
    report.write(*rows("a.mp4", [[0.1, 0.2, 0.7]], 0, 0.0))
    report.close()
    page = report.path.read_text()
    assert "stopped before its end" in page
    assert "yunet" in page


def test_nothing_analysed_is_a_page_too(report):
    page = page_of(report)
    assert "Emotions" not in text_of(page)
    assert "How it was done" in page


def test_broken_tail_belongs_to_its_video(report):
    report.write(*rows("a.mp4", [[0.1, 0.2, 0.7]], 0, 0.0))
    report.write(*broken("a.mp4", "the rest cannot be read"))
    assert (report.n_inputs, report.n_videos, report.n_errors) == (1, 1, 1)


def test_long_inputs_leave_memory_and_page_flat(report):
    rng = np.random.default_rng(1)

    def feed(start, stop):
        for i in range(start, stop):
            shares = rng.dirichlet([1, 1, 1])
            report.write(*rows("long.mp4", [shares], i, i / 25))

    feed(0, 1500)
    tracemalloc.start()
    feed(1500, 6000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert grown < 300_000
    assert report.videos[0].tracks[0].n == 6000
    assert len(page_of(report)) < 600_000


def test_many_pictures_are_counted_and_some_are_shown(report):
    for i in range(MOST_PICTURE_FACES + 5):
        report.write(*rows(f"{i}.jpg", [[0.1, 0.2, 0.7]]))
    for i in range(MOST_LISTED + 7):
        report.write(*broken(f"broken{i}.jpg", "no picture"))
    text = text_of(page_of(report))
    assert f"The first {MOST_PICTURE_FACES} of {MOST_PICTURE_FACES + 5}" in text
    assert f"The first {MOST_LISTED} of {MOST_LISTED + 7}" in text
    assert f"broken{MOST_LISTED}.jpg" not in text


def test_unwritable_place_is_found_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="cannot write"):
        AnalysisReport(tmp_path / "file" / "report.html", "t", MODEL, "yunet")
    with pytest.raises(MienError, match="is a folder"):
        AnalysisReport(tmp_path, "t", MODEL, "yunet")


@pytest.mark.parametrize(
    ("end_s", "expected"), [(0.0, [0]), (5.8, [0, 1, 2, 3, 4, 5]), (600, [0, 120, 240, 360, 480, 600])]
)
def test_ticks(end_s, expected):
    assert ticks(end_s) == expected


def test_ticks_stay_few_for_days_of_video():
    assert len(ticks(3 * 86400.0)) <= 9
