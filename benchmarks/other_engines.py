"""The five-clause cohort in FHIRPath and CQL, by engines of others: development tools, never shipped.

FHIRPath sees one Bundle a patient with only the types that are read, sorted by time, so that `last()` is the
latest; dates are constants, `iif` leaves out what no longer matters. CQL: tests/differential/bench_cql.js.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import orjson

from benchmarks.cohort import Population, Resource
from benchmarks.cpu import rate
from benchmarks.full_path import Tell
from benchmarks.report import Json, tidy
from sandbox.plan import ROOT

type Bundle = dict[str, object]
type Evaluate = Callable[[Bundle], object]

_CQL = ROOT / "tests" / "differential" / "bench_cql.js"
_ROUNDS = {"fhirpathpy": 1, "fhirpathrs": 2}


def measure(people: Population, expected: frozenset[str], tell: Tell, cql_seconds: float) -> dict[str, Json]:
    """Measure each engine that is installed; AssertionError where one finds others than we do."""
    given = bundles(people)
    found: dict[str, Json] = {}
    for name, compile_ in (("fhirpathrs", _rust), ("fhirpathpy", _python)):
        tell(f"the same by {name}")
        found[name] = _measured(compile_(expression(people.as_of)), given, expected, _ROUNDS[name])
    tell("the same by CQL")
    found["cql"] = cql(people, expected, cql_seconds)
    return found


def bundles(people: Population) -> dict[str, Bundle]:
    """Make one collection Bundle a patient, in order of time."""
    return {
        patient: {"resourceType": "Bundle", "entry": [{"resource": one} for one in sorted(found, key=_time)]}
        for patient, found in people.read_by_the_cohort().items()
    }


def _time(resource: Resource) -> tuple[str, str]:
    return str(resource.get("effectiveDateTime", "")), str(resource["id"])


def expression(now: datetime) -> str:
    """Write the cohort in FHIRPath, as quick as we can: texts compare as their instants do, all in UTC."""
    day = {years: now.replace(year=now.year - years).date().isoformat() for years in (2, 50, 75)}
    month = now.year * 12 + now.month - 1 - 27
    mammogram = f"{month // 12}-{month % 12 + 1:02}-{now.day:02}"
    clauses = (
        _exists(f"Patient' and gender = 'female' and birthDate <= '{day[50]}' and birthDate > '{day[75]}'"),
        _exists(
            f"Condition' and {_coded('http://snomed.info/sct', '38341003')}"
            " and clinicalStatus.coding.code = 'active'"
            " and verificationStatus.coding.where(code = 'refuted' or code = 'entered-in-error').empty()"
        ),
        f"entry.resource.where(resourceType = 'Observation' and {_coded('http://loinc.org', '55284-4')}"
        f" and effectiveDateTime > '{day[2]}T00:00:00+00:00'"
        " and status != 'entered-in-error' and status != 'cancelled' and status != 'registered')"
        f".last().component.where({_coded('http://loinc.org', '8480-6')})"
        ".valueQuantity.where(unit = 'mm[Hg]' and value >= 140).exists()",
        _exists(
            f"Procedure' and {_coded('http://snomed.info/sct', '71651007')} and status = 'completed'"
            f" and performedPeriod.start > '{mammogram}T00:00:00+00:00'"
        )
        + ".not()",
    )
    *firsts, last = clauses
    for clause in reversed(firsts):
        last = f"iif({clause}, {last}, false)"
    return last


def _exists(where: str) -> str:
    return f"entry.resource.where(resourceType = '{where}).exists()"


def _coded(system: str, code: str) -> str:
    return f"code.coding.where(system = '{system}' and code = '{code}').exists()"


def _rust(text: str) -> Evaluate:
    """Bind fhirpathrs (MIT), which keeps no compiled expression and copies the Bundle each time."""
    import fhirpathrs  # type: ignore[import-untyped] # no types

    def evaluate(bundle: Bundle) -> object:
        return fhirpathrs.evaluate(text, bundle)

    return evaluate


def _python(text: str) -> Evaluate:
    """Compile with fhirpathpy (MIT)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its parser's escapes
        import fhirpathpy

    compiled: Evaluate = fhirpathpy.compile(text)
    return compiled


def _measured(evaluate: Evaluate, given: Mapping[str, Bundle], expected: frozenset[str], rounds: int) -> Json:
    answers: dict[str, object] = {}

    def work() -> None:
        for patient, bundle in given.items():
            answers[patient] = evaluate(bundle)

    per_second = rate(work, len(given), rounds)
    found = frozenset(patient for patient, answer in answers.items() if answer in (True, [True]))
    assert found == expected, f"{len(found ^ expected)} patients differ"
    return {"per_second": per_second}


def cql(people: Population, expected: frozenset[str], seconds: float) -> Json:
    """Measure the CQL engine, a process of its own, after as long a warm-up."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "cql-execution").is_dir():
        return {"skipped": "the CQL engine is not installed: `make setup` brings it"}
    with tempfile.TemporaryDirectory(prefix="hearthline-bench-") as folder:
        people.write(Path(folder))
        command = [node, str(_CQL), folder, "--as-of", people.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")]
        command += ["--seconds", str(seconds)]
        answer = subprocess.run(command, check=True, capture_output=True).stdout
    told = orjson.loads(answer)
    assert frozenset(told["members"]) == expected, "the CQL engine finds others than we do"
    return {"per_second": tidy(told["evaluations_per_second"])}
