"""One contact: searched, explained, and everything that became of its calls."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
