"""How a campaign comes in over HTTP: `PUT /campaigns/{id}`, `POST /plans`, and what was refused."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["launches"])
