"""A campaign as one page to look at and to send: figures, plots, and what became of every call.

The command line calls in: `header` and an iterator of result records go in, wherever they come
from, and `page` writes the file. It knows no ledger's keys, and reads each record once: it keeps
none in memory.
"""
