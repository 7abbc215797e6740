import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.runtime.analyze import AnalyzeOptions, Progress, run_analyze
from mien.runtime.analyze_image import analyze_image


def test_one_picture_as_array_and_as_file(tmp_path, predictor, detector, picture, save_picture):
    image = picture([(90, 60), (10, 20)])
    results = analyze_image(image, predictor, detector)
    assert [(r.face_id, r.face.box[0]) for r in results] == [(0, 10), (1, 90)]
    assert [r.status for r in results] == ["ok", "ok"]
    assert results[0].probabilities.sum() == pytest.approx(1, abs=1e-6)
    path = save_picture(tmp_path / "a.png", image)
    from_file = analyze_image(str(path), predictor, detector)
    assert from_file[0].input == str(path)
    for a, b in zip(results, from_file, strict=True):
        assert a.probabilities.tobytes() == b.probabilities.tobytes()


def test_one_picture_gives_the_rows_of_a_run(
    tmp_path, predictor, detector, picture, save_picture, analyze, sink
):
    path = save_picture(tmp_path / "a.png", picture([(90, 60), (10, 20)]))
    analyze(path, sinks=[sink])
    for a, b in zip(analyze_image(path, predictor, detector), sink.results, strict=True):
        assert (a.input, a.frame, a.face_id, a.face.box) == (b.input, b.frame, b.face_id, b.face.box)
        assert a.probabilities.tobytes() == b.probabilities.tobytes()


def test_one_picture_without_a_face_and_one_that_is_none(tmp_path, predictor, detector, picture):
    (only,) = analyze_image(picture([]), predictor, detector)
    assert (only.status, only.face, only.probabilities) == ("no_face", None, None)
    with pytest.raises(InputError):
        analyze_image(tmp_path / "gone.jpg", predictor, detector)


def test_the_summary_counts(tmp_path, analyze, save_picture, save_video, moving_faces, picture, sink):
    save_picture(tmp_path / "in/a.png", picture([(10, 20), (90, 60)]))
    save_picture(tmp_path / "in/b.png", picture([]))
    save_video(tmp_path / "in/c.mp4", moving_faces[:10])
    (tmp_path / "in/d.jpg").write_text("no picture")
    (tmp_path / "in/readme.txt").touch()
    summary = analyze(tmp_path / "in", sinks=[sink], out=tmp_path / "t.csv")
    assert (summary.n_inputs, summary.n_frames, summary.n_faces) == (4, 12, 12)
    assert (summary.n_no_face, summary.n_errors, summary.passed_over) == (1, 1, 1)
    assert not summary.interrupted
    assert summary.detector == "patches"
    assert {"decode", "detect", "align", "infer", "write", "total"} == set(summary.seconds)
    assert all(seconds > 0 for seconds in summary.seconds.values())
    assert sink.summaries == [summary]


def test_frames_are_kept_only_for_those_who_want_them(tmp_path, analyze, save_picture, sink):
    save_picture(tmp_path / "a.png")
    without = type(sink)(needs_frames=False)
    analyze(tmp_path / "a.png", tmp_path / "gone.png", sinks=[sink, without])
    assert sink.frames[0].image.shape == (120, 160, 3)
    assert sink.frames[1] is None
    assert without.frames == [None, None]


def test_face_ids_are_stable_over_a_video_and_begin_anew_with_each(
    tmp_path, analyze, save_video, moving_faces, sink
):
    save_video(tmp_path / "a.mp4", moving_faces)
    save_video(tmp_path / "b.mp4", moving_faces)
    analyze(tmp_path, sinks=[sink])
    for name in ("a.mp4", "b.mp4"):
        rows = [r for r in sink.results if r.input.endswith(name)]
        assert {r.face_id for r in rows} == {0, 1}
        first = [r for r in rows if r.face_id == 0]
        assert [r.frame for r in first] == [i for i in range(40) if not 18 <= i < 21]
        assert all(abs(r.face.box[0] - (20 + r.frame)) <= 2 for r in first)


def test_smoothing_calms_a_video_and_leaves_pictures(
    tmp_path, analyze, save_video, save_picture, picture, sink
):
    flicker = [picture([(40, 40)], shade=190 + 50 * (i % 2)) for i in range(20)]
    save_video(tmp_path / "a.mp4", flicker)
    save_picture(tmp_path / "b.png")
    plain = type(sink)()
    analyze(tmp_path, sinks=[plain])
    analyze(tmp_path, sinks=[sink], smooth_s=0.5)

    def restlessness(results):
        return np.abs(np.diff([r.probabilities for r in results if r.input.endswith("mp4")], axis=0)).mean()

    assert restlessness(sink.results) < 0.3 * restlessness(plain.results)
    assert sink.results[-1].probabilities.tobytes() == plain.results[-1].probabilities.tobytes()


def test_progress_grows_to_all_inputs(tmp_path, predictor, detector, save_picture, save_video, moving_faces):
    save_video(tmp_path / "a.mp4", moving_faces)
    save_picture(tmp_path / "b.png")
    heard: list[Progress] = []
    run_analyze(
        AnalyzeOptions((str(tmp_path),), threads=1),
        predictor=predictor,
        make_detector=lambda: detector,
        progress=heard.append,
    )
    done = [h.inputs_done for h in heard]
    assert done == sorted(done)
    assert (done[-1], heard[-1].n_inputs, heard[-1].n_frames) == (2, 2, 41)
    assert 0.4 < done[19] < 0.6


def test_no_inputs_at_all_is_an_empty_table(tmp_path, analyze):
    (tmp_path / "in").mkdir()
    assert analyze(tmp_path / "in", out=tmp_path / "t.csv").n_inputs == 0
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 1


def test_all_outputs_are_closed_when_one_fails(tmp_path, analyze, save_picture, sink):
    class Failing:
        needs_frames = False

        def write(self, results, frame):
            raise MienError("cannot write there")

        def close(self, summary=None):
            raise OSError("nor close")

    save_picture(tmp_path / "a.png")
    with pytest.raises(MienError, match="cannot write there"):
        analyze(tmp_path / "a.png", sinks=[Failing(), sink], out=tmp_path / "t.csv")
    assert sink.summaries == [None]
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "--every must be at least 1, got 0"),
        ({"batch": 0}, "--batch must be at least 1"),
        ({"threads": 0}, "--threads must be at least 1"),
        ({"smooth_s": -1.0}, "--smooth is a time in seconds"),
        ({"smooth_s": float("nan")}, "--smooth is a time in seconds"),
        ({"resume": True}, "--resume needs --out"),
        ({"resume": True, "overwrite": True}, "choose one"),
    ],
)
def test_wrong_options_are_told(options, message):
    with pytest.raises(MienError, match=message):
        AnalyzeOptions(("a",), **options)


def test_an_unknown_model_and_detector_are_told(tmp_path, predictor):
    with pytest.raises(MienError, match="no-such-model"):
        run_analyze(AnalyzeOptions((str(tmp_path),), model="no-such-model"))
    with pytest.raises(MienError, match="unknown detector 'yunett'"):
        run_analyze(AnalyzeOptions((str(tmp_path),), detector="yunett"), predictor=predictor)
