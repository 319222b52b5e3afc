"""Live calls: which there are, and orders on one of them."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["live"])
