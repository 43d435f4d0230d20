"""Sources of notifications by the admin API: configured, removed, proven by secrets that are made here."""

from __future__ import annotations

import hmac
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from shared.access.roles import Role
from shared.adapters.memory import MemoryDocuments
from shared.adapters.sealing import SettingSeals
from shared.errors import Invalid, Rejected, Unauthenticated, Unavailable
from shared.fhir.instants import HOUR, SECOND
from shared.fhir.notification import Request
from shared.fhir.proof import Evidence, prove
from shared.fhir.sources import Source
from shared.usecases.count import COUNTERS, counter_name
from shared.usecases.services import Services
from shared.usecases.sources.notifying import NotifyingSources
from shared.usecases.sources.standing import counted
from shared.usecases.sources.stored import SOURCES
from tests.admin.admin_kit import Desk, code_of

SEALS = SettingSeals(["a secret of thirty-two bytes or more"])
CONFIGURED = Source.model_validate(
    {
        "name": "hapi",
        "formats": ["rest-hook"],
        "proofs": [{"kind": "shared-secret", "header": "x-secret", "secret": "never-to-be-shown"}],
    }
)
SYNC = Role.FHIR_SYNC_ADMIN
MEDPLUM = {"name": "medplum", "formats": ["medplum"], "proofs": [{"kind": "hmac"}]}


@pytest.fixture
def desk() -> Desk:
    """Give the admin API with one source in the settings, and a key to seal with."""
    desk = Desk()
    return _over(desk, SEALS)


def _over(desk: Desk, seals: SettingSeals | None) -> Desk:
    services = desk.services
    sources = NotifyingSources(services.documents, (CONFIGURED,), seals, desk.clock)
    desk.services = replace(services, sources=sources)
    return desk


async def _created(desk: Desk, body: dict[str, Any] = MEDPLUM) -> httpx.Response:
    answer = await desk.call("POST", "/sources", SYNC, body)
    assert answer.status_code == 201, answer.text
    return answer


async def _etag(desk: Desk) -> str:
    return (await desk.call("GET", "/sources/medplum", SYNC)).headers["ETag"].strip('"')


async def _rotated(desk: Desk, **body: int) -> dict[str, Any]:
    answer = await desk.call("POST", "/sources/medplum/secrets", SYNC, body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def _accepted(services: Services, secret: str) -> bool:
    """Notify as Medplum does, with a signature under a secret."""
    body = b'{"resourceType": "Patient", "id": "p1"}'
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    source = await services.sources.find("medplum")
    try:
        return prove(
            source, Request("POST", headers={"x-signature": signature}, body=body), Evidence()
        ).trusted
    except Unauthenticated:
        return False


class TestConfigured:
    """They are configured, changed and removed; those of the settings only shown."""

    async def test_both_kinds_are_listed_and_no_secret_is_in_the_list(self, desk: Desk) -> None:
        await _created(desk)
        await _rotated(desk)
        answer = await desk.call("GET", "/sources", SYNC)
        found = [(each["name"], each["origin"]) for each in answer.json()["items"]]
        assert found == [("hapi", "settings"), ("medplum", "api")]
        assert "never-to-be-shown" not in answer.text
        assert [each["proofs"][0]["secret"]["set"] for each in answer.json()["items"]] == [True, True]

    async def test_one_that_is_new_says_where_it_sends_to_and_lacks_its_secret(self, desk: Desk) -> None:
        answer = await _created(desk)
        assert answer.headers["Location"] == "/api/admin/v1/sources/medplum"
        assert answer.json()["path"] == "/api/fhir/signed-notifications/medplum"
        assert answer.json()["proofs"][0]["secret"]["set"] is False
        with pytest.raises(Unauthenticated):
            await desk.services.sources.find("medplum")

    async def test_a_change_is_over_what_was_read_and_keeps_the_secret(self, desk: Desk) -> None:
        await _created(desk)
        secret = (await _rotated(desk))["secret"]
        etag = (await desk.call("GET", "/sources/medplum", SYNC)).headers["ETag"].strip('"')
        changed = {"formats": ["medplum", "rest-hook"], "proofs": [{"kind": "hmac"}], "required": False}
        answer = await desk.call("PUT", "/sources/medplum", SYNC, changed, match=etag)
        assert (answer.status_code, answer.json()["required"]) == (200, False)
        assert await _accepted(desk.services, secret)
        stale = await desk.call("PUT", "/sources/medplum", SYNC, changed, match=etag)
        assert (stale.status_code, code_of(stale)) == (412, "changed")

    async def test_another_kind_of_proof_in_its_place_has_no_secret(self, desk: Desk) -> None:
        await _created(desk)
        await _rotated(desk)
        changed = {"formats": ["medplum"], "proofs": [{"kind": "shared-secret", "header": "x-s"}]}
        answer = await desk.call("PUT", "/sources/medplum", SYNC, changed, match=await _etag(desk))
        assert answer.json()["proofs"][0]["secret"] == {
            "set": False,
            "made": None,
            "former": False,
            "former_until": None,
        }

    async def test_one_that_is_removed_is_unknown_at_once_and_later(self, desk: Desk) -> None:
        await _created(desk)
        await _rotated(desk)
        answer = await desk.call("DELETE", "/sources/medplum", SYNC, match=await _etag(desk))
        assert answer.status_code == 204
        with pytest.raises(Rejected, match="no such source"):
            await desk.services.sources.find("medplum")
        assert (await desk.call("GET", "/sources/medplum", SYNC)).status_code == 404
        assert [each async for each in desk.services.documents.all(SOURCES)] == []

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    async def test_one_of_the_settings_is_changed_there(self, desk: Desk, method: str) -> None:
        body = {"formats": ["medplum"]} if method == "PUT" else None
        answer = await desk.call(method, "/sources/hapi", SYNC, body, match="none")
        assert (answer.status_code, code_of(answer)) == (409, "in-settings")
        taken = await desk.call("POST", "/sources", SYNC, {**MEDPLUM, "name": "hapi"})
        assert (taken.status_code, code_of(taken)) == (409, "in-settings")
        secret = await desk.call("POST", "/sources/hapi/secrets", SYNC, {})
        assert (secret.status_code, code_of(secret)) == (409, "in-settings")

    async def test_a_name_is_taken_once(self, desk: Desk) -> None:
        await _created(desk)
        again = await desk.call("POST", "/sources", SYNC, MEDPLUM)
        assert (again.status_code, code_of(again)) == (409, "name-taken")

    async def test_asked_again_after_a_crash_it_is_there(self, desk: Desk) -> None:
        """The source was made, and the answer lost before anything was kept of it."""
        one = await desk.call("POST", "/sources", SYNC, MEDPLUM, key="the-same-key")
        for kind, name in list(desk.services.documents._bodies):  # type: ignore[attr-defined]
            if kind != SOURCES:
                await desk.services.documents.delete(kind, name)
        again = await desk.call("POST", "/sources", SYNC, MEDPLUM, key="the-same-key")
        assert (again.status_code, again.json()) == (201, one.json())
        assert "Idempotency-Replayed" not in again.headers

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            ({"proofs": []}, "body"),
            ({"formats": []}, "body.formats"),
            ({"formats": ["letters"]}, "body.formats[0]"),
            ({"proofs": [{"kind": "shared-secret", "header": "a b"}]}, "body.proofs"),
            ({"proofs": [{"kind": "hmac", "secret": "mine-is-better"}]}, "body.proofs"),
            ({"name": "No Name"}, "body.name"),
        ],
    )
    async def test_what_is_no_source_is_refused_by_its_field(
        self, desk: Desk, change: dict[str, Any], where: str
    ) -> None:
        answer = await desk.call("POST", "/sources", SYNC, MEDPLUM | change)
        assert (answer.status_code, code_of(answer)) == (422, "invalid")
        assert answer.json()["problems"][0]["where"].startswith(where)

    async def test_without_keys_to_seal_with_there_are_no_sources_with_secrets(self) -> None:
        desk = _over(Desk(), None)
        answer = await desk.call("POST", "/sources", SYNC, MEDPLUM)
        assert (answer.status_code, code_of(answer)) == (422, "no-seal")
        keyed = {**MEDPLUM, "proofs": [{"kind": "function-key"}]}
        assert (await desk.call("POST", "/sources", SYNC, keyed)).status_code == 201

    async def test_what_was_changed_is_in_the_trail_without_secrets(self, desk: Desk) -> None:
        await _created(desk)
        secret = (await _rotated(desk))["secret"]
        told = [(entry.operation, entry.outcome, entry.about) for entry in desk.noted]
        assert told == [
            (name, outcome, ("source", "medplum"))
            for name in ("createSource", "rotateSecret")
            for outcome in ("begun", "done")
        ]
        assert secret not in repr(desk.noted)


class TestSecrets:
    """They are made here, shown once, sealed in storage, and the former one holds for a while."""

    async def test_after_a_rotation_both_are_accepted_and_later_only_the_new(self, desk: Desk) -> None:
        await _created(desk)
        first = (await _rotated(desk))["secret"]
        told = await _rotated(desk, former_seconds=3600)
        second = told["secret"]
        assert told["former_until"] == "2026-03-02T10:00:00.000Z"
        assert await _accepted(desk.services, first)
        assert await _accepted(desk.services, second)
        desk.clock.passes(HOUR - SECOND)
        assert await _accepted(desk.services, first)
        desk.clock.passes(SECOND)
        assert not await _accepted(desk.services, first)
        assert await _accepted(desk.services, second)

    async def test_while_the_former_one_holds_there_is_no_other(self, desk: Desk) -> None:
        """Two rotations in a row would lock the sender out, who has neither of the new ones."""
        await _created(desk)
        first = (await _rotated(desk))["secret"]
        await _rotated(desk)
        answer = await desk.call("POST", "/sources/medplum/secrets", SYNC, {})
        assert (answer.status_code, code_of(answer)) == (409, "former-holds")
        assert await _accepted(desk.services, first)

    async def test_at_once_means_at_once(self, desk: Desk) -> None:
        await _created(desk)
        first = (await _rotated(desk))["secret"]
        await _rotated(desk, former_seconds=0)
        assert not await _accepted(desk.services, first)

    async def test_it_is_nowhere_in_storage_and_shown_once(self, desk: Desk) -> None:
        await _created(desk)
        answer = await desk.call("POST", "/sources/medplum/secrets", SYNC, {}, key="the-same-key")
        secret = answer.json()["secret"]
        kept = desk.services.documents._bodies.values()  # type: ignore[attr-defined]
        assert kept
        assert not [body for body, _ in kept if secret.encode() in body]
        again = await desk.call("POST", "/sources/medplum/secrets", SYNC, {}, key="the-same-key")
        assert (again.status_code, code_of(again)) == (409, "shown-once")
        assert secret not in again.text
        assert await _accepted(desk.services, secret)

    async def test_a_header_that_names_a_scheme_gets_a_bearer_token(self, desk: Desk) -> None:
        await _created(desk, {**MEDPLUM, "proofs": [{"kind": "shared-secret", "header": "Authorization"}]})
        secret = (await _rotated(desk))["secret"]
        assert secret.startswith("Bearer ")
        source = await desk.services.sources.find("medplum")
        asked = Request("POST", headers={"authorization": secret}, body=b"")
        assert prove(source, asked, Evidence()).trusted

    async def test_of_several_proofs_one_must_be_named(self, desk: Desk) -> None:
        await _created(desk, {**MEDPLUM, "proofs": [{"kind": "hmac"}, {"kind": "hmac", "header": "x-2"}]})
        answer = await desk.call("POST", "/sources/medplum/secrets", SYNC, {})
        assert (answer.status_code, code_of(answer)) == (422, "no-such-proof")
        assert (await _rotated(desk, proof=1))["proof"] == 1

    async def test_opened_with_another_key_it_is_told_clearly(self, desk: Desk) -> None:
        await _created(desk)
        await _rotated(desk)
        other = NotifyingSources(
            desk.services.documents, (), SettingSeals(["another key of thirty-two bytes "]), desk.clock
        )
        with pytest.raises(Invalid, match=r"HEARTHLINE_SEAL_SECRETS.*no secret of it opens"):
            await other.find("medplum")

    async def test_what_is_sealed_for_one_source_opens_for_no_other(self, desk: Desk) -> None:
        await _created(desk)
        await _rotated(desk)
        documents = desk.services.documents
        found = await documents.get(SOURCES, "medplum")
        assert found is not None
        await documents.put(SOURCES, "other", found[0].replace(b'"medplum"', b'"other"', 1), "")
        with pytest.raises(Invalid):
            await desk.services.sources.find("other")


class TestLookedUp:
    """Whoever notifies is looked up: in the settings first, in storage at most once in some seconds."""

    async def test_made_up_names_cost_one_look_at_storage(self, desk: Desk) -> None:
        now, looks = 0.0, 0
        documents = desk.services.documents
        asked = documents.all

        def counted(kind: str) -> Any:
            nonlocal looks
            looks += 1
            return asked(kind)

        documents.all = counted  # type: ignore[method-assign]
        sources = NotifyingSources(documents, (CONFIGURED,), SEALS, desk.clock, 5.0, lambda: now)
        assert await sources.find("hapi") == await sources.find(None) == CONFIGURED
        assert looks == 0
        for number in range(20):
            with pytest.raises(Rejected):
                await sources.find(f"made-up-{number}")
        assert looks == 1
        now = 5.0
        with pytest.raises(Rejected):
            await sources.find("medplum")
        assert looks == 2

    async def test_when_one_was_heard_of_is_noted_once_a_minute(self, desk: Desk) -> None:
        now = 0.0
        sources = NotifyingSources(
            desk.services.documents, (CONFIGURED,), SEALS, desk.clock, 5.0, lambda: now
        )
        told = []
        for second in (0.0, 59.0, 60.0):
            now = second
            await sources.note_heard("hapi")
            told.append((await desk.call("GET", "/sources/hapi", SYNC)).json()["heard"][11:19])
            desk.clock.passes(59 * SECOND)
        assert told == ["09:00:00", "09:00:00", "09:01:58"]

    async def test_that_it_cannot_be_noted_hinders_nobody(self, desk: Desk) -> None:
        class Away(MemoryDocuments):
            async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
                raise Unavailable("storage is away")

        await NotifyingSources(Away(), (CONFIGURED,), SEALS, desk.clock).note_heard("hapi")


class TestGaps:
    """Numbers that never came are told by source."""

    async def _count(self, desk: Desk, source: str, subscription: str, missing: list[list[int]]) -> None:
        body = json.dumps({"highest": 40, "missing": missing, "starts": 1}).encode()
        await desk.services.documents.put(COUNTERS, counter_name(source, subscription), body, None)

    async def test_they_are_paged_and_those_of_a_longer_name_are_not_among_them(self, desk: Desk) -> None:
        await self._count(desk, "hapi", "Subscription/1", [[3, 5], [9, 9]])
        await self._count(desk, "hapi-two", "Subscription/1", [[1, 1]])
        found, cursor = [], ""
        for _ in range(2):
            page = await desk.call("GET", "/sources/hapi/gaps", SYNC, params={"limit": 1, "cursor": cursor})
            found += [(gap["first"], gap["last"]) for gap in page.json()["items"]]
            cursor = page.json()["next"]
        assert (found, cursor) == ([(3, 5), (9, 9)], "")
        (heard,) = (await desk.call("GET", "/sources/hapi", SYNC)).json()["subscriptions"]
        assert (heard["highest"], heard["missing"], heard["restarts"]) == (40, 4, 1)

    async def test_of_no_source_there_are_none(self, desk: Desk) -> None:
        answer = await desk.call("GET", "/sources/nobody/gaps", SYNC)
        assert (answer.status_code, code_of(answer)) == (404, "unknown-source")

    @given(some.text("abc-", min_size=1, max_size=4), some.text("abc-", min_size=1, max_size=4))
    async def test_no_source_is_told_the_counters_of_another(self, one: str, other: str) -> None:
        documents = MemoryDocuments()
        for source in {one, other}:
            await documents.put(COUNTERS, counter_name(source, "s"), b"{}", None)
        assert len(await counted(documents, one)) == 1
