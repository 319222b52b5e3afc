"""Makes the Redis scripts of the ledger's verbs: each .lua file, and the functions it uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    rows = ", ".join(
        f"[{state.name}] = {{ {', '.join(f'[{after.name}] = true' for after in sorted(then))} }}"
        for state, then in TRANSITIONS.items()
    )
    written = {
        **{state.name: f'"{state}"' for state in CallState},
        "MAY": f"{{ {rows} }}",
        "UNPROVEN": limit.UNPROVEN,
        "UNPROVEN_SHARE": limit.UNPROVEN_SHARE,
        "STARVING": limit.STARVING,
        "REDIALS": REDIALS,
        "SCHEMA": keys.SCHEMA,
        "LOOKED_FOR": LOOKED_FOR_SECONDS,
        "PRICED_AFTER": PRICED_AFTER_SECONDS,
        "LATE": LATE_SECONDS,
        "LATE_BUCKETS": f"{{ {', '.join(map(str, LATE_BUCKETS))} }}",
        **{f"LATE_{cause.name}": f'"{cause}"' for cause in LateCause},
        "LONGEST_QUEUE": LONGEST_QUEUE_SECONDS,
    }
    return "".join(f"local {name} = {value}\n" for name, value in written.items())


def preamble() -> str:
    """Return the definitions that all verbs share, as Lua."""
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


#: What few runs of any verb call, and what few runs of one verb call.
_SELDOM = {
    *("amend", "came_late", "canary_waits", "count_late", "detach", "end_both", "finished_of_name"),
    *("give_connection", "is_cancelled", "leave_class", "lose_call", "may_ring_again", "move_on"),
    *("open_calls", "owe_finish", "owe_news", "put_due", "see_queue", "set_aside", "stop_itself"),
    *("take_back", "wait_again", "watch_canary", "watch_circuit"),
}
_SELDOM_IN = {
    "begin": {"cap_allows_at", "end_call", "entry_for", "is_held_to", "last_at", "live_until"},
    "connect": {"contact_of", "end_call", "move_deadline", "owe_stop"},
    "hand_on": {"place"},
    "hint": {"make_room"},
    "tick": {
        *("call_of", "end_call", "is_attempt", "look_no_more", "move", "move_deadline"),
        *("note_lateness", "owe_stop", "take_stop"),
    },
}


@cache
def source(verb: str) -> str:
    """Return the whole text of a verb's script, as the server runs it.

    Redis keeps nothing of a script from one run to the next, so each run makes its functions anew.
    Those that verbs share are fields of one table. It makes what is seldom called, and what only
    that calls, when it is first called. Constants are written where they are used.
    """
    parts = (f"local function {part}(ARGV)\n{_read(part)}end\n" for part in _MADE_OF.get(verb, ()))
    shared = _read(_WITH[verb]) if verb in _WITH else ""
    definitions, statements = _definitions(preamble() + shared)
    body = statements + _without_comments("".join((*parts, _read(verb))))
    names = {
        name: written if _LITERAL.fullmatch(written) else f"SHARED.{name}"
        for name, written in definitions.items()
    }
    made = {
        name: _renamed(definitions[name], names)
        for name in _used(definitions, body)
        if names[name] == f"SHARED.{name}"
    }
    seldom = _SELDOM | _SELDOM_IN.get(verb, set())
    usual = _used({name: definitions[name] for name in definitions.keys() - seldom}, body)
    at_once = ",\n".join(f"{name} = {made[name]}" for name in made if name in usual)
    later = "else".join(
        f'if name == "{name}" then made = {made[name]}\n' for name in made if name not in usual
    )
    return _SHARED.format(at_once, f"{later}end\n" if later else "") + _renamed(body, names)


#: How a script begins. Redis has no globals, so Lua asks the table for each field that it lacks.
_SHARED = """\
local SHARED
SHARED = setmetatable({{
{}
}}, {{ __index = function(_, name)
local made
{}SHARED[name] = made
return made
end }})
"""
_DEFINITION = re.compile(
    r"^local (?:function (\w+)(\(.*?^end)|(\w+) = (.*?))\n", re.DOTALL | re.MULTILINE
)
_LITERAL = re.compile(r'"[^"]*"|[\d.]+')
_STRING = r'"(?:\\.|[^"\\\n])*"'
_COMMENT = re.compile(rf"({_STRING})|--\[\[.*?\]\]|--[^\n]*", re.DOTALL)
#: A name that is no field (as in `call.state`); or a string, so that no name within it counts.
_NAME = re.compile(rf"{_STRING}|(?<![\w:])(?<!(?<!\.)\.)[A-Za-z_]\w*")


def _definitions(text: str) -> tuple[dict[str, str], str]:
    """Return name -> what is defined at the top of a text, and its other statements."""
    found: dict[str, str] = {}

    def keep(definition: re.Match[str]) -> str:
        function, rest, value, written = definition.groups()
        name = function or value
        assert name not in found, f"{name} is defined twice"
        found[name] = f"function{rest}" if function else written
        return ""

    statements = _DEFINITION.sub(keep, _without_comments(text))
    return found, statements


def _used(definitions: Mapping[str, str], text: str) -> list[str]:
    """Return the names of what a text uses, and of what this uses, in the order of definition."""
    used: set[str] = set()
    texts = [text]
    while texts:
        names = definitions.keys() & set(_NAME.findall(texts.pop())) - used
        used |= names
        texts += [definitions[name] for name in names]
    return [name for name in definitions if name in used]


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _NAME.sub(lambda found: names.get(found[0], found[0]), text)


def _without_comments(text: str) -> str:
    bare = _COMMENT.sub(lambda found: found[1] or "", text)
    return re.sub(r"\s*\n", "\n", bare).lstrip()


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
