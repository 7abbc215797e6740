"""``multipart/form-data`` as it arrives, without temporary files: limits hold while it is read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mien.runtime.sources import printable
from mien.server.errors import ApiError
from mien.server.limits import in_words

_MOST_FIELDS = 64
_FIELD_BYTES = 4096
_NAME_CHARACTERS = 200


class FileTarget(Protocol):
    """Where a file's bytes go."""

    def write(self, data: bytes) -> None:
        """Take some bytes; an ApiError refuses the request."""


@dataclass
class MemoryFile:
    """A file kept in memory.

    Attributes:
        name: For the results, never a path.
        most_bytes: It may have.
        data: Its content so far.
    """

    name: str
    most_bytes: int
    data: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            ApiError: The file is too large.
        """
        if len(self.data) + len(data) > self.most_bytes:
            raise ApiError(
                413,
                "too_large",
                f"{self.name}: a file here has at most {in_words(self.most_bytes)}; shrink it first",
            )
        self.data += data


class Form:
    """The fields of a form, filled while its bytes arrive."""

    def __init__(
        self, content_type: str, files: Mapping[str, tuple[int, Callable[[str], FileTarget]]]
    ) -> None:
        """Begin.

        Args:
            content_type: The request's header.
            files: Fields that hold files: how many there may be, and what makes a target for a file's name.

        Raises:
            ApiError: No multipart form.
        """
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise ApiError(
                415,
                "unsupported_type",
                f"send multipart/form-data, as `curl -F file=@photo.jpg` does; got {content_type[:80]!r}",
            )
        self.fields: dict[str, list[str]] = {}
        self.files: dict[str, list[FileTarget]] = {}
        self._may = files
        self._n_fields = 0
        self._ended = False
        self._header = [b"", b""]
        self._disposition = ""
        self._target: FileTarget | None = None
        self._field, self._text = "", bytearray()
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._open,
                    "on_part_data": self._data,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _unreadable(error) from error

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            ApiError: They are no form, or a limit is passed.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _unreadable(error) from error

    def finish(self) -> None:
        """Make sure that the form is complete.

        Raises:
            ApiError: It breaks off.
        """
        if not self._ended:
            raise ApiError(400, "bad_request", "the form breaks off before its last boundary; send it again")

    def _begin(self) -> None:
        self._header, self._disposition = [b"", b""], ""
        self._target, self._field, self._text = None, "", bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value.decode("latin-1")
        self._header = [b"", b""]

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = _text(options.get(b"name", b""))[:_NAME_CHARACTERS]
        self._n_fields += 1
        if self._n_fields > _MOST_FIELDS + sum(most for most, _ in self._may.values()):
            raise ApiError(413, "too_many", f"a form here has at most {_MOST_FIELDS} fields beside its files")
        if self._field in self._may:
            most, make = self._may[self._field]
            if len(self.files.get(self._field, [])) >= most:
                raise ApiError(
                    413,
                    "too_many",
                    f"a request may hold {most} of the field {self._field!r}; send more requests",
                )
            self._target = make(display_name(_text(options.get(b"filename", b""))))
            self.files.setdefault(self._field, []).append(self._target)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._target is not None:
            self._target.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _FIELD_BYTES:
            raise ApiError(
                413, "too_large", f"the field {self._field!r} has more than {in_words(_FIELD_BYTES)}"
            )

    def _close(self) -> None:
        if self._target is None:
            self.fields.setdefault(self._field, []).append(_text(bytes(self._text)))

    def _end(self) -> None:
        self._ended = True


async def read_form(form: Form, body: AsyncIterator[bytes], on_bytes: Callable[[int], object]) -> Form:
    """Read a form to its end.

    Args:
        form: Fresh.
        body: Its bytes.
        on_bytes: Told how many have arrived each time; may refuse.

    Raises:
        ApiError: See `Form` and `mien.server.body.arriving`.
    """
    async for piece in body:
        on_bytes(len(piece))
        form.feed(piece)
    form.finish()
    return form


def display_name(given: str) -> str:
    """A client's file name as results show it: no folders, one line, not too long. Never used as a path."""
    name = re.split(r"[/\\]", given)[-1].strip()
    return printable(name)[:_NAME_CHARACTERS] or "unnamed"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _unreadable(error: Exception) -> ApiError:
    return ApiError(400, "bad_request", f"the multipart form cannot be read: {error}")
