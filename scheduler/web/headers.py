"""The security headers of every answer."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

#: Content-Security-Policy: a page loads from this site alone, and runs only script files of it.
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
#: For a year. Subdomains are the operator's to decide, in their proxy.
ONLY_TLS = "max-age=31536000"
STATIC_SECONDS = 300


def dressed(send: Send, path: str, *, is_https: bool) -> Send:
    """Wrap `send`: it adds these headers to every answer."""
    is_static = path.startswith("/static/")

    async def send_dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers[name] = value
            # Errors are never cached: what is missing now may be there in a moment.
            is_kept = is_static and message["status"] in (200, 304)
            headers["Cache-Control"] = f"max-age={STATIC_SECONDS}" if is_kept else "no-store"
            if is_https:
                headers["Strict-Transport-Security"] = ONLY_TLS
        await send(message)

    return send_dressed
