"""Which sentences ask not to be called again, and which only sound like it."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from scheduler.opt_outs import LANGUAGES, asks_not_to_be_called

#: What is said on the sandbox's calls: of each language one sentence asks for it.
SCRIPTS = {
    each.name.removesuffix(".json"): json.loads(each.read_text("utf-8"))
    for each in resources.files("scheduler.sandbox.symbl.scripts").iterdir()
    if each.name.endswith(".json")
}


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_the_one_sentence_of_a_conversation_that_asks_for_it_is_found(language: str) -> None:
    assert language in LANGUAGES
    found = {
        name: [line["text"] for line in lines if asks_not_to_be_called(line["text"])]
        for name, lines in SCRIPTS[language].items()
    }
    asked = [line["text"] for line in SCRIPTS[language]["do_not_call"] if line.get("intent")]
    # Who calls promises to strike the number; nobody asks for that but those who asked before.
    assert found["do_not_call"][0] == asked[0]
    assert not found["appointment"] and not found["machine"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Please stop calling me!",
        "DON\u2019T CALL ME AGAIN",
        "Look, never call this number ever again.",
        "Just take me off your list.",
        "Remove my number from your database, please.",
        "Put me on your do-not-call list.",
        "Leave me alone.",
        "Don't call here, please.",
        "Deje de llamarme.",
        "Arrêtez de m'appeler.",
        "Ich will nie wieder angerufen werden.",
        "Pare de me ligar.",
        "Non mi chiamate più.",
    ],
)
def test_a_wish_not_to_be_called_is_heard(sentence: str) -> None:
    assert asks_not_to_be_called(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "Don't call me before nine.",
        "Please do not call me on Thursday, I am away.",
        "I could not call you.",
        "You can stop by, call me again.",
        "He never called me again about the invoice, did he?",
        "No me llame antes de las nueve.",
        "Rufen Sie mich bitte nicht vor neun Uhr an.",
        "Ne m'appelez pas avant neuf heures.",
        "Não me ligue antes das nove.",
        "Do" + " not" * 5_000,
    ],
)
def test_what_only_sounds_like_it_is_no_wish(sentence: str) -> None:
    assert not asks_not_to_be_called(sentence)
