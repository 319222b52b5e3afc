"""Which path leads where."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from scheduler.sandbox.app import application
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.twilio import errors
from scheduler.sandbox.twilio.control import Control
from scheduler.sandbox.twilio.gate import Gate
from scheduler.sandbox.twilio.knobs import Knobs
from scheduler.sandbox.twilio.reads import Reads
from scheduler.sandbox.twilio.recordings_api import RecordingsApi
from scheduler.sandbox.twilio.starts import Starts
from scheduler.sandbox.twilio.state import State
from scheduler.sandbox.twilio.updates import Updates


def create_app(knobs: Knobs, journal: Journal) -> ASGIApp:
    """The sandbox as an ASGI application, for a server that speaks CuttableProtocol."""
    state = State(knobs, journal)

    def refuse(status: int, text: str) -> Response:
        return errors.of_status(state.board.knobs, status, text)

    return application(_api(state), Control(state).routes(), refuse, state.clock.now)


def _api(state: State) -> list[Route]:
    gate, starts, updates, reads = Gate(state), Starts(state), Updates(state), Reads(state)
    calls = "/2010-04-01/Accounts/{account_sid}/Calls"
    one, noted = calls + "/{sid}.json", calls + "/{call_sid}/Notifications"
    sounds, guarded = RecordingsApi(state), gate.guarded
    recordings = "/2010-04-01/Accounts/{account_sid}/Recordings/{sid}"
    return [
        Route(calls + ".json", guarded(starts.create, is_start=True), methods=["POST"]),
        Route(calls + ".json", guarded(reads.calls), methods=["GET"]),
        Route(one, guarded(reads.call), methods=["GET"]),
        Route(one, guarded(updates.update), methods=["POST"]),
        Route(one, guarded(updates.delete), methods=["DELETE"]),
        Route(noted + ".json", guarded(reads.notifications), methods=["GET"]),
        Route(calls + "/{call_sid}/Recordings.json", guarded(sounds.listed), methods=["GET"]),
        Route(recordings + ".json", guarded(sounds.one), methods=["GET"]),
        Route(recordings + ".json", guarded(sounds.delete), methods=["DELETE"]),
        Route(recordings + ".wav", guarded(sounds.sound), methods=["GET"]),
        Route(recordings, guarded(sounds.sound), methods=["GET"]),
        Route(noted + "/{sid}.json", guarded(reads.notification), methods=["GET"]),
    ]
