from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.errors import ConfigError
from scheduler.fields.dotenv import read_dotenv

NAME = "CALLSCHED_ALLOWED_NUMBERS"
LINE = f"{NAME}=+12025550143\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        LINE,
        LINE.encode("utf-8-sig"),
        LINE.replace("\n", "\r\n"),
        LINE.rstrip("\n"),
        f"export {LINE}",
        f"\n\n  # {NAME}: none\n{LINE}",
        f"PLACE='Zürich'\n{LINE}",
        f'PLACE="two\nlines"\n{LINE}',
        f"{NAME} = '+12025550143' # mine\n",
        f"A=+1202\n{NAME}=${{A}}5550143\n",
        f"OF_ANOTHER_PROGRAM\n{LINE}",
    ],
)
def test_lines_are_read_as_shells_and_other_programs_read_them(
    tmp_path: Path, content: str | bytes
) -> None:
    read = read_dotenv(written(tmp_path, content))

    assert read.values[NAME] == "+12025550143"
    assert read.problems == ()


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env").values == {}


def test_a_virtual_environment_of_that_name_says_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    (tmp_path / ".env" / "pyvenv.cfg").touch()

    assert read_dotenv(tmp_path / ".env").values == {}


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"A=1\n# Z\xfcrich\n" + LINE.encode(), 2, "the byte 0xFC"),
        (b"\xef\xbb\xbfA=\x80\n", 1, "the byte 0x80"),
        (LINE.encode("utf-16"), 1, "UTF-16"),
        (LINE.encode("utf-16-be"), 1, "a NUL byte"),
        (LINE.encode("utf-16-le"), 1, "a NUL byte"),
        (LINE.encode("utf-32"), 1, "UTF-16"),
        (b"A=1\n\nB=\0\n", 3, "a NUL byte"),
    ],
)
def test_what_is_no_utf_8_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: int, told: str
) -> None:
    path = written(tmp_path, content)

    with pytest.raises(ConfigError) as refused:
        read_dotenv(path)

    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert told in str(refused.value)
    assert "save the file as UTF-8" in str(refused.value)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    with pytest.raises(ConfigError, match="got a folder"):
        read_dotenv(tmp_path / ".env")


def test_a_file_that_can_t_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(".env")  # no rights keep root from reading

    with pytest.raises(ConfigError, match=r"\.env can't be read: "):
        read_dotenv(tmp_path / ".env")


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (f"{NAME}: +12025550143\n", 1, f"write {NAME}=value, with = instead of the colon"),
        (f"A=1\n{NAME}:+12025550143\n", 2, f"write {NAME}=value"),
        (f"\n\n{NAME} :\n", 3, f"write {NAME}=value"),
        (f"A=1\n{NAME}\n", 2, f"{NAME}=value"),
        (f"export {NAME}\n", 1, f"{NAME}=value"),
        (f"{NAME} +12025550143\n", 1, "expected NAME=value"),
        (f'A="open\n{LINE}', 1, "a quote may be left open"),
        (f'A="open\n{LINE}B="\n', 2, "close it on line 1"),
        (f"A='open\n  export {NAME.lower()} = x\n'\n", 2, "close it on line 1"),
        ("=+12025550143\n", 1, "expected NAME=value"),
    ],
)
def test_a_line_that_python_dotenv_would_skip_is_named_without_its_value(
    tmp_path: Path, content: str, line: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, content)

    (problem,) = read_dotenv(path).problems

    assert problem.startswith(f"{path}:{line}: ")
    assert told in problem
    assert "5550143" not in problem
    assert caplog.records == []


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.symlink_to("nowhere")

    with pytest.raises(ConfigError, match="the link leads to no file"):
        read_dotenv(path)
