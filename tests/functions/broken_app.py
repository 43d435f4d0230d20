"""Copied as function_app.py into a folder: the real app, with one bug that quotes a patient."""

import runpy

from sandbox.plan import ROOT
from shared.patient.record import patient_key

app = runpy.run_path(str(ROOT / "function_app.py"))["app"]


def _break() -> None:
    from functions import custom_events

    real = custom_events.take_event

    async def take_event(ready, job, trigger):  # type: ignore[no-untyped-def]
        if job.name == "explode":
            stored = await ready.patients.load(patient_key(job.patient_id), job.patient_id)
            raise ValueError(f"cannot make anything of {job} and {stored.record.person}")
        await real(ready, job, trigger)

    custom_events.take_event = take_event


_break()
