"""Calls of which nobody knows whether they were placed, and what somebody says of them."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["unknown"])
