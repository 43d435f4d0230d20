"""One story for each bug that the simulation, or the thought of it, has found."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.fhir.instants import DAY, HOUR, Instant
from shared.patient.record import Decision
from shared.usecases.jobs import Report
from tests.simulation import hospital, invariants
from tests.simulation.happenings import Publication
from tests.simulation.hospital import START
from tests.simulation.scene import Scene

ANN = "+12065550101"


def _test(name: str = "ann", number: str = "t1", value: float = 9.8) -> dict:
    return hospital._hba1c(name, number, START, value)


def _visit(name: str = "ann", place: str = "") -> dict:
    return hospital._visit(name, "v1", Instant(START + 5 * DAY), place)


def test_concurrent_triggers_of_a_cold_process_wait_for_the_catalogue():
    """The second trigger once got an empty catalogue while the first was still reading."""
    scene = Scene()
    held = scene.record("ann").memberships
    scene.world.processes = [scene.world._fresh()] * 2
    for number in ("t1", "t2", "t3"):
        scene.write(_test(number=number), wait=False)
    assert scene.broken() == []
    assert set(held) <= set(scene.record("ann").memberships)
    assert not any("no longer published" in line for line in scene.lines("ann"))


def test_an_instance_behind_does_not_undo_a_publication():
    """It once withdrew the segments that it had not heard of, and held their journeys."""
    scene = Scene()
    scene.world.processes[1] = scene.world._fresh()
    scene.write(_test())
    scene.player.act(Publication(1))
    scene.world.idle()
    scene.write(_test(number="t2"))
    assert not any("no longer published" in line for line in scene.lines("ann"))
    assert scene.broken() == []


def test_a_report_after_a_final_one_is_kept():
    """A message leaves the record once delivered; "opened" was then lost."""
    scene = Scene()
    name, message = next(iter(scene.world.outside.provider.accepted.items()))
    for word in ("delivered", "opened", "clicked"):
        scene.player.report(Report(name, message.tag.partition(" ")[0], word, START))
        scene.world.idle()
    assert invariants.rows(scene.world.outside)[name].delivery == "clicked"


def test_a_plain_reply_is_told_once():
    """It changed nothing in the record, and was dropped; told, it must not come twice."""
    scene = Scene()
    scene.crash("queue.delete:before", visit=1)
    scene.reply(ANN, "thank you", "r1")
    assert scene.world.faults.crashed_at() == {"queue.delete:before"}
    assert sum("thank you" in line for line in scene.lines("ann")) == 1


def test_an_old_stop_that_comes_again_does_not_undo_a_start():
    scene = Scene()
    scene.reply(ANN, "STOP", "r1")
    scene.reply(ANN, "START", "r2")
    scene.reply(ANN, "STOP", "r1")
    assert scene.record("ann").opt_outs == ()


def test_a_resource_moves_although_a_crash_comes_in_between():
    """The redelivery found it in its new record, took it for no move, and left it in the old one too."""
    for visit in range(4):
        scene = Scene()
        scene.write(_test())
        scene.crash("patients.commit:after", visit)
        scene.write(_test("bob"))
        assert scene.record("bob").facts.get("Observation/t1").gone is False
        assert scene.broken() == []


def test_a_resource_moves_there_and_back():
    """The tombstone of its first stay was taken for knowledge of it."""
    scene = Scene()
    for name in ("ann", "bob", "ann"):
        scene.write(_test(name))
    assert scene.broken() == []


def test_a_resource_that_moved_is_deleted_everywhere():
    """The deletion went to the last patient only, when it overtook the move."""
    scene = Scene()
    scene.write(_test())
    scene.write(_test("bob"), "gap")
    scene.delete(_test())
    assert scene.record("ann").facts.get("Observation/t1").gone is True
    assert scene.broken() == []


def test_an_old_body_does_not_bring_a_moved_resource_back():
    """A pushed version that arrived last was believed, though the resource had moved on."""
    scene = Scene()
    scene.write(_test())
    scene.write(_test("bob"), "rest-hook", wait=False)
    late = scene.world.outside.queue.take("wire")
    scene.write(_test("ann"))
    scene.world.outside.queue.put_back("wire", late)
    assert scene.broken() == []


def test_a_resource_that_names_nobody_any_more_is_gone():
    scene = Scene()
    scene.write(_test())
    scene.write({**_test(), "subject": {"display": "unknown"}})
    assert scene.record("ann").facts.get("Observation/t1").gone is True


def test_no_message_goes_out_about_what_is_another_patients_by_now():
    """The guard read the appointment again, and did not look whose it was."""
    scene = Scene()
    scene.write(_visit())
    scene.write(_visit("bob"), "none")
    scene.player.pass_until(Instant(START + 5 * DAY))
    reminded = [m.to for m in scene.world.outside.provider.accepted.values() if "reminder" in m.text]
    assert ANN not in reminded
    assert scene.world.violations == []


def test_a_stop_after_a_merge_holds_for_the_survivor():
    """Opt-outs were carried over when the merge came, not when the reply came later."""
    scene = Scene()
    merged = {"type": "replaced-by", "other": {"reference": "Patient/bob"}}
    further = {"type": "replaced-by", "other": {"reference": "Patient/cal"}}
    scene.write({**scene.hospital._patient("bob"), "link": [further]})
    scene.write({**scene.hospital._patient("ann"), "link": [merged]})
    scene.reply(ANN, "STOP", "r1")
    assert [o.address for o in scene.record("cal").opt_outs] == [ANN]
    scene.reply(ANN, "START", "r2")
    assert scene.record("cal").opt_outs == ()
    assert scene.broken() == []


def test_a_place_that_is_renamed_while_it_is_first_embedded_is_known_by_its_new_name():
    """The row by which its changes find the patient was written after the place had been read."""
    scene = Scene()
    scene.write(hospital._place("north", 0))
    scene.write(_visit(place="north"), wait=False)
    scene.step_to("patients.commit:before")
    scene.write(hospital._place("north", 1), wait=False)
    scene.meanwhile("patients.commit:before")
    scene.world.idle()
    assert scene.record("ann").facts.get("Location/north").title == "Clinic North 1"
    assert scene.broken() == []


def test_a_gap_that_was_counted_is_queued_too():
    """A crash between the two lost a deletion that no search could find again."""
    scene = Scene()
    scene.write(_test(), "subscription")
    scene.delete(_test(), "gap")
    scene.crash("documents.put:after")
    scene.player.heartbeat()
    scene.world.idle()
    assert scene.world.faults.crashed_at() == {"documents.put:after"}
    assert scene.record("ann").facts.get("Observation/t1").gone is True


def test_a_reply_finds_its_patient_as_soon_as_the_message_is_out():
    """The row that a reply is found by was written beside the sending, and might have come too late."""
    scene = Scene(patients=False)
    scene.write(scene.hospital._patient("ann"), wait=False)
    scene.step_to("provider.send:before")
    indexes = scene.world.outside.indexes
    assert scene.world.run(indexes.patients_of_contact("sms", ANN)) != ()


def test_a_wait_ends_although_its_wake_up_is_put_on_the_queue_by_a_timer_that_dies():
    scene = Scene()
    scene.crash("indexes.unschedule:before")
    scene.player.pass_until(Instant(START + DAY + HOUR))
    assert scene.world.faults.crashed_at() == {"indexes.unschedule:before"}
    assert any("Completed textable" in line for line in scene.lines("ann"))
    assert scene.broken() == []


def _flipped_back(scene: Scene) -> None:
    """Enter a segment; before its row is written, leave again and have that row written."""
    scene.write(hospital._diabetes("ann", "c1"), wait=False)
    scene.step_to("indexes.apply:before")
    resolved = hospital._diabetes("ann", "c1") | {"clinicalStatus": hospital._clinical("resolved")}
    scene.write(resolved, wait=False)
    scene.meanwhile("indexes.apply:before")


def test_a_membership_that_flips_while_its_row_is_written_converges():
    scene = Scene()
    _flipped_back(scene)
    assert scene.broken() == []


def test_a_membership_row_that_is_written_late_by_a_worker_that_dies_converges():
    for visit in range(8):
        scene = Scene()
        _flipped_back(scene)
        scene.crash("indexes.apply:after", visit)
        assert scene.broken() == []


@pytest.mark.parametrize("side", ["before", "after"])
def test_who_was_committed_with_an_old_catalogue_is_looked_at_again_though_the_sweep_dies(side):
    """The population run had passed when an instance that knew nothing of the publication wrote."""
    scene = Scene()
    scene.write(hospital._diabetes("ann", "c1"))
    before = scene.record("ann")
    scene.player.act(Publication(1))
    scene.world.idle()
    patients = scene.world.outside.patients
    stored = scene.world.run(patients.load(before.key))
    assert stored.record.catalogue != before.catalogue
    late = replace(stored.record, memberships=before.memberships, catalogue=before.catalogue)
    scene.world.run(patients.commit(stored, Decision(late)))
    scene.crash(f"queue.send.outbox:{side}")
    assert scene.broken() == []
    assert scene.world.faults.crashed_at() == {f"queue.send.outbox:{side}"}
