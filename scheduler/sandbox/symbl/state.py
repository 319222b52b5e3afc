"""All that the sandbox knows while it runs."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.sandbox import knobs as kit
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.symbl.connections import Connection
from scheduler.sandbox.symbl.conversations import Conversations
from scheduler.sandbox.symbl.exchange import Exchange
from scheduler.sandbox.symbl.knobs import Board, Knobs
from scheduler.sandbox.symbl.magic import Magic
from scheduler.sandbox.symbl.sockets import Sockets
from scheduler.sandbox.symbl.speech import Speech
from scheduler.sandbox.symbl.start_request import inside
from scheduler.sandbox.symbl.tokens import Tokens


class State:
    """The knobs, the journal, the connections and what is said on them, the tokens."""

    def __init__(self, knobs: Knobs, journal: Journal) -> None:
        self.board: Board = kit.Board(knobs)
        self.journal = journal
        self.exchange = Exchange(self.board, journal)
        self.conversations = Conversations(self.board)
        self.sockets = Sockets(journal)
        self.speech = Speech(self.board, self.exchange, self.conversations, self.sockets)
        self.tokens = Tokens(self.board)
        self.magic = Magic()

    def hear_speaker_event(self, connection: Connection, event: Mapping[str, object]) -> None:
        """Take note of a speaker event that is well formed."""
        self.journal.record("speaker", **connection.ids(), body=event)
        conversation = self.conversations.get(connection.conversation_id)
        if conversation:
            conversation.hear_event(event["type"], inside(event, "user"))

    def reset(self) -> None:
        """Be as new. Tokens that were issued stay good: their holders know nothing of this."""
        self.board.reset()
        self.sockets.drop(None, "close")
        self.exchange.reset()
        self.conversations.clear()
        self.tokens.clear()
        self.magic.clear()
        self.journal.clear()
