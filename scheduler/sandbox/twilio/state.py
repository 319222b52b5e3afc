"""All that the sandbox knows while it runs."""

from __future__ import annotations

from scheduler.sandbox import knobs as kit
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.exchange import Exchange
from scheduler.sandbox.twilio.knobs import Board, Knobs
from scheduler.sandbox.twilio.magic import Magic
from scheduler.sandbox.twilio.news import NewsOfCalls
from scheduler.sandbox.twilio.recordings import Recordings
from scheduler.sandbox.twilio.sender import Sender
from scheduler.sandbox.twilio.speaker import Speaker
from scheduler.sandbox.twilio.words import Words


class State:
    """The knobs, the journal, the clock, the calls and what is spoken on them."""

    def __init__(self, knobs: Knobs, journal: Journal) -> None:
        self.board: Board = kit.Board(knobs)
        self.journal = journal
        self.clock = Clock(self.board)
        self.exchange = Exchange(self.board, journal, self.clock)
        self.magic = Magic()
        self.sender = Sender(self.board, journal)
        self.recordings = Recordings(self.board, self.exchange, self.clock, self.sender)
        self.news = NewsOfCalls(self.board, self.exchange, self.clock, self.sender, self.recordings)
        self.words = Words(self.board, self.exchange, self.clock, self.sender)
        self.speaker = Speaker(
            self.board,
            self.exchange,
            journal,
            self.clock,
            self.magic,
            sender=self.sender,
            words=self.words,
        )
        self.account_sid = ""  #: whoever asked last

    def reset(self) -> None:
        """Be as new."""
        self.board.reset()
        self.exchange.reset()
        self.speaker.clear()
        self.sender.reset()
        self.news.clear()
        self.words.clear()
        self.recordings.clear()
        self.magic.clear()
        self.journal.clear()
