"""What is going on now."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
