"""The campaigns, and the page of one."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
