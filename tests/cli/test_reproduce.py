"""`mien reproduce` as a reader types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def test_the_list_is_one_line_an_item(mien: Callable, tmp_path: Path) -> None:
    said = mien("reproduce", "--out", tmp_path)
    assert said.code == 0, said.err
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert len(lines) == 59
    assert all(len(line) == 7 for line in lines)
    by_item = {(line[0], line[1]): line for line in lines}
    assert by_item["arm", "figure4"][3:] == ["no data", "", "", "runs at once"]
    assert by_item["arm", "table2"][3:5] == ["rafdb", "7"]
    assert [line[1] for line in lines if line[0] == "fdrl"] == [
        line.split("\t")[1] for line in mien("reproduce", "fdrl", "--out", tmp_path).out.splitlines()
    ]


def test_an_item_without_data_runs_at_once(mien: Callable, tmp_path: Path) -> None:
    said = mien("reproduce", "thesis", "T3.2", "--out", tmp_path)
    assert said.code == 0, said.err
    assert "RGB-D thesis, Table 3.2" in said.out
    assert (tmp_path / "rgbd_fusion" / "table3_2" / "table3_2.tex").read_text().startswith(r"\begin{table}")
    listed = mien("reproduce", "rgbd", "--out", tmp_path).out
    assert "ran 2" in next(line for line in listed.splitlines() if "table3_2" in line)


def test_wrong_words_are_one_line(mien: Callable, tmp_path: Path) -> None:
    for words, hint in (
        (("amr",), "did you mean 'arm'"),
        (("arm", "table22"), "did you mean 'table2'"),
        (("arm", "table2", "--budget", "tiny"), "--budget is full or small"),
        (("arm", "table2", "--seeds", "a"), "--seeds a: expected whole numbers"),
        (("arm", "table2", "--data-root", "a", "--data-root", "b"), "say which set each folder is"),
    ):
        said = mien("reproduce", *words, "--out", tmp_path)
        assert said.code == 2, words
        assert hint in said.err
        assert said.err.count("\n") == 1
