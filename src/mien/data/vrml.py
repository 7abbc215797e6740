"""The syntax of VRML 1 and 2 text: a tree of nodes with their fields, numbers as arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError

HEADERS = ("#VRML V2.0", "#VRML V1.0 ascii")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[][{}()]|[^][{}()\s,"]+')
GAP = re.compile(r"[\s,]*")
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|#[^\n\r]*')


@dataclass(eq=False)
class Node:
    """One node.

    Attributes:
        kind: Its type, such as ``IndexedFaceSet``.
        fields: Numbers as float64 [n], words and strings as str, nodes, or a list of nodes and strings.
        children: Nodes that stand in it without a field, as in VRML 1.
    """

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def numbers(self, name: str) -> NDArray[np.float64] | None:
        """A field's numbers; None where the node has none of that name."""
        value = self.fields.get(name)
        return value if isinstance(value, np.ndarray) else None

    def node(self, name: str) -> Node | None:
        """A field's node; None where there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, Node) else None

    def nodes(self, name: str) -> list[Node]:
        """A field's nodes, one or many."""
        value = self.fields.get(name, [])
        return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, Node)]

    def string(self, name: str) -> str | None:
        """A field's first string; None where there is none."""
        value = self.fields.get(name)
        first = value[0] if isinstance(value, list) and value else value
        return first if isinstance(first, str) else None


def parse_vrml(text: str, where: str) -> Iterator[Node]:
    """The nodes at the top of a VRML 1 or 2 file.

    Args:
        text: The whole file.
        where: Named in errors.

    Raises:
        InputError: It is no VRML text, is cut short, or defines node types of its own.
    """
    if not text.startswith(HEADERS):
        raise InputError(f"{where}: no VRML text: the first line must start with {' or '.join(HEADERS)}")
    reader = _Reader(COMMENT.sub(lambda hit: hit[1] or " ", text), where)
    while reader.peek():
        if reader.peek() == "ROUTE":
            reader.skip_route()
        else:
            yield reader.node()


class _Reader:
    """Goes through the text once."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.at = text, where, 0
        self.named: dict[str, Node] = {}

    def peek(self) -> str:
        """The next token, not taken; empty at the end."""
        self.at = GAP.match(self.text, self.at).end()  # type: ignore[union-attr]
        hit = TOKEN.match(self.text, self.at)
        if hit is None and self.at < len(self.text):
            raise InputError(f"{self.where}: a string without an end; the file is cut short")
        return hit[0] if hit else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise InputError(f"{self.where}: the file is cut short: it ends inside a node")
        self.at += len(token)
        return token

    def skip_route(self) -> None:
        for _ in range(4):  # ROUTE from TO to
            self.take()

    def node(self) -> Node:
        kind, name = self.take(), None
        if kind == "USE":
            name = self.take()
            if name not in self.named:
                raise InputError(f"{self.where}: USE {name} before DEF {name}")
            return self.named[name]
        if kind == "DEF":
            name, kind = self.take(), self.take()
        if kind == "NULL":
            return Node(kind)
        if kind in ("PROTO", "EXTERNPROTO"):
            raise InputError(f"{self.where}: node types defined by the file itself ({kind}) are not read")
        opening = self.take()
        if opening != "{":
            raise InputError(f"{self.where}: expected {kind} {{...}}, found {kind[:40]} {opening[:40]}")
        made = Node(kind)
        if name is not None:
            self.named[name] = made
        while self.peek() != "}":
            self._member(made)
        self.take()
        return made

    def _member(self, node: Node) -> None:
        """One field, or a child without one."""
        if self.peek() == "ROUTE":
            self.skip_route()
        elif self.peek() in ("DEF", "USE") or self._opens_node():
            node.children.append(self.node())
        else:
            name = self.take()
            node.fields[name] = self._value()

    def _value(self) -> Any:
        token = self.peek()
        if token == "[":
            return self._list()
        if token == "(":
            end = self._find(")")
            words, self.at = self.text[self.at + 1 : end], end + 1
            return words
        if _is_number(token):
            return self._numbers()
        if token.startswith('"'):
            return self.take()[1:-1]
        if token in ("DEF", "USE") or self._opens_node():
            return self.node()
        if token in ("}", "]", "{"):
            raise InputError(f"{self.where}: a field without a value before {token!r}")
        return self.take()

    def _opens_node(self) -> bool:
        at = self.at
        self.take()
        opens = self.peek() == "{"
        self.at = at
        return opens

    def _numbers(self) -> NDArray[np.float64]:
        found = []
        while _is_number(self.peek()):
            found.append(_number(self.take()))
        return np.array(found)

    def _list(self) -> Any:
        end = self._find("]")
        content = self.text[self.at + 1 : end]
        if "{" not in content and '"' not in content and not re.search(r"\bUSE\b", content):
            self.at = end + 1
            return _array(content, self.where)
        self.take()
        items: list[Any] = []
        while self.peek() != "]":
            items.append(self.take()[1:-1] if self.peek().startswith('"') else self.node())
        self.take()
        return items

    def _find(self, mark: str) -> int:
        end = self.text.find(mark, self.at)
        if end < 0:
            raise InputError(f"{self.where}: the file is cut short: a list has no end")
        return end


def _array(content: str, where: str) -> NDArray[np.float64]:
    words = content.replace(",", " ").split()
    try:
        return np.array(words, np.float64)
    except ValueError:
        pass
    try:
        return np.array([_number(word) for word in words])
    except ValueError as error:
        raise InputError(f"{where}: a list of numbers holds something else ({error})") from error


def _is_number(token: str) -> bool:
    try:
        _number(token)
    except ValueError:
        return False
    return True


def _number(token: str) -> float:
    return float(int(token, 16)) if token[:2].lower() == "0x" else float(token)
