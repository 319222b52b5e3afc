"""A picture of now: campaigns, live calls, slots and workers as they stand, and what is being said.

The command line and the web call in: each look gives frozen values, and how they are drawn is the
caller's. It reads the ledger and changes nothing in it. It knows no terminal, no page, and neither
providers nor how a call goes.
"""
