"""Orders on whole campaigns: pause, resume, cancel, abort."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["orders"])
