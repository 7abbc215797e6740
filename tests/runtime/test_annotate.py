import av
import cv2
import numpy as np
import pytest
from PIL import Image

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.palette import label_colors, rgb
from mien.core.records import Face, FaceResult
from mien.runtime import annotate
from mien.runtime.annotate import target_names
from mien.runtime.draw import draw_results


def face_at(x, y, w, h, number=0):
    shares = np.array([0.05, 0.05, 0.05, 0.6, 0.1, 0.1, 0.05], np.float32)
    face = Face((x, y, w, h), 0.9, np.zeros((5, 2), np.float32))
    return FaceResult("a", 0, None, "ok", "", number, face, BASIC7.names, shares)


def frames_of(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_a_box_is_drawn_where_the_face_is_and_the_picture_given_is_left_alone():
    image = np.full((300, 400, 3), 90, np.uint8)
    marked = draw_results(image, [face_at(100, 80, 60, 70)])
    assert (image == 90).all()
    for x, y in ((100, 115), (160, 115), (130, 150)):
        assert marked[y, x].min() > 240
    assert (marked[115, 130] == 90).all()
    assert (marked[290, 390] == 90).all()


def test_bars_have_their_labels_colour_and_a_length_by_probability():
    result = face_at(100, 80, 60, 70)
    marked = draw_results(np.full((300, 400, 3), 90, np.uint8), [result])
    colors = label_colors(result.labels)
    widths = [(marked == rgb(colors[name])).all(axis=2).sum(axis=1).max() for name in result.labels]
    assert result.labels[int(np.argmax(widths))] == result.emotion
    assert max(widths) > 4 * sorted(widths)[-2]


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (3000, 40)])
def test_any_size_and_a_box_beyond_the_edge(size):
    marked = draw_results(np.zeros((*size, 3), np.uint8), [face_at(-5, -5, 500, 500), face_at(0, 0, 1, 1, 1)])
    assert marked.shape == (*size, 3)


def test_nothing_is_drawn_without_a_face():
    image = np.full((50, 50, 3), 7, np.uint8)
    assert (draw_results(image, [FaceResult("a", 0, None, "no_face")]) == image).all()


def test_pictures_are_written_under_their_names_and_enlarged_where_small(
    tmp_path, analyze, save_picture, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    save_picture(tmp_path / "in/sub folder/ä.jpg")
    save_picture(tmp_path / "in/b.webp")
    save_picture(tmp_path / "in/c.png", np.full((500, 600, 3), 99, np.uint8))
    analyze("in", annotate=tmp_path / "out")
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert written == ["in/b.webp.png", "in/c.png", "in/sub folder/ä.jpg"]
    assert cv2.imdecode(np.fromfile(tmp_path / "out/in/sub folder/ä.jpg", np.uint8), 1).shape == (480, 640, 3)
    unmarked = cv2.imread(str(tmp_path / "out/in/c.png"))
    assert unmarked.shape == (500, 600, 3)
    assert (unmarked == 99).all()


def test_a_video_keeps_its_varying_times(tmp_path, analyze, save_video, moving_faces, monkeypatch):
    monkeypatch.chdir(tmp_path)
    times = [0.0, 0.04, 0.1, 0.5, 0.51, 2.0]
    save_video(tmp_path / "a.mkv", moving_faces[:6], times_s=times)
    analyze("a.mkv", annotate=tmp_path / "out")
    frames = frames_of(tmp_path / "out/a.mkv.mp4")
    assert [round(time_s, 4) for time_s, _ in frames] == times
    x, y = 20 + 3, 30
    assert frames[3][1][y + 14, x].min() > 180  # the left side of the box
    assert not list((tmp_path / "out").glob("*partial*"))


def test_changing_sizes_are_fitted(tmp_path, analyze, save_video, picture, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = save_video(tmp_path / "s.h264", [picture([(10, 10)], (60, 80))] * 3, format="h264")
    large = save_video(tmp_path / "l.h264", [picture([(10, 10)], (100, 90))] * 3, format="h264")
    (tmp_path / "a.h264").write_bytes(small.read_bytes() + large.read_bytes())
    analyze("a.h264", annotate=tmp_path / "out")
    assert [image.shape for _, image in frames_of(tmp_path / "out/a.h264.mp4")] == [(60, 80, 3)] * 6


def test_odd_sides_lose_a_line(tmp_path, analyze, picture, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, *rest = [Image.fromarray(picture([(10 + i, 10)], (75, 77))) for i in range(3)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=[100, 300, 200])
    analyze("a.gif", annotate=tmp_path / "out")
    frames = frames_of(tmp_path / "out/a.gif.mp4")
    assert [image.shape for _, image in frames] == [(74, 76, 3)] * 3
    assert [round(time_s, 3) for time_s, _ in frames] == [0.0, 0.1, 0.4]


def test_mpeg4_where_there_is_no_h264(tmp_path, analyze, save_video, moving_faces, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(annotate, "_encoder", lambda: "mpeg4")
    save_video(tmp_path / "a.mp4", moving_faces[:5])
    analyze("a.mp4", annotate=tmp_path / "out")
    assert len(frames_of(tmp_path / "out/a.mp4")) == 5


def test_names_cannot_clash():
    names = ["a.webp", "a.webp.png", "/x/b.jpg", "x/b.jpg", "../x/b.jpg", "_up/x/b.jpg", "c.mov", "c.mov.mp4"]
    targets = target_names(names)
    assert str(targets["a.webp"]) == "a.webp"
    assert str(targets["/x/b.jpg"]) == "x/b.jpg"
    assert all(not target.is_absolute() and ".." not in target.parts for target in targets.values())
    reserved = [f"{target}{ending}" for target in targets.values() for ending in ("", ".png", ".mp4")]
    assert len(set(reserved)) == len(reserved)


def test_an_input_is_never_replaced(tmp_path, analyze, save_picture, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = save_picture(tmp_path / "a.png").read_bytes()
    with pytest.raises(MienError, match="would replace"):
        analyze("a.png", annotate=tmp_path)
    assert (tmp_path / "a.png").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_one_line_and_the_table_stays(tmp_path, analyze, save_picture):
    for i in range(3):
        save_picture(tmp_path / f"in/{i}.png")
    (tmp_path / "out").write_text("a file, no folder")
    with pytest.raises(MienError, match="cannot write") as caught:
        analyze(tmp_path / "in", out=tmp_path / "t.csv", annotate=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2


def test_a_resumed_video_is_annotated_whole(tmp_path, analyze, save_video, moving_faces, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_video(tmp_path / "a.mp4", moving_faces)
    options = {"out": tmp_path / "t.csv", "annotate": tmp_path / "out"}
    analyze("a.mp4", **options)
    whole = (tmp_path / "t.csv").read_bytes()
    (tmp_path / "t.csv").write_bytes(whole[:2500])
    record = tmp_path / "t.csv.run.json"
    record.write_text(record.read_text().replace('"finished": true', '"finished": false'))
    (tmp_path / "out/a.mp4").unlink()
    analyze("a.mp4", resume=True, **options)
    assert (tmp_path / "t.csv").read_bytes() == whole
    assert len(frames_of(tmp_path / "out/a.mp4")) == 40
