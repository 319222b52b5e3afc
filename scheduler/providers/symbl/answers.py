"""Reads Symbl's answers; error bodies come in three shapes, or empty."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from scheduler.errors import AccountFault, AtLimit, MaybeDone, Refused
from scheduler.providers.answer import Answer
from scheduler.providers.answers import is_page, json_of, retry_after, text_in
from scheduler.providers.base import StopAnswer, SummaryPage

logger = logging.getLogger(__name__)

#: The API's own domain: its answers name it even if requests go through another host.
DOMAINS = ("symbl.ai",)

#: The longest id or address of an answer that is kept with each call, …
MOST_LETTERS = 2000
#: … and the most summary pages of a stop, each with somebody's name.
_MOST_PAGES = 20
_MOST_NAME_LETTERS = 200
#: The longest token; it is kept once, and goes into a header.
TOKEN_LETTERS = 16_000


def raise_for_start(answer: Answer) -> NoReturn:
    """Raise the ProviderError for a refused start."""
    status, message = answer.status_code, message_of(answer)
    if status == 429:
        raise AtLimit(message, retry_after_seconds=retry_after(answer))
    if status >= 500 or status == 408:
        raise MaybeDone(message)
    if status == 402:
        raise AccountFault(f"the account can't pay: {message}")
    if status in (404, 405) or status < 400 or is_page(answer):
        raise AccountFault(
            f"this is not the telephony API, check CALLSCHED_SYMBL_BASE_URL: {message}"
        )
    raise Refused(message)


def conversation_id_in(body: dict[str, Any]) -> str:
    """Return the conversation's id; "" without one, with a warning: no transcript will come."""
    conversation_id = text_in(body, "conversationId")
    if len(conversation_id) > MOST_LETTERS:
        conversation_id = ""
    if not conversation_id and body.get("conversationId") is not None:
        logger.warning(
            "an answer's conversationId is no text or number that can be kept (%s): what is said"
            " on that call can't be collected by it",
            type(body["conversationId"]).__name__,
        )
    return conversation_id


def stop_answer(body: dict[str, Any]) -> StopAnswer:
    """Read the answer to a confirmed stop."""
    listed: Any = body.get("summaryInfo")
    pages = [_page(page) for page in listed if isinstance(page, dict)] if _is_list(listed) else []
    return StopAnswer(
        conversation_id_in(body), tuple(page for page in pages if page.url)[:_MOST_PAGES]
    )


def _page(page: dict[str, Any]) -> SummaryPage:
    user = page.get("user")
    known = user if isinstance(user, dict) else {}
    user_id, name = (text_in(known, key)[:_MOST_NAME_LETTERS] for key in ("userId", "name"))
    return SummaryPage(address_in(page, "url"), user_id, name)


def address_in(body: dict[str, Any], name: str, most_letters: int = MOST_LETTERS) -> str:
    """Return a field that is text or nothing, such as an address or a token, and not too long."""
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= most_letters else ""


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def message_of(answer: Answer) -> str:
    """Return status and message of any answer."""
    body = json_of(answer)
    words = text_in(body, "message") if body is not None else ""
    if not words:
        words = "a page, not the API's JSON" if is_page(answer) else answer.reason or ""
    return f"{answer.status_code} {words}".strip()[:300]
