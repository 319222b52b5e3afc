"""What is said on a call, in five languages: one module for each language.

The sandbox's calls read lines from here. It knows no call and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from scheduler.sandbox.scripts import english, french, german, portuguese, spanish
from scheduler.sandbox.scripts.line import Entity, Line, Scripts, Tracker

__all__ = ["Entity", "Line", "ScriptName", "Scripts", "Tracker", "known_language", "lines"]

ScriptName = Literal["appointment", "machine", "do_not_call", "nobody"]

_SCRIPTS: Mapping[str, Scripts] = {
    "en": english.SCRIPTS,
    "es": spanish.SCRIPTS,
    "fr": french.SCRIPTS,
    "de": german.SCRIPTS,
    "pt": portuguese.SCRIPTS,
}


def known_language(code: str) -> str:
    """The language that is spoken when a BCP-47 code is asked for: English, if it is unknown."""
    language = code.partition("-")[0].lower()
    return language if language in _SCRIPTS else "en"


def lines(language: str, name: ScriptName) -> tuple[Line, ...]:
    """A script in a known language."""
    scripts = _SCRIPTS[language]
    return {
        "appointment": scripts.appointment,
        "machine": scripts.machine,
        "do_not_call": scripts.do_not_call,
        "nobody": scripts.nobody,
    }[name]
