"""Campaign files that workers launch at set times."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["schedules"])
