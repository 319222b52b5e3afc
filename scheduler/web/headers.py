"""What every answer tells a browser to leave alone."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

#: Nothing of a page comes from elsewhere, and nothing of it runs that is not a file of ours.
POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "media", "connect")),
        "font-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: For a year; a proxy that knows of subdomains says so itself.
ONLY_TLS = "max-age=31536000"
STATIC_SECONDS = 300


def dressed(send: Send, path: str, *, is_https: bool) -> Send:
    """Return what sends answers with these headers on them."""
    is_static = path.startswith("/static/")

    async def send_dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers[name] = value
            # What is refused or not there may be there in a moment.
            is_kept = is_static and message["status"] in (200, 304)
            headers["Cache-Control"] = f"max-age={STATIC_SECONDS}" if is_kept else "no-store"
            if is_https:
                headers["Strict-Transport-Security"] = ONLY_TLS
        await send(message)

    return send_dressed
