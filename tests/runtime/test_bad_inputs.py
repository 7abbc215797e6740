"""Each bad input is a row with its status; the others beside it are analysed, and the run ends well."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.core.errors import MienError


@pytest.fixture
def make(tmp_path, save_picture, save_video, picture, moving_faces):
    """Makes one bad input by its name."""

    def text_named_jpg():
        (tmp_path / "x.jpg").write_text("I am a letter.")
        return tmp_path / "x.jpg"

    def empty(name):
        (tmp_path / name).touch()
        return tmp_path / name

    def cut(path, part):
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        return path

    def pillow(name, mode, **options):
        image = Image.fromarray(picture([(40, 40)])).convert(mode)
        image.save(tmp_path / name, **options)
        return tmp_path / name

    def rotated():
        exif = Image.Exif()
        exif[274] = 6
        return pillow("rotated.jpg", "RGB", exif=exif, quality=95)

    def alpha():
        image = Image.fromarray(picture([(40, 40)])).convert("RGBA")
        image.save(tmp_path / "alpha.png")
        return tmp_path / "alpha.png"

    def sixteen_bit():
        deep = picture([(40, 40)]).astype(np.uint16) * 257
        (tmp_path / "deep.png").write_bytes(cv2.imencode(".png", deep[:, :, ::-1])[1].tobytes())
        return tmp_path / "deep.png"

    def gif():
        first, *rest = [Image.fromarray(picture([(40 + i, 40)])) for i in range(3)]
        first.save(tmp_path / "x.gif", save_all=True, append_images=rest, duration=100)
        return tmp_path / "x.gif"

    def huge():
        Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png", compress_level=1)
        return tmp_path / "huge.png"

    def dangling():
        (tmp_path / "link.jpg").symlink_to("nowhere")
        return tmp_path / "link.jpg"

    noise = list(np.random.default_rng(0).integers(0, 90, (50, 64, 96, 3), np.uint8))
    return {
        "empty picture": lambda: empty("x.png"),
        "empty video": lambda: empty("x.mp4"),
        "truncated jpeg": lambda: cut(save_picture(tmp_path / "x.jpg"), 0.6),
        "png with alpha": alpha,
        "16 bit": sixteen_bit,
        "grey": lambda: pillow("grey.png", "L"),
        "cmyk": lambda: pillow("cmyk.jpg", "CMYK", quality=98),
        "animated gif": gif,
        "exif rotated": rotated,
        "20000 x 20000": huge,
        "1 x 1": lambda: save_picture(tmp_path / "one.png", np.zeros((1, 1, 3), np.uint8)),
        "text named jpg": text_named_jpg,
        "video without frames": lambda: cut(save_video(tmp_path / "x.mkv", moving_faces), 0.05),
        "broken tail": lambda: cut(save_video(tmp_path / "x.mkv", noise), 0.5),
        "a folder as jpg": lambda: (tmp_path / "dir.jpg").mkdir() or tmp_path / "dir.jpg" / "gone",
        "dangling link": dangling,
        "spaces and umlauts": lambda: save_picture(tmp_path / "ein Bild für Zoë 日本.png"),
        "bytes that are no text": lambda: save_picture(tmp_path / os.fsdecode(b"\xff\xfe.png")),
    }


@pytest.mark.parametrize(
    ("kind", "statuses", "message"),
    [
        ("empty picture", ["error"], "the file is empty"),
        ("empty video", ["error"], "the file is empty"),
        ("truncated jpeg", ["error"], "truncated JPEG"),
        ("png with alpha", ["ok"], ""),
        ("16 bit", ["ok"], ""),
        ("grey", ["no_face"], ""),
        ("cmyk", ["ok"], ""),
        ("animated gif", ["ok"] * 3, ""),
        ("exif rotated", ["ok"], ""),
        ("20000 x 20000", ["error"], "20000 x 20000 pixels are more than the limit"),
        ("1 x 1", ["no_face"], ""),
        ("text named jpg", ["error"], "not a picture"),
        ("video without frames", ["error"], "video"),
        ("a folder as jpg", ["error"], "no such file"),
        ("dangling link", ["error"], "a link that leads to no file"),
        ("spaces and umlauts", ["ok"], ""),
        ("bytes that are no text", ["ok"], ""),
    ],
)
def test_a_bad_input_is_a_row_and_the_next_is_analysed(
    tmp_path, analyze, sink, save_picture, make, kind, statuses, message
):
    good = save_picture(tmp_path / "good.png")
    summary = analyze(make[kind](), good, sinks=[sink], out=tmp_path / "t.csv")
    assert [r.status for r in sink.results] == [*statuses, "ok"]
    assert message in sink.results[0].error
    assert "\n" not in sink.results[0].error
    assert sink.results[-1].input == str(good)
    assert summary.n_errors == statuses.count("error")
    (tmp_path / "t.csv").read_bytes().decode("utf-8")


def test_a_broken_tail_keeps_the_rows_that_were_read(tmp_path, analyze, sink, save_picture, make):
    analyze(make["broken tail"](), save_picture(tmp_path / "good.png"), sinks=[sink])
    statuses = [r.status for r in sink.results]
    n_read = statuses.count("no_face")
    assert 10 < n_read < 50
    assert statuses == ["no_face"] * n_read + ["error", "ok"]
    assert [r.frame for r in sink.results[:n_read]] == list(range(n_read))
    assert "breaks off" in sink.results[n_read].error


def test_an_exif_rotated_picture_has_its_boxes_as_displayed(analyze, sink, make):
    analyze(make["exif rotated"](), sinks=[sink])
    assert sink.frames[0].image.shape == (160, 120, 3)
    assert sink.results[0].face.box[0] == pytest.approx(120 - 40 - 28, abs=2)
    assert sink.results[0].face.box[1] == pytest.approx(40, abs=2)


def test_an_animated_gif_has_frames_and_times(analyze, sink, make):
    analyze(make["animated gif"](), sinks=[sink])
    assert [(r.frame, r.timestamp_s, r.face_id) for r in sink.results] == [
        (0, 0.0, 0),
        (1, 0.1, 0),
        (2, 0.2, 0),
    ]


def test_all_of_them_in_one_folder(tmp_path, analyze, sink, make):
    for kind, one in make.items():
        if kind not in ("empty picture", "empty video", "truncated jpeg", "a folder as jpg"):
            one()
    summary = analyze(tmp_path, sinks=[sink], out=tmp_path / "out/t.csv")
    assert summary.n_inputs == 13
    assert summary.n_errors == 4
    assert len((tmp_path / "out/t.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(sink.results)


def test_an_output_folder_that_does_not_exist_is_made(tmp_path, analyze, save_picture):
    analyze(save_picture(tmp_path / "a.png"), out=tmp_path / "new/deep er/t.csv")
    assert (tmp_path / "new/deep er/t.csv").exists()


@pytest.mark.skipif(
    not os.path.isdir("/proc/self"), reason="needs a file system that refuses even its superuser"
)
def test_an_output_folder_that_cannot_be_written_is_one_line(tmp_path, analyze, save_picture):
    with pytest.raises(MienError) as told:
        analyze(save_picture(tmp_path / "a.png"), out=Path("/proc/read only/t.csv"))
    assert "read only" in str(told.value)
    assert len(str(told.value).splitlines()) == 1
