"""Secrets sealed at rest: opened by the keys that there are, in their own place alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.adapters.sealing import SettingSeals
from shared.errors import Invalid

ONE, OTHER = "one secret of thirty-two bytes or more", "another secret of thirty-two bytes or more"


@given(some.text(max_size=200), some.text(max_size=50))
def test_what_was_sealed_is_opened_again(secret: str, about: str) -> None:
    seals = SettingSeals([ONE])
    assert seals.unseal(seals.seal(secret, about), about) == secret


def test_the_first_seals_and_all_open() -> None:
    sealed = SettingSeals([ONE]).seal("s3cret", "x")
    assert SettingSeals([OTHER, ONE]).unseal(sealed, "x") == "s3cret"
    assert SettingSeals([OTHER]).unseal(SettingSeals([OTHER, ONE]).seal("s3cret", "x"), "x") == "s3cret"


def test_a_secret_never_seals_the_same_twice_and_is_not_to_be_read() -> None:
    seals = SettingSeals([ONE])
    one, other = seals.seal("s3cret", "x"), seals.seal("s3cret", "x")
    assert one != other
    assert "s3cret" not in one


@pytest.mark.parametrize("broken", ["", "1.", "1.AAAA", "1.ä", "nothing", "1." + "A" * 80])
def test_what_nobody_sealed_is_opened_by_nobody(broken: str) -> None:
    with pytest.raises(Invalid, match="HEARTHLINE_SEAL_SECRETS"):
        SettingSeals([ONE]).unseal(broken, "x")


def test_with_another_key_or_in_another_place_it_stays_shut() -> None:
    sealed = SettingSeals([ONE]).seal("s3cret", "source a proof 0")
    with pytest.raises(Invalid, match="no secret of it opens what is sealed of source a proof 0"):
        SettingSeals([OTHER]).unseal(sealed, "source a proof 0")
    with pytest.raises(Invalid):
        SettingSeals([ONE]).unseal(sealed, "source b proof 0")
