"""A reproduction as markdown, csv and LaTeX, every one of them with what was scaled down."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mien.report.page import write_text
from mien.report.reproduction import Cell, Effect, Line, Matrix, Reproduction, RunFacts, Table

NOT_RUN = "not run"
_WIDE = 2
"""Up to so many columns, published and measured have columns of their own."""


def write_reproduction(made: Reproduction, folder: Path) -> list[Path]:
    """Write ``<item>.json``, ``.md``, ``.csv`` and ``.tex``.

    Args:
        made: What to write.
        folder: Is made where it does not exist.

    Raises:
        MienError: The folder cannot be written.
    """
    texts = {
        ".md": reproduction_markdown(made),
        ".csv": reproduction_csv(made),
        ".tex": reproduction_latex(made),
        ".json": made.to_json() + "\n",  # last: with it the item is finished
    }
    for ending, text in texts.items():
        write_text(folder / f"{made.item}{ending}", text)
    return [folder / f"{made.item}{ending}" for ending in texts]


def table_rows(table: Table) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """A table in words: its columns and its rows.

    Narrow tables give the published figure, the measured one with its interval, and the difference each a
    column; wide ones write them as ``published → measured``. Columns in which nothing was published hold
    the measured figure alone.
    """
    wide = len(table.columns) > _WIDE
    columns, rows = ["row"], [[line.name] for line in table.lines]
    for place, name in enumerate(table.columns):
        unit = f" ({table.unit})" if table.unit and not name.endswith(")") else ""
        cells = [line.cells[place] for line in table.lines]
        printed = any(cell.published is not None for cell in cells)
        interval = " (95 %)" if any(c.measured and c.measured.low is not None for c in cells) else ""
        if wide or not printed:
            columns.append(f"{name}{unit}")
        else:
            columns += [f"{name}{unit}, published", f"measured{interval}", "difference"]
        for row, cell, line in zip(rows, cells, table.lines, strict=True):
            row += _cell_texts(name, cell, line, table, wide or not printed)
    if table.against:
        columns += [f"{table.against} minus row, published", "measured (95 %)"]
        for row, line in zip(rows, table.lines, strict=True):
            row += _effect_texts(line.effect, table)
    return tuple(columns), [tuple(row) for row in rows]


def reproduction_markdown(made: Reproduction) -> str:
    """The whole item on one page."""
    parts = [f"# {made.short}, {made.where}: {made.title}\n"]
    if made.source:
        parts.append(f"{made.source}.\n")
    if made.scaled_down:
        parts.append(
            "> **Scaled down: no figure here can be held against the paper's.**\n"
            + "".join(f"> - {line}\n" for line in made.scaled_down)
        )
    parts += [f"> Missing: {line}.\n" for line in made.missing]
    for table in made.tables:
        columns, rows = table_rows(table)
        parts.append(f"## {table.title}\n\n{_markdown(columns, rows)}")
        parts += [f"{line.name}: {line.note}.\n" for line in table.lines if line.note]
    parts += [f"## {x.title}\n\n{_markdown(x.columns, x.rows)}" for x in made.listings]
    for matrix in made.matrices:
        parts += _matrix_markdown(matrix)
    parts += [f"![{name}]({name})\n" for name in made.figures if name.endswith(".png")]
    cells = [cell for table in made.tables for line in table.lines for cell in line.cells]
    if any(cell.measured and cell.measured.low is not None for cell in cells):
        parts.append(
            "Intervals draw people where the data set knows them, else test samples; with several seeds the "
            "mean of their intervals, and the spread between seeds is not in them.\n"
        )
    parts += [f"Note: {line}\n" for line in made.remarks]
    if made.runs:
        columns = (
            "run",
            "stands for",
            "scored on",
            "n",
            "seeds",
            "epochs",
            "minutes",
            "selected on",
            "leaks",
        )
        parts.append(f"## Runs\n\n{_markdown(columns, [_run_row(run) for run in made.runs])}")
    return "\n".join(parts)


def reproduction_csv(made: Reproduction) -> str:
    """One line per figure, with full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["paper", "item", "table", "row", "column", "unit", "ours", "published", "measured", "low", "high",
         "difference", "seeds", "scaled_down"]
    )  # fmt: skip
    scaled = "; ".join(made.scaled_down)
    for table in made.tables:
        for line in table.lines:
            for name, cell in zip(table.columns, line.cells, strict=True):
                if cell.published is None and cell.measured is None:
                    continue
                m = cell.measured
                figures = (cell.published, m and m.value, m and m.low, m and m.high, cell.difference)
                writer.writerow(
                    [made.paper, made.item, table.title, line.name, name, table.unit, int(line.ours)]
                    + ["" if f is None else f"{f:.6g}" for f in figures]
                    + [len(m.each) if m else 0, scaled]
                )
    for matrix in made.matrices:
        writer.writerows(_matrix_lines(made, matrix, scaled))
    for listing in made.listings:
        for row in listing.rows:
            for name, text in zip(listing.columns[1:], row[1:], strict=True):
                writer.writerow(
                    [made.paper, made.item, listing.title, row[0], name, "", 1, "", text, *[""] * 5]
                )
    return out.getvalue()


def reproduction_latex(made: Reproduction) -> str:
    """Its tables for a paper, with booktabs; nothing to typeset is a comment that says so."""
    said = f"{made.short}, {made.where}: {made.title}"
    scaled = f" Scaled down: {'; '.join(made.scaled_down)}." if made.scaled_down else ""
    bodies = [(t.title, *table_rows(t)) for t in made.tables]
    bodies += [(x.title, x.columns, list(x.rows)) for x in made.listings]
    for m in made.matrices:
        bodies += [
            (f"{m.title}, {what}", ("true \\ predicted", *m.labels), rows) for what, rows in _matrix_tables(m)
        ]
    if not bodies:
        return f"% {said}: a figure without numbers.\n"
    return "\n".join(_latex(f"{said}. {title}.{scaled}", columns, rows) for title, columns, rows in bodies)


def figure_text(value: float | None, decimals: int, sign: str = "") -> str:
    """A number, or nothing; what rounds to zero has no minus.

    Args:
        value: The number.
        decimals: How many are written.
        sign: ``+`` also writes the sign of what is above zero.
    """
    if value is None:
        return ""
    return f"{round(value, decimals) + 0.0:{sign}.{decimals}f}"


def _decimals(column: str, table: Table) -> tuple[int, int]:
    """Of the published and of the measured figure: whole numbers stay whole, sizes are told more exactly."""
    if column.endswith("(number)"):
        return 0, 0
    return table.decimals, table.decimals + (2 if column.endswith("(millions)") else 0)


def _cell_texts(column: str, cell: Cell, line: Line, table: Table, joined: bool) -> tuple[str, ...]:
    n, own = _decimals(column, table)
    published, m = figure_text(cell.published, n), cell.measured
    measured = ""
    if m is not None:
        measured = figure_text(m.value, own)
        if m.low is not None and m.high is not None:
            measured += f" ({figure_text(m.low, own)} to {figure_text(m.high, own)})"
    elif line.ours and not column.endswith("(number)") and (published or not _is_printed(table)):
        measured = table.unmeasured
    if joined:
        return (" → ".join(text for text in (published, measured) if text),)
    return published, measured, figure_text(cell.difference, own, "+")


def _is_printed(table: Table) -> bool:
    """Whether the paper prints any number of it."""
    return any(cell.published is not None for line in table.lines for cell in line.cells)


def _effect_texts(effect: Effect | None, table: Table) -> tuple[str, str]:
    if effect is None:
        return "", ""
    n = table.decimals
    low, high = (figure_text(v, n, "+") for v in (effect.low, effect.high))
    interval = f" ({low} to {high})" if low else ""
    return figure_text(effect.published, n, "+"), figure_text(effect.value, n, "+") + interval


def _matrix_tables(matrix: Matrix) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Published and measured shares of each true class, in per cent."""
    found = []
    for what, shares in (("published", matrix.published), ("measured", matrix.shares)):
        if shares is not None:
            absent = "no faces" if what == "measured" else ""
            rows = [
                (label, *(figure_text(share, 2) or absent for share in row))
                for label, row in zip(matrix.labels, shares, strict=True)
            ]
            found.append((f"{what} (% of the true class)", rows))
    return found


def _matrix_markdown(matrix: Matrix) -> list[str]:
    parts = [f"## {matrix.title}\n"]
    if matrix.counts is None:
        parts.append(f"Measured: {NOT_RUN}.\n")
    if matrix.published is None:
        parts.append("The paper prints no numbers of it.\n")
    for what, rows in _matrix_tables(matrix):
        parts.append(f"{what}; rows are the truth\n\n{_markdown(('true', *matrix.labels), rows)}")
    return parts


def _matrix_lines(made: Reproduction, matrix: Matrix, scaled: str) -> list[list[object]]:
    lines: list[list[object]] = []
    for i, true in enumerate(matrix.labels):
        for j, said in enumerate(matrix.labels):
            published = matrix.published[i][j] if matrix.published else None
            measured = matrix.shares[i][j] if matrix.shares else None
            if published is None and measured is None:
                continue
            difference = None if published is None or measured is None else measured - published
            shown = ["" if f is None else f"{f:.6g}" for f in (published, measured, None, None, difference)]
            head = [made.paper, made.item, matrix.title, true, f"as {said}", "% of the true class", 1]
            lines.append([*head, *shown, "", scaled])
    return lines


def _run_row(run: RunFacts) -> tuple[str, ...]:
    return (
        f"{run.recipe}, {run.row}",
        run.stands_for,
        run.data,
        f"{run.n:,}",
        ", ".join(map(str, run.seeds)),
        str(run.epochs),
        f"{run.minutes:.1f}",
        run.selected_on,
        "; ".join(run.leaks) or "none known",
    )


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _latex(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" & ".join(_escaped(cell) for cell in row) + r" \\" for row in (columns, *rows)]
    head, *body = lines
    return "\n".join(
        [
            r"\begin{table}",
            rf"  \caption{{{_escaped(caption)}}}",
            rf"  \begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}",
            r"    \toprule",
            f"    {head}",
            r"    \midrule",
            *(f"    {line}" for line in body),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


_LATEX = {"\\": r"\textbackslash{}", "→": r"$\to$"} | {c: f"\\{c}" for c in "&%$#_{}"}


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)
