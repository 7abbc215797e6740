"""`mien analyze` as it is typed, with a model and a detector that always say the same."""

import csv
import io

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from mien.cli.analyze import analyze, closing_line
from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Face
from mien.core.specs import AlignSpec, InputSpec, LogitStatistics, ModelSpec
from mien.runtime import analyze as runtime
from mien.runtime.sink import Summary

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))


class OneFace:
    """A face in each picture that is not black."""

    name = "oneface"

    def detect(self, image):
        points = (np.array(POINTS) * 40 + 10).astype(np.float32)
        return [Face((10.0, 10.0, 40.0, 40.0), 0.9, points)] if image.any() else []


class AlwaysHappy:
    spec = ModelSpec(
        name="always-happy",
        method="test",
        labels=BASIC7.names,
        input=InputSpec(size_px=8, channels="gray", mean=(0,), std=(1,), align=AlignSpec(points=POINTS)),
    )

    def logits(self, batch):
        return np.tile(np.array([0, 0, 0, 5, 0, 0, 0], np.float32), (len(batch), 1))


@pytest.fixture
def mien(tmp_path, monkeypatch):
    """Runs the verb in a folder with a.png (a face), b.png (none), c.jpg (broken) and a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    cv2.imwrite("in/a.png", np.full((60, 60, 3), 128, np.uint8))
    cv2.imwrite("in/b.png", np.zeros((60, 60, 3), np.uint8))
    (tmp_path / "in/readme.txt").touch()
    monkeypatch.setattr(runtime, "load_predictor", lambda options: AlwaysHappy())
    monkeypatch.setattr(runtime, "detector_maker", lambda options: ("oneface", OneFace))
    app = typer.Typer(rich_markup_mode="markdown")
    app.command()(analyze)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_a_table_and_exit_code_0(mien, tmp_path):
    done = mien("in", "--out", "new/t.csv")
    assert done.exit_code == 0
    assert "2 inputs, 2 frames, 1 face, 1 without a face, 1 file passed over" in done.stdout
    assert "-> new/t.csv" in done.stdout
    with open("new/t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["input"], r["status"], r["emotion"]) for r in rows] == [
        ("in/a.png", "ok", "happiness"),
        ("in/b.png", "no_face", ""),
    ]


def test_without_out_the_rows_are_piped_as_csv_and_the_rest_goes_to_stderr(mien):
    done = mien("in", "--columns", "input, emotion,happiness")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows == [
        ["input", "emotion", "happiness"],
        ["in/a.png", "happiness", "0.961143"],
        ["in/b.png", "", ""],
    ]
    assert "2 inputs" in done.stderr


def test_compounds_of_sets_and_of_typed_mixtures(mien, monkeypatch):
    statistics = LogitStatistics(mean=(0.0,) * 7, std=(2.5,) * 7, fitted_on="nothing")
    monkeypatch.setattr(
        AlwaysHappy, "spec", AlwaysHappy.spec.model_copy(update={"basic_statistics": statistics})
    )
    words = ("--compound", "rafdb11", "--compound", "nostalgia=0.75*happiness+0.25*sadness")
    columns = ("--columns", "emotion,compound,compound_intensity,nostalgia,happily_surprised,sadly_angry")
    done = mien("in", *words, *columns)
    assert done.exit_code == 0
    assert list(csv.reader(io.StringIO(done.stdout)))[1:] == [
        ["happiness", "nostalgia", "1.5", "1.5", "1.0", "0.0"],
        [""] * 6,
    ]


def test_exit_code_3_when_an_input_was_not_read(mien, tmp_path):
    (tmp_path / "in/c.jpg").write_text("no picture")
    done = mien("in", "-o", "t.csv")
    assert done.exit_code == 3
    assert "1 with an error" in done.stdout
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_quiet_is_quiet(mien):
    done = mien("in", "-o", "t.csv", "--quiet")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "words", [(), ("in", "--every", "0"), ("in", "--no-such-option"), ("in", "--every", "x")]
)
def test_exit_code_2_for_wrong_usage(mien, words):
    assert mien(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("in", "-o", "t.xls"), "a table ends in"),
        (("in", "--columns", "emotoin"), "did you mean 'emotion'"),
        (("in", "--format", "openface"), "unknown table format"),
        (("in", "--resume"), "--resume needs --out"),
        (("in", "-o", "t.csv", "--resume", "--overwrite"), "choose one"),
        (("in", "--annotate", "."), "would replace"),
        (("in", "--compound", "rafdb1"), "did you mean 'rafdb11'"),
        (("in", "--compound", "x=0.5*fear"), "x: its weights must sum to 1, they sum to 0.5"),
        (("in", "--compound", "du15"), "always-happy holds no statistics of its logits"),
    ],
)
def test_what_can_be_mended_is_one_line(mien, words, message):
    error = mien(*words).exception
    assert isinstance(error, MienError)
    assert message in str(error)
    assert "\n" not in str(error)


def test_a_report_page(mien, tmp_path):
    pytest.importorskip("mien.report.analysis")
    done = mien("in", "--report", "r.html", "-o", "t.csv")
    assert done.exit_code == 0
    assert "-> t.csv, r.html" in done.stdout
    assert "always-happy" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_annotated_copies(mien, tmp_path):
    assert mien("in", "--annotate", "marked", "-o", "t.csv").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "marked/in").iterdir()) == ["a.png", "b.png"]


def test_resume(mien):
    assert mien("in/a.png", "-o", "t.csv").exit_code == 0
    done = mien("in", "-o", "t.csv", "--resume")
    assert done.exit_code == 0
    assert "1 input, 1 frame" in done.stdout
    assert "1 input done before" in done.stdout


def test_stopping_says_how_to_go_on(mien, monkeypatch):
    stopped = Summary(interrupted=True, seconds={"total": 1.0})
    monkeypatch.setattr(runtime, "run_analyze", lambda *args, **kwargs: stopped)
    done = mien("in", "-o", "t.csv")
    assert done.exit_code == 130
    assert "stopped; --resume goes on with t.csv" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(mien, monkeypatch):
    def gone(*args, **kwargs):
        raise BrokenPipeError

    monkeypatch.setattr(runtime, "run_analyze", gone)
    monkeypatch.setattr("os.dup2", lambda *args: None)
    with pytest.raises(typer.Exit) as left:
        analyze(["in"])
    assert left.value.exit_code == 0


def test_the_help_teaches(mien):
    text = " ".join(mien("--help").stdout.split())
    for word in ("--every", "--min-face", "--resume", "--report", "trial_", "Exit code", "no_face"):
        assert word in text


def test_the_closing_line():
    summary = Summary(n_inputs=1, n_frames=10, n_faces=12, n_errors=2, seconds={"total": 4.0})
    assert closing_line(summary, []) == "1 input, 10 frames, 12 faces, 2 with an error (4.0 s, 2.5 frames/s)"
