"""How a verb's script is put together."""

from __future__ import annotations

from scheduler.ledger import scripts


def test_what_is_seldom_called_is_a_function_that_the_script_uses() -> None:
    assert scripts._SELDOM_IN
    for verb, names in scripts._SELDOM_IN.items():
        made_later = scripts.source(verb).split("__index", 1)[1]
        assert [name for name in names if f'name == "{name}"' not in made_later] == [], verb

    files = ["_shared", *set(scripts._WITH.values())]
    defined = "".join(map(scripts._read, files))
    assert [name for name in scripts._SELDOM if f"local function {name}(" not in defined] == []


def test_a_script_has_no_comment_and_none_of_the_functions_that_it_does_not_use() -> None:
    text = scripts.source("hint")

    assert "take_stop = function(" in text
    assert "end_call" not in text
    assert "--" not in text
