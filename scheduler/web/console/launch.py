"""Starting a campaign: upload, columns, plan, launch."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
