"""Makes the Redis scripts of the ledger's verbs: each .lua file, behind the functions it uses."""

from __future__ import annotations

import re
from functools import cache, partial
from importlib import resources

from scheduler import limit
from scheduler.late import LATE_BUCKETS, LATE_SECONDS, LateCause
from scheduler.ledger import keys
from scheduler.ledger.redis.verbs import Runner, Verb
from scheduler.models import (
    LONGEST_QUEUE_SECONDS,
    LOOKED_FOR_SECONDS,
    PRICED_AFTER_SECONDS,
    REDIALS,
    TRANSITIONS,
    CallState,
)


def _states() -> str:
    """Write states, allowed changes and constants as Lua, so that Python is their only source."""
    names = "\n".join(f'local {state.name} = "{state}"' for state in CallState)
    rows = ", ".join(
        f"[{state.name}] = {{ {', '.join(f'[{after.name}] = true' for after in sorted(then))} }}"
        for state, then in TRANSITIONS.items()
    )
    return f"{names}\nlocal MAY = {{ {rows} }}\n" + (
        f"local UNPROVEN, UNPROVEN_SHARE = {limit.UNPROVEN}, {limit.UNPROVEN_SHARE}\n"
        f"local STARVING = {limit.STARVING}\n"
        f"local REDIALS = {REDIALS}\n"
        f"local SCHEMA = {keys.SCHEMA}\n"
        f"local LOOKED_FOR = {LOOKED_FOR_SECONDS}\n"
        f"local PRICED_AFTER = {PRICED_AFTER_SECONDS}\n"
        f"local LATE = {LATE_SECONDS}\n"
        f"local LATE_BUCKETS = {{ {', '.join(map(str, LATE_BUCKETS))} }}\n"
        f"local LATE_BUSY, LATE_SLOW, LATE_API, LATE_LEDGER ="
        f' "{LateCause.BUSY}", "{LateCause.SLOW}", "{LateCause.API}", "{LateCause.LEDGER}"\n'
        f"local LONGEST_QUEUE = {LONGEST_QUEUE_SECONDS}\n"
    )


def preamble() -> str:
    """Return the definitions that all verbs share. Each script begins with those that it uses."""
    return _states() + _read("_shared")


#: Verb -> the file of definitions that only some verbs share.
_WITH = dict.fromkeys(["begin", "explain", "recall"], "_rules")
_WITH |= dict.fromkeys(["claim", "hand_on", "prioritise", "ready", "seal", "tick"], "_turns")
_WITH |= dict.fromkeys(["load", "repeats"], "_repeats")
_WITH |= dict.fromkeys(["arrived", "connect", "find"], "_connections")
_WITH |= dict.fromkeys(
    [
        *("add_schedule", "ask_firing", "keep_schedule", "pause_schedule", "remove_schedule"),
        *("take_schedule", "record_firings"),
    ],
    "_schedules",
)
#: Verb -> the verbs that it runs: it gets each as a function of that verb's arguments.
_MADE_OF = {"hand_on": ("confirm", "claim"), "tick": ("expire", "take_stops", "ready")}


@cache
def source(verb: str) -> str:
    """Return the whole text of a verb's script, as the server runs it."""
    parts = (f"local function {part}(ARGV)\n{_read(part)}end\n" for part in _MADE_OF.get(verb, ()))
    shared = _read(_WITH[verb]) if verb in _WITH else ""
    own = "".join((shared, *parts, _read(verb)))
    return _used(own) + own


_COMMENT = re.compile(r"--\[\[.*?\]\]|--.*?$", re.DOTALL | re.MULTILINE)
_DEFINITION = re.compile(r"^(?=local )", re.MULTILINE)
_DEFINED = re.compile(r"local (?:function )?([\w, ]+)")


def _used(text: str) -> str:
    """Return the shared definitions that a text uses, and those that these use.

    A script defines its functions at each run, and all of them would take longer than many a verb.
    """
    used, words = "", _words(text)
    # No definition uses a later one.
    for definition, names, needs in reversed(_definitions()):
        if not words.isdisjoint(names):
            used = definition + used
            words |= needs
    return used


@cache
def _definitions() -> list[tuple[str, list[str], set[str]]]:
    """Return each definition of the preamble: its text, the names it defines, the words it uses."""
    found = []
    for text in _DEFINITION.split(preamble())[1:]:
        names = _DEFINED.match(text)
        assert names is not None
        found.append((text, names[1].strip().split(", "), _words(text)))
    return found


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", _COMMENT.sub("", text)))


def _read(name: str) -> str:
    return (resources.files("scheduler.ledger") / "lua" / f"{name}.lua").read_text("utf-8")


class Scripts:
    """Every verb, run by one runner."""

    def __init__(self, runner: Runner) -> None:
        def script(verb: str) -> Verb:
            return Verb(runner, partial(source, verb))

        self.admit = script("admit")
        self.accept_token = script("accept_token")
        self.add_schedule = script("add_schedule")
        self.ask_firing = script("ask_firing")
        self.answer = script("answer")
        self.answered = script("answered")
        self.arrived = script("arrived")
        self.attach = script("attach")
        self.attention = script("attention")
        self.bar = script("bar")
        self.beat = script("beat")
        self.begin = script("begin")
        self.cancel = script("cancel")
        self.claim = script("claim")
        self.clock_jumped = script("clock_jumped")
        self.collected = script("collected")
        self.confirm = script("confirm")
        self.connect = script("connect")
        self.count_due = script("count_due")
        self.create = script("create")
        self.deny = script("deny")
        self.end_pending = script("end_pending")
        self.erase = script("erase")
        self.expire = script("expire")
        self.explain = script("explain")
        self.extend = script("extend")
        self.find = script("find")
        self.finish = script("finish")
        self.give_back = script("give_back")
        self.halt = script("halt")
        self.hand_on = script("hand_on")
        self.hint = script("hint")
        self.hurry_stops = script("hurry_stops")
        self.keep_schedule = script("keep_schedule")
        self.keep_words = script("keep_words")
        self.launches = script("launches")
        self.lead = script("lead")
        self.learn = script("learn")
        self.release = script("release")
        self.limit = script("limit")
        self.listen = script("listen")
        self.load = script("load")
        self.note = script("note")
        self.note_heard = script("note_heard")
        self.note_price = script("note_price")
        self.note_stop = script("note_stop")
        self.over = script("over")
        self.order_speech = script("order_speech")
        self.pause_schedule = script("pause_schedule")
        self.postpone_collect = script("postpone_collect")
        self.pressed = script("pressed")
        self.prioritise = script("prioritise")
        self.ready = script("ready")
        self.recall = script("recall")
        self.recount = script("recount")
        self.refuse_token = script("refuse_token")
        self.remove_schedule = script("remove_schedule")
        self.repeats = script("repeats")
        self.resume = script("resume")
        self.retire = script("retire")
        self.seal = script("seal")
        self.settle = script("settle")
        self.spoken = script("spoken")
        self.step_down = script("step_down")
        self.stop = script("stop")
        self.sweep = script("sweep")
        self.swap = script("swap")
        self.take = script("take")
        self.take_collect = script("take_collect")
        self.take_reported = script("take_reported")
        self.take_news = script("take_news")
        self.take_schedule = script("take_schedule")
        self.take_stops = script("take_stops")
        self.record_firings = script("record_firings")
        self.throttle = script("throttle")
        self.tick = script("tick")
        self.note_delivery = script("note_delivery")
        self.unanswered = script("unanswered")
        self.unbar = script("unbar")
        self.unknown_rows = script("unknown_rows")
        self.unplaced = script("unplaced")
