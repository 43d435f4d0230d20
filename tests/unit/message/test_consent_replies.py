"""Replies about being written to: STOP, START, HELP, a wrong number, a YES that was asked for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.effects import MirrorOptOut
from shared.fhir.choice import Choice
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant
from shared.message.consent import choose, receive, settles, why_forbidden
from shared.message.handled import Handled
from shared.message.plan import plan
from shared.patient.permission.ask import STRANGER
from shared.patient.record import PatientRecord
from tests.unit.message.consent_kit import (
    BASE,
    MOTHER,
    MOTHERS_PHONE,
    RESTRICTIVE,
    holding,
    mother,
    open_channels,
    reply,
    said,
)
from tests.unit.message.kit import NOW, PHONE, POLICY, Intent, record, templates


def heard(held: PatientRecord, text: str, at: int = NOW, **more: object) -> Handled:
    return receive(held, reply(text, at, **more), Instant(at), RESTRICTIVE)


def told(handled: Handled) -> list[str]:
    return [line.text for line in handled.timeline]


def kinds(handled: Handled) -> list[str]:
    return [answer.kind for answer in handled.replies]


class TestStop:
    """However it is worded, it ends the channel at once."""

    @pytest.mark.parametrize("text", ["STOP", "stop texting me", "no me manden más mensajes", "Stopp", "END"])
    def test_it_ends_the_channel_it_came_by(self, text: str) -> None:
        after = heard(BASE, text)
        assert open_channels(BASE) - open_channels(after.record) == {"sms"}
        assert told(after) == [f"Opted out of SMS: replied {text}"]

    def test_one_confirmation_goes_to_where_it_came_from(self) -> None:
        (answer,) = heard(BASE, "stop texting me").replies
        assert (answer.kind, answer.channel, answer.to, answer.language) == ("stop", "sms", PHONE, "en")

    def test_of_several_patients_at_a_number_one_answers(self) -> None:
        after = heard(BASE, "STOP", answering=False)
        assert after.replies == ()
        assert "sms" not in open_channels(after.record)

    def test_said_again_it_says_nothing_but_counts_from_then(self) -> None:
        first = heard(BASE, "STOP")
        again = heard(first.record, "stop please", NOW + 5)
        assert again.timeline == again.replies == again.effects == again.messages == ()
        late = heard(again.record, "START", NOW + 3)
        assert "sms" not in open_channels(late.record)

    def test_stop_all_ends_every_channel(self) -> None:
        assert open_channels(heard(BASE, "STOP ALL").record) == set()

    def test_it_calls_off_what_waits_to_go_by_that_channel(self) -> None:
        sms = plan(record(), Intent(), templates(), POLICY, NOW).record
        both = plan(sms, Intent(sequence=2, channels=("email",)), templates(), POLICY, NOW).record
        after = heard(both, "STOP")
        assert [m.channel for m in after.record.messages.values()] == ["email"]
        assert [m.status_reason for m in after.messages] == ["the patient has opted out of SMS"]

    def test_with_something_else_in_it_staff_read_it_too(self) -> None:
        text = "stop, and call me about my results"
        after = heard(BASE, text)
        assert [line.kind for line in after.timeline] == ["inbound", "fault"]
        assert not settles(BASE, reply(text))
        assert settles(BASE, reply("STOP"))

    def test_one_that_names_another_channel_ends_that_one_and_staff_read_it(self) -> None:
        after = heard(BASE, "please stop emailing me")
        assert open_channels(BASE) - open_channels(after.record) == {"email"}
        assert after.replies == ()
        assert not settles(BASE, reply("please stop emailing me"))

    def test_from_a_relatives_own_number_it_is_theirs(self) -> None:
        held = record(BASE.person, mother())
        after = heard(held, "STOP", sender=MOTHERS_PHONE)
        assert [no.party for no in after.record.opt_outs] == [MOTHER]
        assert "sms" in open_channels(after.record)
        assert "sms" not in open_channels(after.record, party=MOTHER)
        assert told(after) == ["RelatedPerson/mum opted out of SMS: replied STOP"]
        assert [answer.party for answer in after.replies] == [MOTHER]

    def test_it_goes_onto_the_providers_list(self) -> None:
        assert heard(BASE, "STOP").effects == (MirrorOptOut(PHONE, "add", NOW),)
        assert heard(BASE, "STOP ALL").effects == (MirrorOptOut(PHONE, "add", NOW),)

    def test_one_by_whatsapp_does_not(self) -> None:
        after = receive(BASE, replace(reply("STOP"), channel="whatsapp"), NOW, RESTRICTIVE)
        assert after.effects == ()
        assert open_channels(BASE) - open_channels(after.record) == {"whatsapp"}


class TestStart:
    """It takes back a STOP, and nothing else."""

    def test_it_resumes_the_channel(self) -> None:
        after = heard(heard(BASE, "STOP").record, "START", NOW + 1)
        assert after.record.opt_outs == ()
        assert told(after) == ["Opted in to SMS again: replied START"]
        assert kinds(after) == ["start"]
        assert after.effects == (MirrorOptOut(PHONE, "remove", NOW + 1),)

    def test_it_takes_back_a_stop_from_another_number_of_theirs(self) -> None:
        stopped = heard(BASE, "STOP", sender="+12125550177")
        assert "sms" in open_channels(heard(stopped.record, "START", NOW + 1).record)

    def test_said_again_it_says_nothing(self) -> None:
        once = heard(BASE, "START")
        again = heard(once.record, "START", NOW + 1)
        assert kinds(once) == ["start"]
        assert again.timeline == again.replies == ()

    def test_it_leaves_a_no_to_marketing(self) -> None:
        held = holding(said("sms", "marketing", ago=9), said("sms", ago=8))
        after = heard(held, "START").record
        assert "sms" in open_channels(after)
        assert "sms" not in open_channels(after, purpose="marketing")

    def test_it_brings_back_no_agreement_that_stop_has_ended(self) -> None:
        held = holding(ins=(said("*", "marketing", ago=9),))
        after = heard(heard(held, "STOP").record, "START", NOW + 1).record
        ways = open_channels(after, policy=RESTRICTIVE, purpose="marketing")
        assert ways == {"email", "whatsapp", "letter", "push"}


class TestHelp:
    """Who asks who we are is told."""

    @pytest.mark.parametrize("text", ["HELP", "who is this", "wer sind Sie", "quién es"])
    def test_it_is_answered(self, text: str) -> None:
        after = heard(BASE, text)
        assert kinds(after) == ["help"]
        assert after.record is BASE
        assert settles(BASE, reply(text))

    def test_in_words_of_their_own_once_a_day_as_it_may_be_a_machine(self) -> None:
        sent = Fact(
            "Engagement",
            "m.sent",
            codes=("engagement|sent",),
            start=Instant(NOW - DAY),
            attributes={"template": (f"{POLICY.replies}help",), "channel": ("sms",)},
        )
        held = record(BASE.person, sent)
        assert kinds(heard(held, "who is this")) == []
        assert kinds(heard(held, "HELP")) == ["help"]
        assert kinds(heard(held, "who is this", NOW + 1)) == ["help"]


class TestWrongNumber:
    """Somebody else answers: nothing more goes there about this patient."""

    def test_it_closes_the_contact_point_and_no_other(self) -> None:
        after = heard(BASE, "wrong number")
        assert [no.party for no in after.record.opt_outs] == [STRANGER]
        assert "sms" not in open_channels(after.record, address=PHONE)
        assert "sms" in open_channels(after.record, address="+12125550199")
        assert [line.kind for line in after.timeline] == ["fault"]
        assert not settles(BASE, reply("wrong number"))
        assert kinds(after) == ["stop"]

    def test_it_calls_off_what_was_to_go_there(self) -> None:
        planned = plan(record(), Intent(), templates(), POLICY, NOW).record
        assert [m.status for m in heard(planned, "falsche Nummer").messages] == ["not-done"]

    def test_said_again_it_says_nothing(self) -> None:
        once = heard(BASE, "wrong number").record
        assert heard(once, "Wrong number!", NOW + 1).timeline == ()


class TestYes:
    """A yes to marketing from a page counts once a YES has come from the contact point."""

    YES: Choice = said("sms", "marketing", wording="News by SMS: yes", evidence="page 1")

    def asked(self) -> PatientRecord:
        return choose(BASE, (self.YES,), (), NOW, RESTRICTIVE).record

    def test_it_is_asked_for(self) -> None:
        asked = choose(BASE, (self.YES,), (), NOW, RESTRICTIVE)
        (answer,) = asked.replies
        assert (answer.kind, answer.channel, answer.to) == ("opt-in-confirm", "sms", PHONE)
        assert told(asked) == ["To be confirmed by a reply: a yes to marketing by SMS"]
        assert "sms" not in open_channels(asked.record, policy=RESTRICTIVE, purpose="marketing")

    @pytest.mark.parametrize("text", ["YES", "sí", "Ja", "I confirm"])
    def test_yes_confirms_it_with_the_words_of_both(self, text: str) -> None:
        after = heard(self.asked(), text, NOW + DAY)
        assert kinds(after) == ["opt-in-done"]
        (kept,) = after.record.opt_ins
        assert (kept.source, kept.wording) == ("confirmed", f"News by SMS: yes\n{text}")
        assert kept.evidence.startswith("page 1 in-")
        ways = open_channels(after.record, policy=RESTRICTIVE, purpose="marketing", address=PHONE)
        assert ways == {"sms"}
        assert settles(self.asked(), reply(text, NOW + DAY), RESTRICTIVE)

    def test_a_day_later_it_is_too_late(self) -> None:
        after = heard(self.asked(), "YES", NOW + DAY + 1)
        assert kinds(after) == []
        assert "sms" not in open_channels(after.record, policy=RESTRICTIVE, purpose="marketing")

    def test_no_forgets_it(self) -> None:
        after = heard(self.asked(), "NO")
        assert after.record.opt_ins == ()
        assert told(after) == ["Did not confirm the yes to marketing by SMS"]

    def test_a_yes_from_elsewhere_confirms_nothing(self) -> None:
        assert kinds(heard(self.asked(), "YES", sender="+12125550177")) == []

    def test_a_yes_that_answers_a_question_confirms_nothing_else(self) -> None:
        assert kinds(heard(self.asked(), "YES", about="e1")) == []
        assert kinds(heard(self.asked(), "YES", about="-")) == ["opt-in-done"]

    def test_stop_forgets_it(self) -> None:
        stopped = heard(self.asked(), "STOP", NOW + 1).record
        assert stopped.opt_ins == ()
        assert kinds(heard(stopped, "YES", NOW + 2)) == []


def test_anything_else_is_left_to_journeys_and_staff() -> None:
    after = heard(BASE, "Can I bring my son?")
    assert after.record is BASE
    assert told(after) == ["Replied by SMS: Can I bring my son?"]
    assert not settles(BASE, reply("Can I bring my son?"))
    assert not settles(BASE, reply("yes"))


def test_words_of_patients_stand_in_no_reason() -> None:
    """Reasons of messages are shown beside other patients' and kept for long."""
    after = heard(BASE, "stop texting me about my cancer").record
    assert "cancer" not in why_forbidden(after, "sms", NOW)
