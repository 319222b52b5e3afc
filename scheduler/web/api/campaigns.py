"""Campaigns as they stand, their contacts one by one, and what became of every call."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["campaigns"])
