"""The do-not-call list."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["do_not_call"])
