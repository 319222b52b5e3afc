"""The names of the keys, for Python. `_shared.lua` makes the same names for the scripts.

schema                      string  version of this layout
id                          string  the ledger's id, which a receiver of callbacks shows
written                     string  set after each write that CALLSCHED_DURABILITY makes wait
campaigns                   zset    campaign -> created_at
turns                       string  set once the indexes of claims exist for all campaigns
counted                     string  set once every campaign is in the census of its account
uncounted                   set     campaign that has changed since it was counted there
accounts                    set     account that has had a campaign
clock                       hash    jumps of the server's clock that workers saw: how many; of the
                                    last one at, by and moved, which clock was right by a third one;
                                    and how far it is behind what it was
claim:{token}               string  attempt that this execution claimed; expires
token:{fingerprint}         hash    access token of these credentials; ends when it does
token:{f}:fetching          string  a worker fetches one; expires
token:{f}:refused           string  the last one was answered 401; expires
kinds                       hash    what campaigns of one cron job share -> the last one, and when
schedules                   zset    schedule -> created_at
schedules:removed           stream  who removed which of them, and when; capped
launch:{token}              string  schedule that this execution took; expires
do_not_call                 hash    number, prefix (+1202*) or SIP address -> since when, and why
do_not_call:removals        stream  who took entries off it, when and why: masked; capped

web:tokens                  hash    name of a token of the API -> its record, as JSON
web:token_uses              hash    name of a token -> when it was last used, to a minute
web:users                   hash    name of a user of the console -> their record, as JSON
web:session:{digest}        hash    the user of a signed-in browser, and since when; expires
web:sessions:{user}         zset    digest of a session -> until when it is good at most
web:tries:{digest}          string  wrong passwords of a user, or from an address; expires

connection:{id}             string  attempt that has it, where a lost call can be found; 31 days
called:{party}              zset    attempt that may have rung it -> when; 31 days

account:{a}:meta            hash    learned limit, outage and its probe, pauses after 429, when no
                                    worker kept deadlines last (away_from, away_until, away_why)
account:{a}:campaigns       zset    campaign -> turns it has had
account:{a}:next            zset    campaign -> when a claim looks at it, at the latest
account:{a}:paced           zset    campaign that has calls due -> until when its pace waits
account:{a}:census          hash    campaigns:{state} -> how many campaigns, calls:{state} -> how
                                    many calls of those that are not finished
account:{a}:paused          zset    campaign that waits for somebody -> since when
account:{a}:ready:{p}       zset    campaign of priority p that has calls due -> turns it has had
account:{a}:classes         zset    priority that any such campaign has -> the same
account:{a}:named:{name}    zset    campaign of this name -> when it was finished, inf until then;
                                    31 days after the last of them
account:{a}:slots           zset    attempt -> when it must be over
account:{a}:live            zset    attempt -> when it must be over, while its connection is not
account:{a}:held            zset    attempt whose answer was lost -> when its slot is free
account:{a}:searches        zset    attempt whose answer was lost -> when it is looked for next
account:{a}:orphans         hash    connection at the provider that no attempt has -> what is known
account:{a}:prices          zset    attempt that is over -> when its price is read next
account:{a}:poller          string  the worker that reads the account's calls; expires
account:{a}:heard           zset    attempt that is over, as a callback said -> since when
account:{a}:stops           zset    attempt -> when its stop is sent next, or it is looked at, or
                                    is to say something else
account:{a}:ears            zset    live attempt -> until when a listener has the lease of it
account:{a}:collect         zset    attempt -> when what was said in it is read next
account:{a}:blocks          hash    fingerprint of credentials -> why they can't dial
account:{a}:caller_blocks   hash    number of ours -> why the provider lets nobody call from it
account:{a}:schedules       zset    schedule -> when a worker looks at it next
account:{a}:webhooks        zset    message that a webhook is owed -> when it is sent next
account:{a}:tellings        hash    message that was sent -> how often
account:{a}:rubbish         hash    value of another program that was moved out of our way -> why
account:{a}:workers         hash    worker -> when it reported last, and its report
account:{a}:totals          hash    counts since the first call: starts, 429s, ends, ...
account:{a}:events          stream  events, for watchers; capped
account:{a}:load            stream  slots, limit, live connections and 429s over time; capped
account:{a}:controls        stream  what operators did to its limit: at, what, who, note; capped

campaign:{c}:meta           hash    state, account, name, policy, total, dials, stops, spent, ...;
                                    of calls that ended late: late, late:{cause}, late_worst,
                                    late_worst_of, late_from, late_until, late_said; counted: what
                                    the census of its account has of it
campaign:{c}:contacts       stream  row-0 -> the contact's record
campaign:{c}:known          hash    digest of an identity or a party -> row; "a" and an address ->
                                    rows to it with key presses, or that are not called; "*": too
                                    many
campaign:{c}:columns        zset    column of the file that its contacts have as a variable -> place
campaign:{c}:due            zset    row -> due_at
campaign:{c}:counts         hash    state -> how many calls
campaign:{c}:dispositions   hash    disposition[:reason] -> how many calls
campaign:{c}:retried        hash    row:attempt -> campaign that calls this contact again after it
campaign:{c}:outcomes       zset    attempt -> when it ended, for the circuit breaker; expires
campaign:{c}:failures       zset    those of them that failed
campaign:{c}:controls       stream  what operators did to it: at, what, who, note; capped
campaign:{c}:said           stream  what is said on live connections; capped, expires
campaign:{c}:seen:{load}    hash    how often a load met an identity; gone when it is sealed

call:{c}:{row}              hash    state, attempt, attempts, disposition, reason, error, ended_at,
                                    unplaced, redials, `lost`: the attempt that a redial waits for;
                                    of one already_called `earlier`, `earlier_at`: by which campaign
                                    and when; `opted_out`: in which attempt they asked not to be
                                    called again
call:{c}:{row}:said         stream  what is said on its live connection; capped, expires
attempt:{c}:{row}:{n}       hash    token, connection, deadline, what became of its stop; where the
                                    callee answers later: stage, answered_at, and how it ended;
                                    what its provider said: sequence, heard, shown_at, other:{id},
                                    pressed:{asked}:{step}, answer:{step}, speak_at, spoken_at,
                                    answered_by, intent:{name} -> when it was heard first;
                                    gone_at: since when it was over, if a worker knew that before it
                                    could record it; by how much it ended late, and why
attempt:{c}:{row}:{n}:insights  string  what was said, as compressed JSON
attempt:{c}:{row}:{n}:words  hash   words that its provider sent, by their id; expires

schedule:{s}                hash    what it launches and when, next_at, its pause, who has taken it
schedule:{s}:firings        zset    id of a firing's campaign -> its instant; the newest 200
schedule:{s}:fates          hash    id of a firing's campaign -> what became of it, as JSON
schedule:{s}:waiting        zset    id of a firing's campaign that is to be launched -> its instant
"""

from __future__ import annotations

ROOT = "callsched:"

#: The version of this layout. It grows when an older worker could misread what a newer one writes,
#: or when the first newer worker must add an index. 5: a policy has rules for the contacts of some
#: states; the index `named`. 6: a policy has retries by reason, how often a call may ring in all,
#: and a script, without which a call would say nothing.
SCHEMA = 6


#: A longer number is no count of ours, and costs time to read.
_MOST_DIGITS = 18
#: More than ten times as many as any policy allows.
_MOST_ATTEMPTS = 10_000


def count_of(written: str, otherwise: int = 0) -> int:
    """Return the number that a text has, or `otherwise` if it has none."""
    is_number = written.isascii() and written.isdecimal() and len(written) <= _MOST_DIGITS
    return int(written) if is_number else otherwise


def attempts_of(written: str | None) -> int:
    """Return how many attempts a call has had, by its record; 0 if the record has no such number.

    Callers go through all attempts, so a spoiled record must not make that a billion.
    """
    count = count_of(written or "")
    return count if count <= _MOST_ATTEMPTS else 0


def account(name: str, part: str) -> str:
    """Return the key of one part of an account."""
    return f"{ROOT}account:{name}:{part}"


def campaign(campaign_id: str, part: str) -> str:
    """Return the key of one part of a campaign."""
    return f"{ROOT}campaign:{campaign_id}:{part}"


def call(campaign_id: str, row: int) -> str:
    """Return the key of a call."""
    return f"{ROOT}call:{campaign_id}:{row}"


def called(party: str) -> str:
    """Return the key of a party, written as a number or address, a comma and the key presses."""
    return f"{ROOT}called:{party}"


def schedule(name: str, part: str = "") -> str:
    """Return the key of a schedule, or of one part of it."""
    return f"{ROOT}schedule:{name}:{part}" if part else f"{ROOT}schedule:{name}"


def attempt(attempt_id: str) -> str:
    """Return the key of an attempt."""
    return f"{ROOT}attempt:{attempt_id}"


def web(*parts: str) -> str:
    """Return a key of the web's tokens, users and sessions."""
    return ":".join((f"{ROOT}web", *parts))


def token(fingerprint: str) -> str:
    """Return the key of the token of these credentials."""
    return f"{ROOT}token:{fingerprint}"
