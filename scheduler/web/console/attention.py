"""What needs a person: unknown calls, campaigns that stopped themselves, refused rows."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
