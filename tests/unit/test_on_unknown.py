from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.models import OnUnknown, Policy
from scheduler.records import decode_policy, encode_policy


@pytest.mark.parametrize("written", OnUnknown)
def test_a_file_says_what_is_done_with_unknown_calls(tmp_path: Path, written: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"contacts: [{{phone_number: +12025550100}}]\non_unknown: {written}\n")

    with load(path, max_duration_ceiling_seconds=14_400) as campaign:
        policy = campaign.policy

    assert policy.on_unknown is OnUnknown(written)
    assert decode_policy(encode_policy(policy)) == policy


def test_without_a_word_they_are_held() -> None:
    assert Policy().on_unknown is OnUnknown.HOLD
    assert decode_policy('{"max_duration_seconds":60.0}').on_unknown is OnUnknown.HOLD
