import os
from pathlib import Path

import pytest

from mien.core.errors import InputError
from mien.runtime.sources import Input, expand_paths, locate_frames, printable


def touch(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(*given: object) -> list[str]:
    return [item.name for item in expand_paths([str(path) for path in given]).items]


def test_a_folder_is_walked_in_order_and_other_files_are_counted(tmp_path):
    for name in (
        "b.jpg",
        "a/z.PNG",
        "a/y.mp4",
        "a/b/x.gif",
        "notes.txt",
        "a/data.csv",
        ".hidden.jpg",
        ".git/a.jpg",
    ):
        touch(tmp_path / name)
    found = expand_paths([str(tmp_path)])
    assert [item.name.removeprefix(f"{tmp_path}/") for item in found.items] == [
        "b.jpg",
        "a/y.mp4",
        "a/z.PNG",
        "a/b/x.gif",
    ]
    assert found.passed_over == 3
    assert all(item.error == "" for item in found.items)


def test_names_are_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path / "in/Grüße an Zoë/ein bild.jpg")
    assert names("in") == ["in/Grüße an Zoë/ein bild.jpg"]
    assert names("./in") == ["./in/Grüße an Zoë/ein bild.jpg"]
    assert names("in/*/*.jpg") == ["in/Grüße an Zoë/ein bild.jpg"]


def test_a_file_named_outright_is_an_input_whatever_its_ending(tmp_path):
    assert names(touch(tmp_path / "notes.txt")) == [str(tmp_path / "notes.txt")]


def test_a_missing_file_and_an_empty_pattern_are_inputs_with_their_error(tmp_path):
    items = expand_paths([str(tmp_path / "gone.jpg"), str(tmp_path / "*.jpg")]).items
    assert [item.error for item in items] == ["no such file", "no file matches this pattern"]


def test_a_file_whose_name_looks_like_a_pattern_is_taken_as_it_is(tmp_path):
    touch(tmp_path / "a1.jpg")
    assert names(touch(tmp_path / "a[1].jpg")) == [str(tmp_path / "a[1].jpg")]


def test_patterns_take_folders_and_two_stars(tmp_path):
    touch(tmp_path / "t_1/a.jpg")
    touch(tmp_path / "t_1/deep/b.jpg")
    touch(tmp_path / "t_2/c.txt")
    assert names(tmp_path / "t_*") == [str(tmp_path / "t_1/a.jpg"), str(tmp_path / "t_1/deep/b.jpg")]
    assert names(tmp_path / "**/*.jpg") == [str(tmp_path / "t_1/a.jpg"), str(tmp_path / "t_1/deep/b.jpg")]


def test_each_input_is_taken_once(tmp_path):
    touch(tmp_path / "a.jpg")
    assert names(tmp_path, tmp_path / "a.jpg", tmp_path / "*.jpg") == [str(tmp_path / "a.jpg")]


def test_links_are_followed_but_not_in_circles(tmp_path):
    touch(tmp_path / "in/a.jpg")
    touch(tmp_path / "elsewhere/b.jpg")
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/circle").symlink_to(tmp_path / "in")
    assert names(tmp_path / "in") == [str(tmp_path / "in/a.jpg"), str(tmp_path / "in/link/b.jpg")]


def test_ten_thousand_names_with_unreadable_ones_among_them(tmp_path):
    for i in range(10_000):
        os.close(os.open(f"{tmp_path}/{i:05}.jpg", os.O_CREAT))
    (tmp_path / "07777.jpg").unlink()
    (tmp_path / "07777.jpg").symlink_to("nowhere")
    found = expand_paths([str(tmp_path)])
    assert len(found.items) == 10_000
    assert {item.name: item.error for item in found.items if item.error} == {
        str(tmp_path / "07777.jpg"): "a link that leads to no file"
    }


def test_a_folder_that_cannot_be_listed_is_an_input_with_its_error(tmp_path, monkeypatch):
    touch(tmp_path / "a/1.jpg")
    touch(tmp_path / "b/2.jpg")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    items = expand_paths([str(tmp_path)]).items
    assert [item.name for item in items] == [str(tmp_path / "b/2.jpg"), str(tmp_path / "a")]
    assert items[1].error == "the folder cannot be listed: Permission denied"


def test_the_folder_of_results_is_not_walked_into(tmp_path):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "marked/a.jpg")
    found = expand_paths([str(tmp_path)], leave_out=tmp_path / "marked")
    assert [item.name for item in found.items] == [str(tmp_path / "a.jpg")]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Zoë 1.jpg", "Zoë 1.jpg"), ("a\nb.jpg", r"a\nb.jpg"), (os.fsdecode(b"a\xff.jpg"), r"a\xff.jpg")],
)
def test_names_that_do_not_fit_a_line_are_escaped(tmp_path, save_picture, name, shown):
    save_picture(tmp_path / name)
    (item,) = expand_paths([str(tmp_path)]).items
    assert item.name == f"{tmp_path}/{shown}"
    assert printable(item.name) == item.name
    assert next(locate_frames(item)).read().rgb().shape == (120, 160, 3)


def test_content_decides_not_the_ending(tmp_path, save_picture, save_video, moving_faces):
    png = save_picture(tmp_path / "a.png").rename(tmp_path / "really_png.jpg")
    mp4 = save_video(tmp_path / "a.mp4", moving_faces[:3]).rename(tmp_path / "no_ending")
    (frame,) = locate_frames(Input("p", png))
    assert frame.video is None
    assert frame.timestamp_s is None
    assert [frame.index for frame in locate_frames(Input("v", mp4))] == [0, 1, 2]


def test_what_a_frame_will_take_is_known_before_it_is_decoded(
    tmp_path, save_picture, save_video, moving_faces
):
    picture = save_picture(tmp_path / "a.png")
    (frame,) = locate_frames(Input("p", picture))
    assert frame.n_bytes == 120 * 160 * 3 + picture.stat().st_size
    first = next(locate_frames(Input("v", save_video(tmp_path / "a.mp4", moving_faces[:3]))))
    assert first.n_bytes == 120 * 160 * 3 // 2  # planar


def test_an_input_with_an_error_cannot_be_read():
    with pytest.raises(InputError, match="no such file"):
        next(locate_frames(Input("a", Path("a"), "no such file")))
