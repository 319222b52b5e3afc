"""Real workers, a real Redis, the sandbox for the API, and faults that strike as a seed says.

    pytest tests/chaos                          short runs with every kind of fault
    make chaos                                  1,000 faults, and the table
    python -m tests.chaos --seed 7              one run; --folder DIR keeps its logs and its journal

`docs/developing/chaos.md` says what strikes and what must hold all the same. In the order of a run:

    plan.py     what strikes when, all of it drawn from a seed
    account.py  one account: its sandbox, the way there, its campaign, and when it was cut off
    run.py      starts everything, has the blows dealt, waits for the end
    blows.py    deals what strikes from outside, and mends it
    lives.py    starts a dead worker again, wakes a frozen one
    worker.py   a worker of ours that dies or freezes at the n-th passage of a point
    proxy.py    lines to Redis and to the API that can be cut
    judge.py    holds the ledger against the sandbox's journal
    table.py    many runs side by side, and the table

Where the provider is Twilio, `twilio_….py` have what differs: how the account is (`world`), what
strikes besides (`plan`, `blows`), what is awaited (`run`, `judge`), and shorter times (`worker`).

A seed repeats what strikes and when, not how the processes take turns: a run that broke a promise
prints journal and ledger of the contact in question, and keeps its folder.
"""
