"""All that the sandbox knows while it runs."""

from __future__ import annotations

from scheduler.sandbox.exchange import Exchange
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.knobs import Board, Knobs
from scheduler.sandbox.magic import Magic
from scheduler.sandbox.tokens import Tokens


class State:
    """The knobs, the journal, the connections, the tokens and the magic numbers."""

    def __init__(self, knobs: Knobs, journal: Journal) -> None:
        self.board = Board(knobs)
        self.journal = journal
        self.exchange = Exchange(self.board, journal)
        self.tokens = Tokens(self.board)
        self.magic = Magic()

    def reset(self) -> None:
        """Be as new. Tokens that were issued stay good: their holders know nothing of this."""
        self.board.reset()
        self.exchange.reset()
        self.tokens.clear()
        self.magic.clear()
        self.journal.clear()
