"""Receives the file of a form, of any length, piece by piece into a draft."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from fastapi import Request
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from scheduler.campaign.file.formats import Format, format_of
from scheduler.errors import CampaignError, refusal
from scheduler.operations.drafts import Sink
from scheduler.web.problems import Failure

_PIECE_BYTES = 1 << 18
#: Bytes of one header of a part; a page of ours never needs as many.
_MOST_HEADERS = 4096
_LONGEST_NAME = 200


class Upload:
    """Writes the first file of a form to a folder, and skips all other fields."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._sink: Sink | None = None
        self._is_file = False
        self.filename = ""
        self.path: Path | None = None  #: where the file is; None before its part has begun
        self.is_whole = False

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """Return the parser's callbacks."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._is_file = False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name = self._bounded(self._name + data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = self._bounded(self._value + data[start:end])

    def _bounded(self, value: bytes) -> bytes:
        if len(value) > _MOST_HEADERS:
            raise Failure(422, "form", "this form was not sent by a page of ours")
        return value

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" not in options or self._sink is not None:
            return
        self._is_file = True
        name = options[b"filename"].decode("utf-8", "replace").replace("\\", "/")
        self.filename = PurePath(name).name[:_LONGEST_NAME]
        self.path, packed = self._place()
        self._sink = Sink(self.path, self._most, packed=packed)

    def _place(self) -> tuple[Path, bool]:
        """Return a path for the file, with its own ending, and whether it is gzipped."""
        named = PurePath(self.filename)
        if not self.filename:
            raise refusal("file", "choose a file first")
        packed = named.suffix.lower() == ".gz"
        plain = PurePath(named.stem) if packed else named
        ending = plain.suffix.lower()
        if ending != ".json" and format_of(Path(f"upload{ending}")) is Format.TABLE_OR_JSON_LINES:
            raise refusal("file", "expected a name with an ending, such as contacts.csv")
        return self._folder / f"upload{ending}", packed

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file and self._sink is not None:
            self._sink.write(data[start:end])

    def _end(self) -> None:
        if self._is_file and self._sink is not None:
            self._is_file, self.is_whole = False, True
            self._sink.done()

    def close(self) -> None:
        """Close its file."""
        if self._sink is not None:
            self._sink.close()


async def received(request: Request, folder: Path, most: int) -> tuple[Path, str]:
    """Receive the file of a form; return its path, and the name that the browser gave it.

    Raises CampaignError for none, TooLong, and ClientDisconnect.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Failure(415, "media_type", "expected a form with a file: multipart/form-data")
    upload = Upload(folder, most)
    try:
        parser = MultipartParser(boundary, upload.callbacks())  # type: ignore[arg-type]
        waiting = bytearray()
        async for part in request.stream():
            waiting += part
            if len(waiting) >= _PIECE_BYTES:
                await run_in_threadpool(_fed, parser, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(_fed, parser, bytes(waiting))
    finally:
        upload.close()
    if upload.path is None:
        raise refusal("file", "choose a file first")
    if not upload.is_whole:
        raise refusal("file", "it has not come to its end: upload it again")
    return upload.path, upload.filename


def _fed(parser: MultipartParser, data: bytes) -> None:
    try:
        parser.write(data)
    except (Failure, CampaignError):
        raise
    except ValueError:  # the parser's own are such
        raise Failure(422, "form", "this form was not sent by a page of ours") from None
