"""What can be changed about the behaviour of Twilio's sandbox.

Seconds of calls are those of the API's own clock, which `speed` scales; latencies are real ones.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from scheduler.sandbox import knobs
from scheduler.sandbox.faults import Fault
from scheduler.sandbox.knobs import Count, Range, Seconds, Share

#: The two shapes of an error that are documented, one without a code, and what proxies send.
ErrorBody = Literal["classic", "problem", "no_code", "empty", "text", "html"]


class Knobs(knobs.Knobs):
    """How Twilio's sandbox behaves."""

    # The API's clock
    speed: Annotated[float, Field(gt=0)] = 1.0  #: its seconds in one real second
    clock_ahead_seconds: float = 0.0  #: what its dates are ahead of this machine's

    # Who may ask
    account_sid: str | None = None  #: the only right one; None takes any
    auth_token: str | None = None
    api_key: str | None = None
    api_secret: str | None = None
    test_credentials: bool = False  #: starts are judged and never placed; all else is 403
    callers: str | None = None  #: numbers that may call, with commas; None: any valid one

    # How starts are taken
    calls_per_second: Annotated[float, Field(ge=0)] = 1.0  #: of dialling; 0 for any
    queue_most_seconds: Seconds = 86400.0  #: longer in the queue, and the call is cancelled
    limit_answer: Literal["error", "failed"] = "error"  #: 10004 as an answer or a failed call
    limit_status: Annotated[Literal[400, 403, 429], BeforeValidator(int)] = 429
    limit_counts: Literal["open", "dialed", "answered"] = "open"  #: which calls the limit is of
    place_after_seconds: Seconds = 0.0  #: a start is read, and placed so much later
    start_code: int | None = None  #: the error code that every start is answered with
    start_code_status: int | None = None  #: the HTTP status that goes with it, unless the usual
    start_code_places: bool = False  #: and the call is placed all the same

    sip_parameters: bool = False  #: whether the `to` of a SIP call keeps its parameters

    # What becomes of calls
    dialing_seconds: Seconds = 0.0  #: from leaving the queue until it rings
    ring_seconds: Range = (0.2, 0.2)  #: until the callee answers
    ring_slack_seconds: Seconds = 0.0  #: what `Timeout` is exceeded by
    busy_share: Share = 0.0  #: how many far ends are busy
    no_answer_share: Share = 0.0
    failed_share: Share = 0.0
    machine_share: Share = 0.0  #: how many of those who answer are machines
    time_limit_from: Literal["answer", "dial"] = "answer"  #: from when `TimeLimit` counts
    account_time_limit_seconds: Seconds = 14400.0  #: the default of `TimeLimit`, and its most
    price_after_seconds: Seconds = 1.0  #: from the end until the price is known
    verdict_while_live: bool = False  #: whether `answered_by` shows before the end
    unfinished_end_time: bool = False  #: whether a call that nobody answered has an `end_time`
    children_outlive_parents: bool = False  #: of `<Dial>`

    # What is spoken
    say_letters_per_second: Annotated[float, Field(gt=0)] = 15.0
    play_seconds: Seconds = 3.0  #: how long every sound is
    record_seconds: Seconds = 2.0  #: for how long a callee speaks after `<Record>`
    url_twiml: str = '<Response><Pause length="3600"/></Response>'  #: behind every `Url`

    # Callbacks, to addresses of this machine alone
    callbacks_lost: Share = 0.0  #: how many are never sent
    callbacks_doubled: Share = 0.0  #: how many are sent twice
    callbacks_shuffled: Share = 0.0  #: how many others overtake
    callbacks_delay_seconds: Seconds = 0.0  #: by so much, real ones, each is late at most
    callbacks_forged: bool = False  #: whether they are signed by somebody else
    callbacks_signed_port: bool = (
        False  #: whether they are signed with a port unsaid, or without one said
    )
    keys: str = "1"  #: what callees press, one of these by lot, with commas; "" is nothing
    key_seconds: Seconds = 0.3  #: until they do
    callee_says: str = ""  #: what is heard of them where words are told, with |
    verdict_after_seconds: Seconds = 0.5  #: from the answer until it is told who has answered
    greeting_seconds: Seconds = 0.5  #: of a machine, where its end is waited for
    recording_after_seconds: Seconds = 0.3  #: from the end until a recording can be had

    # Reads
    read_lag_seconds: Range = (0.0, 0.0)  #: how old what a read of one call shows is
    list_lag_seconds: Range = (0.0, 0.0)
    lag_share: Share = 1.0  #: how many reads lag
    read_latency_seconds: Seconds = 0.0
    read_fault: Fault | None = None  #: of reads and lists
    read_fault_count: Count | None = None
    notification_after_seconds: Seconds = 0.0
    filters_times: bool = True  #: whether a filter by time minds the time, or only the date
    queued_start_times: bool = False  #: whether filters by `StartTime` pass queued calls

    # Stops
    stop_ended: Annotated[Literal[200, 400], BeforeValidator(int)] = 400  #: 400 is 21220
    stop_shows: Literal["before", "after"] = "before"  #: which status its answer has
    change_fault: Fault | None = None  #: of a new `TimeLimit` or TwiML
    change_fault_count: Count | None = None
    stop_takes_seconds: Seconds = 0.0  #: until it is done
    stopped_ringing: Literal["canceled", "completed", "no-answer"] = "canceled"

    # Errors
    error_body: ErrorBody = "classic"
    throttle_share: Share = 0.0  #: how many requests are answered 429 with 20429
    parallel_most: Count | None = None  #: one request more at a time is a 429
    wire: bool = False  #: whether the journal has every request and answer whole


Board: TypeAlias = knobs.Board[Knobs]
