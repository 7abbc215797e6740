"""A table for a paper, with booktabs."""

from __future__ import annotations

from collections.abc import Sequence

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "\N{MINUS SIGN}": "$-$",
    "±": r"$\pm$",
    "\N{NO-BREAK SPACE}": "~",
    "\N{EN DASH}": "--",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


def latex_text(text: str) -> str:
    """Plain text with what LaTeX would take for commands escaped."""
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def latex_table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A ``table`` with the first column to the left and the others to the right; needs ``booktabs``."""

    def line(cells: Sequence[str]) -> str:
        return "    " + " & ".join(latex_text(cell) for cell in cells) + r" \\"

    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{latex_text(caption)}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
            r"    \toprule",
            line(header),
            r"    \midrule",
            *(line(row) for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )
