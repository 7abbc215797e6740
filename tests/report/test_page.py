import pytest

from mien.core.errors import MienError
from mien.report.page import breakable, check_writable, clock, percent, write_text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00.0"), (5.84, "0:05.8"), (59.97, "1:00"), (75.4, "1:15"), (3725, "1:02:05")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_breakable_names_are_still_escaped():
    assert str(breakable("a_<b>.jpg")) == "a_<wbr>&lt;b&gt;.<wbr>jpg"


def test_percent():
    assert percent(0.7234) == "72.3\N{NO-BREAK SPACE}%"
    assert percent(1.0, 0) == "100\N{NO-BREAK SPACE}%"
    assert percent(None) == "–"  # noqa: RUF001


def test_folder_is_made_and_nothing_is_left_beside(tmp_path):
    write_text(tmp_path / "new" / "page.html", "text \udcff")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["page.html"]
    assert (tmp_path / "new" / "page.html").read_text() == "text ?"


@pytest.mark.parametrize("attempt", [lambda path: write_text(path, "x"), check_writable])
def test_unwritable_place_is_one_line(tmp_path, attempt):
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="cannot write"):
        attempt(tmp_path / "file" / "page.html")


def test_full_disk_is_one_line_and_leaves_the_old_page(tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_text("old")

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(MienError, match="No space left on device"):
        write_text(page, "new")
    assert page.read_text() == "old"
