"""Orders on campaigns and live calls: what each will do, and then doing it."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
