"""Local servers that behave as telephony APIs do, and write down what they were asked.

`callsched sandbox`, `run --sandbox` and the tests start one; everybody else speaks HTTP with it. It
imports nothing of the scheduler, so it cannot agree with the scheduler's bugs. What all of them
have stands here: the server, the journal, the count of calls, knobs and faults, the control. How
one API behaves is in a folder of its own.
"""
