"""What is chosen on a page, by a link or told to staff: what it changes, calls off and writes down."""

from __future__ import annotations

import base64

import pytest
from fhir.resources.R4B import get_fhir_model_class
from msgspec.structs import replace

from shared.effects import MirrorOptOut
from shared.events import RecordMerged
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import DAY, Instant, iso
from shared.message.consent import choose, consent_id, receive
from shared.message.inherit import inherit
from shared.message.plan import plan
from shared.patient.apply import apply_content
from shared.patient.permission.ask import STRANGER
from tests.unit.message.consent_kit import (
    BASE,
    CHANNELS,
    MOTHER,
    RESTRICTIVE,
    WRITING,
    heard_back,
    holding,
    mother,
    open_channels,
    reply,
    said,
    written,
)
from tests.unit.message.kit import EMAIL, NOW, PHONE, POLICY, Intent, record, templates

LATER = Instant(NOW + 5)


def texts(
    permits: tuple[Choice, ...] = (), denials: tuple[Choice, ...] = (), held: object = BASE
) -> list[str]:
    handled = choose(held, permits, denials, NOW, RESTRICTIVE)  # type: ignore[arg-type]
    return [line.text for line in handled.timeline]


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (said("email", "marketing"), "Opted out of marketing by email: on the preferences page"),
        (
            said("email", "marketing", source="one-click"),
            "Opted out of marketing by email: by the unsubscribe link of a message",
        ),
        (said("*"), "Opted out of every message: on the preferences page"),
        (said("sms", source="staff"), "Opted out of SMS: told to staff"),
        (
            said("sms", topic="diabetes"),
            "Opted out of messages about diabetes by SMS: on the preferences page",
        ),
        (said("sms", party=MOTHER), "RelatedPerson/mum opted out of SMS: on the preferences page"),
    ],
)
def test_a_no_is_told_in_words(choice: Choice, line: str) -> None:
    assert texts(denials=(choice,)) == [line]


def test_a_yes_is_told_in_words() -> None:
    assert texts((said("sms", "research"),)) == ["Opted in to research by SMS: on the preferences page"]
    stopped = holding(said("sms", ago=1))
    assert texts((said("sms"),), held=stopped) == ["Opted in to SMS again: on the preferences page"]


def test_it_calls_off_what_is_forbidden_now_each_with_its_reason() -> None:
    held = plan(record(), Intent(), templates(purpose="marketing"), POLICY, NOW).record
    held = plan(held, Intent(sequence=2), templates(), POLICY, NOW).record
    after = choose(held, (), (said("*", "marketing"),), NOW, POLICY)
    assert [(m.purpose, m.status_reason) for m in after.messages] == [
        ("marketing", "the patient has opted out of marketing by every channel")
    ]
    assert [m.purpose for m in after.record.messages.values()] == ["care"]


def test_of_a_yes_and_a_no_to_the_same_at_once_the_no_counts() -> None:
    after = choose(BASE, (said("sms"), said("email")), (said("*"),), NOW, POLICY).record
    assert open_channels(after) == set()


def test_a_page_may_open_a_channel_and_close_a_purpose_of_it() -> None:
    """As docs/pages.md says of a box of a channel that was silenced as a whole."""
    held = receive(BASE, reply("STOP", NOW - 9), NOW, RESTRICTIVE).record
    after = choose(held, (said("sms"),), (said("sms", "operations"),), NOW, RESTRICTIVE)
    assert "sms" in open_channels(after.record)
    assert "sms" not in open_channels(after.record, purpose="operations")
    assert after.effects == (MirrorOptOut(PHONE, "remove", NOW),)


def test_a_page_puts_no_number_onto_the_providers_list_as_others_may_share_it() -> None:
    assert choose(BASE, (), (said("sms"), said("*")), NOW, POLICY).effects == ()


@pytest.mark.parametrize("source", ["provider"])
def test_what_the_provider_told_us_is_not_told_to_it(source: str) -> None:
    told = said("sms", address=PHONE, source=source)
    assert choose(BASE, (), (told,), NOW, POLICY).effects == ()


def test_a_contact_point_is_kept_as_it_is_compared() -> None:
    after = choose(
        BASE, (), (said("sms", address="(212) 555-0142"), said("*", address="Ana@Example.org")), NOW
    )
    assert [no.address for no in after.record.opt_outs] == [PHONE, "Ana@example.org"]


class TestDoubleOptIn:
    """Which yes has to be confirmed, where, and by whom not."""

    def pending(self, *permits: Choice, held: object = BASE) -> list[tuple[str, str]]:
        after = choose(held, permits, (), NOW, RESTRICTIVE).record  # type: ignore[arg-type]
        return [(yes.channel, yes.address) for yes in after.opt_ins if yes.source == "pending"]

    def test_a_yes_to_marketing_is_asked_for_where_it_would_go(self) -> None:
        assert self.pending(said("sms", "marketing"), said("email", "marketing")) == [
            ("sms", PHONE),
            ("email", EMAIL),
        ]

    def test_a_yes_to_every_channel_is_one_to_each(self) -> None:
        after = choose(BASE, (said("*", "marketing"),), (), NOW, RESTRICTIVE)
        asked = {(answer.channel, answer.to) for answer in after.replies}
        assert asked == {("sms", PHONE), ("whatsapp", PHONE), ("email", EMAIL)}
        ways = open_channels(after.record, policy=RESTRICTIVE, purpose="marketing")
        assert ways == {"letter", "push"}

    @pytest.mark.parametrize(
        "yes",
        [
            said("sms", "research"),
            said("letter", "marketing"),
            said("sms", "marketing", source="staff", evidence="form of 3 March"),
            said("email", "marketing", source="link"),
        ],
    )
    def test_what_is_proven_or_asks_none_counts_at_once(self, yes: Choice) -> None:
        after = choose(BASE, (yes,), (), NOW, RESTRICTIVE)
        assert after.replies == ()
        assert yes.channel in open_channels(after.record, policy=RESTRICTIVE, purpose=yes.purpose)

    def test_staff_without_evidence_prove_nothing(self) -> None:
        assert self.pending(said("sms", "marketing", source="staff")) == [("sms", PHONE)]

    def test_where_marketing_is_not_restrictive_nothing_is_asked(self) -> None:
        assert choose(BASE, (said("sms", "marketing"),), (), NOW, POLICY).replies == ()

    def test_nobody_to_ask_leaves_nothing_pending(self) -> None:
        assert self.pending(said("sms", "marketing"), held=replace(BASE, person=None)) == []

    def test_it_is_asked_once_while_it_is_pending_and_afresh_when_it_is_over(self) -> None:
        yes = said("sms", "marketing")
        first = choose(BASE, (yes,), (), NOW, RESTRICTIVE).record
        again = choose(first, (replace(yes, since=LATER),), (), LATER, RESTRICTIVE)
        assert again.replies == ()
        over = Instant(NOW + DAY + 10)
        assert len(choose(again.record, (replace(yes, since=over),), (), over, RESTRICTIVE).replies) == 1

    def test_what_is_agreed_is_not_asked_again(self) -> None:
        agreed = holding(ins=(said("sms", "marketing", ago=3, address=PHONE, source="confirmed"),))
        assert self.pending(said("sms", "marketing"), held=agreed) == []

    def test_it_ends_no_opt_out_before_it_is_confirmed(self) -> None:
        held = holding(said("sms", "marketing", ago=3))
        after = choose(held, (said("sms", "marketing"),), (), NOW, RESTRICTIVE).record
        assert after.opt_outs == held.opt_outs


class TestResource:
    """The FHIR Consent of each choice."""

    def test_it_is_written_only_if_the_policy_says_so(self) -> None:
        assert written(choose(BASE, (), (said("sms"),), NOW, RESTRICTIVE)) == []
        assert len(written(choose(BASE, (), (said("sms"),), NOW, WRITING))) == 1

    @pytest.mark.parametrize("channel", ["*", *CHANNELS])
    @pytest.mark.parametrize("purpose", [ANY, "care", "operations", "marketing", "research"])
    @pytest.mark.parametrize("verdict", ["deny", "permit"])
    def test_it_is_right_fhir_and_is_read_as_what_it_says(
        self, channel: str, purpose: str, verdict: str
    ) -> None:
        choice = said(channel, purpose, source="link", wording="Sí: SMS", evidence="page 1")
        sides = ((), (choice,)) if verdict == "deny" else ((choice,), ())
        (body,) = written(choose(BASE, *sides, NOW, WRITING))
        get_fhir_model_class("Consent").model_validate(body)
        assert body["id"] == consent_id("k", choice.pattern)
        assert body["provision"]["type"] == verdict
        assert body["dateTime"] == iso(NOW)
        assert base64.b64decode(body["sourceAttachment"]["data"]).decode() == "Sí: SMS"
        forgotten = apply_content(BASE, heard_back(body, NOW))[0]
        for each in CHANNELS:
            for about in ("care", "operations", "marketing", "research"):
                named = channel in (ANY, each) and purpose in (ANY, about)
                denied = each not in open_channels(forgotten, purpose=about)
                assert denied == (named and verdict == "deny")

    def test_a_relatives_is_about_them(self) -> None:
        held = record(BASE.person, mother())
        (body,) = written(choose(held, (), (said("sms", party=MOTHER),), NOW, WRITING))
        assert body["performer"] == [{"reference": MOTHER}]
        forgotten = apply_content(held, heard_back(body, NOW))[0]
        assert "sms" in open_channels(forgotten)
        assert "sms" not in open_channels(forgotten, party=MOTHER)

    def test_a_topic_is_a_code_of_ours(self) -> None:
        (body,) = written(choose(BASE, (), (said("*", topic="diabetes"),), NOW, WRITING))
        forgotten = apply_content(BASE, heard_back(body, NOW))[0]
        assert open_channels(forgotten, topic="diabetes") == set()
        assert open_channels(forgotten) == set(CHANNELS)

    def test_who_changes_their_mind_changes_the_same_resource(self) -> None:
        stopped = receive(BASE, reply("STOP"), NOW, WRITING)
        started = receive(stopped.record, reply("START", LATER), LATER, WRITING)
        (no,), (yes,) = written(stopped), written(started)
        assert no["id"] == yes["id"]
        assert (no["provision"]["type"], yes["provision"]["type"]) == ("deny", "permit")
        lagging = apply_content(started.record, heard_back(no, NOW + 1))[0]
        assert "sms" in open_channels(lagging)

    def test_a_yes_that_a_wider_no_ends_is_taken_back(self) -> None:
        held = holding(ins=(said("sms", "research", ago=3),))
        bodies = written(choose(held, (), (said("sms"),), NOW, WRITING))
        assert {(b["provision"]["type"], b["status"]) for b in bodies} == {
            ("deny", "active"),
            ("permit", "inactive"),
        }

    def test_what_is_pending_or_said_by_a_stranger_is_no_consent(self) -> None:
        assert written(choose(BASE, (said("sms", "marketing"),), (), NOW, WRITING)) == []
        assert written(receive(BASE, reply("wrong number"), NOW, WRITING)) == []

    def test_a_confirmed_yes_is_verified(self) -> None:
        asked = choose(BASE, (said("sms", "marketing"),), (), NOW, WRITING).record
        (body,) = written(receive(asked, reply("yes", LATER), LATER, WRITING))
        get_fhir_model_class("Consent").model_validate(body)
        assert body["verification"][0]["verified"] is True

    def test_staff_who_end_it_on_the_server_end_the_choice(self) -> None:
        stopped = receive(BASE, reply("STOP"), NOW, WRITING)
        (body,) = written(stopped)
        ours = apply_content(stopped.record, heard_back(body, NOW + 1))[0]
        assert "sms" not in open_channels(ours)
        ended = apply_content(ours, heard_back(body, NOW + DAY, status="inactive"))[0]
        assert "sms" in open_channels(ended)

    def test_only_a_point_is_an_identifier(self) -> None:
        (wide,) = written(choose(BASE, (), (said("sms"),), NOW, WRITING))
        (narrow,) = written(choose(BASE, (), (said("sms", address=PHONE),), NOW, WRITING))
        assert (len(wide["identifier"]), len(narrow["identifier"])) == (1, 2)


class TestMerge:
    """What was said to a record that was merged into this one."""

    NO = said("sms", "marketing", ago=9, wording="no")

    def test_it_is_taken_over_whole(self) -> None:
        merged = RecordMerged("p0", (("sms", "", self.NO.since),), (self.NO,))
        after = inherit(BASE, merged, NOW)
        assert after.record.opt_outs == (replace(self.NO, source="merge"),)
        assert [line.text for line in after.timeline] == [
            "Took over 1 opt-out(s) from Patient/p0, which was merged into this one"
        ]
        assert inherit(after.record, merged, NOW).record is after.record

    def test_a_plain_one_is_a_stop_to_everything(self) -> None:
        after = inherit(BASE, RecordMerged("p0", (("sms", PHONE, NOW),)), NOW).record
        assert "sms" not in open_channels(after)

    def test_one_that_was_taken_back_here_since_is_not(self) -> None:
        started = receive(BASE, reply("START"), NOW).record
        old = RecordMerged("p0", (("sms", PHONE, Instant(NOW - 9)),))
        assert inherit(started, old, NOW).record is started

    def test_its_exceptions_come_too(self) -> None:
        no, yes = said("sms", ago=9), said("sms", "care", ago=8)
        merged = RecordMerged("p0", (("sms", "", no.since),), (no,), (yes,))
        after = inherit(BASE, merged, NOW).record
        assert "sms" in open_channels(after)
        assert "sms" not in open_channels(after, purpose="operations")

    def test_a_stranger_stays_one(self) -> None:
        no = said("sms", party=STRANGER, address=PHONE, ago=9)
        merged = RecordMerged("p0", (("sms", PHONE, no.since),), (no,))
        assert "sms" in open_channels(inherit(BASE, merged, NOW).record)
