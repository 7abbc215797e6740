import struct
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from mien.core.errors import InputError
from mien.runtime.video import read_time_base, read_video


def read(path, **options):
    """Frames as (index, time, RGB), and the error that ended them."""
    frames = []
    try:
        for frame in read_video(path, **options):
            frames.append((frame.index, frame.timestamp_s, frame.to_picture().rgb()))
    except InputError as error:
        return frames, str(error)
    return frames, ""


def counting_frames(n, size=(64, 96)):
    """Frames whose grey value tells their number."""
    return [np.full((*size, 3), 20 + 5 * i, np.uint8) for i in range(n)]


def test_times_and_colours_of_a_steady_video(tmp_path, save_video, picture):
    path = save_video(tmp_path / "a.mp4", [picture([(10 + i, 20)]) for i in range(12)])
    frames, error = read(path)
    assert error == ""
    assert [f[0] for f in frames] == list(range(12))
    assert [f[1] for f in frames] == [round(i / 25, 6) for i in range(12)]
    for i, (_, _, image) in enumerate(frames):
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous
        assert np.abs(image[5, 5].astype(int) - 128).max() < 6
        red, green, blue = image[34, 22 + i].astype(int)
        assert red > 200
        assert max(green, blue) < 70


def test_times_come_from_the_container_where_the_rate_varies(tmp_path, save_video):
    times = [0.0, 0.04, 0.1, 0.5, 0.51, 2.0]
    frames, _ = read(save_video(tmp_path / "a.mkv", counting_frames(6), times_s=times))
    assert [f[1] for f in frames] == times


def test_times_count_from_the_first_frame(tmp_path, save_video):
    frames, _ = read(save_video(tmp_path / "a.mkv", counting_frames(3), times_s=[7.0, 7.5, 8.0]))
    assert [f[1] for f in frames] == [0.0, 0.5, 1.0]


def test_frames_without_times_are_counted_by_the_rate(tmp_path, save_video):
    path = save_video(tmp_path / "a.h264", counting_frames(8), format="h264")
    frames, error = read(path)
    assert error == ""
    assert len(frames) == 8
    assert np.allclose(np.diff([f[1] for f in frames]), 0.04, atol=0.001)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_by_the_display_matrix(tmp_path, save_video, degrees):
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, :48], image[:32, 48:], image[32:, :48] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    path = save_video(tmp_path / "a.mp4", [image] * 3)
    turn_clockwise(path, degrees)
    frames, error = read(path)
    assert error == ""
    expected = np.rot90(image, -degrees // 90)
    assert frames[0][2].shape == expected.shape
    assert frames[0][2].flags.c_contiguous
    assert np.abs(frames[0][2].astype(int) - expected).mean() < 12


def turn_clockwise(path, degrees):
    """Put a phone's matrix into the track header: the picture is displayed turned clockwise."""
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    matrix = struct.pack(">9i", cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 40
    assert data[at : at + 36] == struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    data[at : at + 36] = matrix
    path.write_bytes(data)


def test_each_nth_frame_keeps_its_number_and_time(tmp_path, save_video):
    path = save_video(tmp_path / "a.mp4", counting_frames(10))
    frames, _ = read(path, every=4)
    assert [(f[0], f[1]) for f in frames] == [(0, 0.0), (4, 0.16), (8, 0.32)]
    assert [round((int(f[2].mean()) - 20) / 5) for f in frames] == [0, 4, 8]


def test_beginning_later_gives_the_same_frames(tmp_path, save_video):
    path = save_video(tmp_path / "a.mp4", counting_frames(10))
    whole, _ = read(path, every=3)
    later, _ = read(path, every=3, first_frame=4)
    assert [f[:2] for f in later] == [f[:2] for f in whole[2:]]
    assert all((a[2] == b[2]).all() for a, b in zip(later, whole[2:], strict=True))


def test_decoding_threads_change_nothing(tmp_path, save_video, moving_faces):
    path = save_video(tmp_path / "a.mp4", moving_faces)
    one, _ = read(path, threads=1)
    three, _ = read(path, threads=3)
    assert all(a[:2] == b[:2] and (a[2] == b[2]).all() for a, b in zip(one, three, strict=True))


def test_an_animated_gif_with_its_times(tmp_path):
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    first, *rest = [Image.new("RGB", (40, 30), colour) for colour in colours]
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=[100, 300, 200])
    frames, error = read(tmp_path / "a.gif")
    assert error == ""
    assert [f[1] for f in frames] == [0.0, 0.1, 0.4]
    assert all(np.abs(f[2][5, 5].astype(int) - c).max() < 8 for f, c in zip(frames, colours, strict=True))


def test_a_size_that_changes_midway(tmp_path, save_video):
    small = save_video(tmp_path / "s.h264", counting_frames(4, (48, 64)), format="h264")
    large = save_video(tmp_path / "l.h264", counting_frames(4, (96, 128)), format="h264")
    path = tmp_path / "a.h264"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    frames, error = read(path)
    assert error == ""
    assert [f[2].shape[:2] for f in frames] == [(48, 64)] * 4 + [(96, 128)] * 4


@pytest.mark.parametrize(
    ("suffix", "options"), [(".mkv", {}), (".mp4", {"movflags": "faststart"}), (".ts", {})]
)
def test_a_broken_tail_gives_what_was_read_and_one_error(tmp_path, save_video, suffix, options):
    noise = np.random.default_rng(0).integers(0, 256, (60, 64, 96, 3), np.uint8)
    path = save_video(tmp_path / f"a{suffix}", list(noise), options=options)
    whole, error = read(path)
    assert (len(whole), error) == (60, "")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    frames, error = read(path)
    assert 10 < len(frames) < 60
    assert all((a[2] == b[2]).all() for a, b in zip(frames[:-3], whole, strict=False))
    if suffix != ".ts":  # a transport stream is made to be cut anywhere and does not say how long it is
        assert "breaks off" in error or "damaged video" in error
        assert f"{len(frames)} frames were read" in error


def test_a_damaged_middle_costs_its_frames_alone(tmp_path, save_video, moving_faces):
    path = save_video(tmp_path / "a.mp4", moving_faces)
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 400] = b"\0" * 400
    path.write_bytes(data)
    frames, _ = read(path)
    assert len(frames) >= 30
    assert frames[-1][0] >= 30


def test_a_truncated_mp4_without_its_index(tmp_path, save_video, moving_faces):
    path = save_video(tmp_path / "a.mp4", moving_faces)
    path.write_bytes(path.read_bytes()[:2000])
    frames, error = read(path)
    assert frames == []
    assert "not a video that can be opened" in error


def test_a_video_without_frames(tmp_path):
    with av.open(str(tmp_path / "a.avi"), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    frames, error = read(tmp_path / "a.avi")
    assert frames == []
    assert "no frames" in error or "not a video" in error


def test_sound_alone_is_no_video(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=16_000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        sound.rate, sound.pts = 16_000, 0
        out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    assert read(tmp_path / "a.mp4") == ([], "the file has no video stream")


@pytest.mark.parametrize("name", ["a.txt", "a.mp4", "a.nfo"])
def test_text_is_no_video(tmp_path, name):
    (tmp_path / name).write_text("Dear diary, I am not a video.\n" * 50)
    frames, error = read(tmp_path / name)
    assert frames == []
    assert "video" in error


def test_an_empty_file_is_no_video(tmp_path):
    (tmp_path / "a.mp4").touch()
    assert read(tmp_path / "a.mp4")[1].startswith("not a video")


def test_a_play_list_cannot_make_us_open_an_address(tmp_path):
    (tmp_path / "a.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/never.ts\n#EXT-X-ENDLIST\n")
    frames, error = read(tmp_path / "a.m3u8")
    assert frames == []
    assert error


def test_the_time_base(tmp_path, save_video):
    assert read_time_base(save_video(tmp_path / "a.mkv", counting_frames(3))) == pytest.approx(0.001)


def test_names_that_look_like_something_else(tmp_path, save_video, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_video(tmp_path / "a.mp4", counting_frames(3)).rename(tmp_path / "http:é 100%03d.mp4")
    frames, error = read(Path("http:é 100%03d.mp4"))
    assert (len(frames), error) == (3, "")


def test_grey_and_ten_bit_frames(tmp_path):
    for codec, form in (("ffv1", "gray"), ("ffv1", "yuv420p10le")):
        path = tmp_path / f"{form}.mkv"
        with av.open(str(path), "w") as out:
            stream = out.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24")
            out.mux(stream.encode(picture.reformat(format=form)))
            out.mux(stream.encode(None))
        frames, error = read(path)
        assert error == ""
        assert np.abs(cv2.mean(frames[0][2])[0] - 128) < 3
