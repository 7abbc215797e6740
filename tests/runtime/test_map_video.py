import av
import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.core.specs import InputSpec
from mien.runtime.face_crops import first_faces
from mien.runtime.map_video import MapPainter, write_map_video
from mien.runtime.sources import Input


def item(path):
    return Input(path.name, path)


def corner_maps(faces):
    """Only the upper left quarter of each crop has a 1."""
    plane = np.zeros((2, 2), np.float32)
    plane[0, 0] = 1
    return [plane for _ in faces]


def paint(image, values):
    """Green where the map is above a half."""
    marked = image.copy()
    marked[np.nan_to_num(values) > 0.5] = (0, 255, 0)
    return marked


PAINTER = MapPainter(corner_maps, lambda plane: plane, paint)


@pytest.fixture
def spec(predictor) -> InputSpec:
    return predictor.spec.input


def decoded(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_every_frame_gets_its_map_at_its_own_time(tmp_path, save_video, picture, detector, spec):
    times = [0.0, 0.04, 0.2, 0.35, 0.36]  # of no fixed rate
    frames = [picture([(20 + 4 * i, 40), (100, 60)] if i != 2 else []) for i in range(5)]
    source = save_video(tmp_path / "clip.mkv", frames, times)
    target = tmp_path / "out" / "clip.mp4"
    ticks = []
    found = write_map_video(item(source), target, spec, detector, PAINTER, on_frame=lambda: ticks.append(1))

    assert [(m.frame, m.face) for m in found] == [(i, k) for i in (0, 1, 3, 4) for k in (0, 1)]
    assert [m.timestamp_s for m in found[::2]] == pytest.approx([0, 0.04, 0.35, 0.36])
    assert found[0].values.tolist() == [[1, 0], [0, 0]]
    assert len(ticks) == 5
    copy = decoded(target)
    assert [time for time, _ in copy] == pytest.approx(times, abs=1e-3)
    for i, (_, image) in enumerate(copy):
        green = (image[:, :, 1] > 180) & (image[:, :, 0] < 90)
        if i == 2:
            assert not green.any()
            continue
        rows, columns = np.nonzero(green[:, :80])
        # the quarter of a patch of 24 x 28 px, which is the crop
        assert columns.mean() == pytest.approx(20 + 4 * i + 5, abs=2)
        assert rows.mean() == pytest.approx(40 + 6, abs=2)
    assert [p.name for p in target.parent.iterdir()] == ["clip.mp4"]


def test_each_nth_frame(tmp_path, save_video, picture, detector, spec):
    source = save_video(tmp_path / "clip.mkv", [picture([(40, 40)])] * 7)
    found = write_map_video(item(source), tmp_path / "a.mp4", spec, detector, PAINTER, every=3)
    assert [m.frame for m in found] == [0, 3, 6]
    assert [time for time, _ in decoded(tmp_path / "a.mp4")] == pytest.approx([0, 0.12, 0.24], abs=1e-3)


def test_a_picture_is_no_video(tmp_path, save_picture, detector, spec):
    source = save_picture(tmp_path / "a.png")
    with pytest.raises(InputError, match="it is a picture"):
        write_map_video(item(source), tmp_path / "a.mp4", spec, detector, PAINTER)


def test_faces_of_a_picture_and_of_a_videos_first_frame_with_one(
    tmp_path, save_picture, save_video, picture, detector, spec
):
    two = save_picture(tmp_path / "two.png", picture([(100, 40), (20, 60)]))
    found = first_faces(item(two), spec, detector)
    assert [(f.number, f.face.box[0]) for f in found] == [(0, 20), (1, 100)]
    assert found[0].crop.shape == (8, 8, 3)
    clip = save_video(tmp_path / "clip.mkv", [picture([]), picture([]), picture([(40, 40)])])
    (face,) = first_faces(item(clip), spec, detector)
    assert (face.frame.index, face.frame.timestamp_s) == (2, 0.08)
    (whole,) = first_faces(item(two), spec, None)
    assert whole.face is None
    assert whole.crop.shape == (8, 8, 3)


def test_no_face_and_no_framing(tmp_path, save_picture, picture, detector, spec):
    empty = save_picture(tmp_path / "empty.png", picture([]))
    with pytest.raises(InputError, match="no face was found"):
        first_faces(item(empty), spec, detector)
    unframed = spec.model_copy(update={"align": None})
    with pytest.raises(MienError, match="ready-made face crops only"):
        first_faces(item(save_picture(tmp_path / "one.png")), unframed, detector)
