import re

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.explain.records import Explanation, Picture, Section, Table
from mien.report import explanation as page
from mien.report.explanation import check_folder, write_explanation


def make(n_pictures: int = 2) -> Explanation:
    png = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    pictures = tuple(Picture(f"gradcam-{i}", png, f"<b>{i}.jpg") for i in range(n_pictures))
    table = Table(("variance", "best"), (("anger", "1.5"),))
    sections = (Section("Faces", "As found.", pictures), Section("Numbers", table=table))
    arrays = {"map last map": np.arange(4.0), "input": np.array(["ü.jpg"])}
    return Explanation("gradcam", "tiny", sections, arrays, {"recipe": "tiny"}, ("c.jpg: not a picture",))


def test_the_page_is_whole_and_loads_nothing(tmp_path):
    html, npz, *figures = write_explanation(make(), tmp_path / "why")
    text = html.read_text()
    assert len(re.findall(r'<img src="data:image/png;base64,', text)) == 2
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "&lt;b&gt;1.jpg" in text
    assert "<b>1.jpg" not in text
    for word in ("c.jpg: not a picture", "<td>1.5</td>", "map last map", "How to read this"):
        assert word in text
    assert [p.name for p in figures] == ["gradcam-0.png", "gradcam-1.png"]
    assert cv2.imread(str(figures[1])).shape == (4, 4, 3)
    with np.load(npz) as arrays:  # without pickles
        assert arrays["map last map"].tolist() == [0, 1, 2, 3]
        assert arrays["input"].tolist() == ["ü.jpg"]
    assert sorted(p.suffix for p in tmp_path.rglob("*.*")) == [".html", ".npz", ".png", ".png"]


def test_of_very_many_figures_the_page_shows_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MOST_SHOWN", 3)
    html, _, *figures = write_explanation(make(5), tmp_path)
    assert len(figures) == 5
    assert html.read_text().count("<img") == 3
    assert "Shown: 3 of 5" in html.read_text()


def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="cannot write"):
        check_folder(tmp_path / "file")
