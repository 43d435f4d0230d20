"""A population made up inside DuckDB, in the columns and shards that shared.adapters.columns_writer writes.

Every number comes of a hash of patient and place, so that each run makes the same people: fifty facts each,
among them diabetes in one of nine, HbA1c and eye examinations of those, hospice in one of a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import rmtree

import duckdb
import msgspec

from shared.adapters.columns_duckdb import SNAPSHOT
from shared.adapters.columns_writer import SHARD
from shared.fhir.instants import DAY, parse_instant
from shared.segment.columns import FACT_BITS, FACTS, LAYOUT, PATIENTS, Snapshot

NOW = parse_instant("2026-03-01")
EACH = 50
"""Facts of a patient."""

_EARLIEST = date(1930, 1, 1)
_LOINC, _SNOMED, _CVX = "http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/cvx"
DIABETES, HOSPICE = f"{_SNOMED}|44054006", f"{_SNOMED}|305336008"
HBA1C, EYE, STAY = f"{_LOINC}|4548-4", f"{_SNOMED}|252779009", f"{_SNOMED}|32485007"

# (type, code, unit, attributes, of a thousand patients how many have it, how many each): the rest fills up.
_TELLING = (
    ("Condition", DIABETES, "", "verification-status=http://x|confirmed", 111, 1),
    ("Encounter", HOSPICE, "", "class=http://x|HH", 10, 1),
    ("Encounter", STAY, "", "class=http://x|IMP", 80, 2),
    ("Observation", HBA1C, "%", "category=http://x|laboratory", 300, 4),
    ("Procedure", EYE, "", "", 100, 1),
)
_COMMON = (
    *(("Observation", f"{_LOINC}|{n}-1", "mg/dL", "category=http://x|laboratory") for n in range(24)),
    *(("Encounter", f"{_SNOMED}|18534900{n}", "", "class=http://x|AMB") for n in range(6)),
    *(("Condition", f"{_SNOMED}|3834100{n}", "", "verification-status=http://x|confirmed") for n in range(8)),
    *(("Immunization", f"{_CVX}|{n}", "", "") for n in range(6)),
    *(("Procedure", f"{_SNOMED}|7138800{n}", "", "") for n in range(8)),
)


def make(folder: Path, patients: int) -> Snapshot:
    """Write the population into a folder; one that is there already, of this layout, is taken as it is."""
    if (folder / SNAPSHOT).exists():
        there = msgspec.json.decode((folder / SNAPSHOT).read_bytes(), type=Snapshot)
        if there.layout == LAYOUT:
            return there
        rmtree(folder)
    with duckdb.connect(
        ":memory:", config={"memory_limit": "2GB", "temp_directory": str(folder / "spill")}
    ) as base:
        for name in ("patients", "facts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        facts = sum(
            _shard(base, folder, first, min(first + SHARD, patients)) for first in range(0, patients, SHARD)
        )
    made = Snapshot(NOW, patients, facts, ("%", "mg/dL"))
    (folder / SNAPSHOT).write_bytes(msgspec.json.encode(made))
    return made


def _shard(base: duckdb.DuckDBPyConnection, folder: Path, first: int, beyond: int) -> int:
    name = f"{first // SHARD:05}.parquet"
    people = _selected(PATIENTS, _PERSON)
    everybody = f"SELECT {people} FROM range({first}, {beyond}) r(patient)"
    base.execute(f"COPY ({everybody}) TO '{folder}/patients/{name}' {_HOW}")
    rows = " UNION ALL ".join(_concepts(first, beyond))
    written = base.execute(
        f"COPY (SELECT {_selected(FACTS, _FACT)} FROM ({rows}) ORDER BY type, code, patient, start) "
        f"TO '{folder}/facts/{name}' {_HOW}"
    ).fetchone()
    assert written is not None
    return int(written[0])


_HOW = "(FORMAT parquet, COMPRESSION zstd)"
_ATTRIBUTES = (
    "CASE WHEN kept = '' THEN MAP {}::MAP(VARCHAR, VARCHAR[]) "
    "ELSE MAP {string_split(kept, '=')[1]: [string_split(kept, '=')[2]]} END"
)
_PERSON = {
    "key": "md5(patient::VARCHAR)",
    "id": "'patient-' || patient",
    "birth_date": "strftime(DATE '1930-01-01' + (hash(patient, 'born') % 34000)::INTEGER, '%Y-%m-%d')",
    "born": f"{_EARLIEST.toordinal()} + (hash(patient, 'born') % 34000)::INTEGER",
    "birth_month": "month(DATE '1930-01-01' + (hash(patient, 'born') % 34000)::INTEGER)",
    "zone": "''",
    "gender": "CASE WHEN patient % 2 = 0 THEN 'female' ELSE 'male' END",
    "active": "true",
    "deceased": "hash(patient, 'died') % 20 = 0",
    "died": f"CASE WHEN hash(patient, 'died') % 20 = 0 THEN {NOW} END",
    "merged": "false",
    "language": "CASE WHEN hash(patient, 'spoken') % 6 = 0 THEN 'es' ELSE 'en-us' END",
    "organization": "'Organization/' || patient % 50",
    "practitioners": "['Practitioner/' || patient % 900]",
    "identifiers": "['urn:mrn|' || patient]",
    "addresses": "[{'postal_code': '02115', 'city': 'boston', 'state': 'ma', "
    "'country': 'us', 'letters': true}]",
    "telecom": "CASE WHEN hash(patient, 'phone') % 5 = 0 THEN [] "
    "ELSE [{'system': 'phone', 'start': NULL, 'stop': NULL}] END",
    "silences": "CASE WHEN hash(patient, 'stopped') % 30 = 0 "
    "THEN [{'channel': 'sms', 'start': NULL, 'stop': NULL}] ELSE [] END",
    "attributes": "MAP {}",
}
_FACT = {
    "fact": f"(patient << {FACT_BITS}) + place",
    "nth": "0",
    "stop": "CASE type WHEN 'Condition' THEN NULL "
    f"WHEN 'Encounter' THEN start + (hash(fact_seed) % 6) * {DAY} ELSE start END",
    "recent": "((start / 86400000000)::INTEGER) * 64 + place % 64",
    "senior": "((start / 86400000000)::INTEGER) * 64 - place % 64",
    "recent_end": "((start / 86400000000)::INTEGER) * 64 + place % 64",
    "senior_end": "((start / 86400000000)::INTEGER) * 64 - place % 64",
    "status": "CASE type WHEN 'Condition' THEN 'active' WHEN 'Encounter' THEN 'finished' "
    "WHEN 'Observation' THEN 'final' ELSE 'completed' END",
    "disproved": "false",
    "prohibits": "false",
    "valued": "type = 'Observation'",
    "number": "CASE unit WHEN '%' THEN 5 + (hash(fact_seed) % 80) / 10.0 "
    "WHEN '' THEN NULL ELSE hash(fact_seed) % 300 END",
    "value_text": "''",
    "value_codes": "[]",
    "id": "substr(type, 1, 2) || patient || '-' || place",
    "codes": "[code]",
    "title": "lower(code)",
    "components": "[]",
    "attributes": _ATTRIBUTES,
}


def _selected(schema: dict[str, str], expressions: dict[str, str]) -> str:
    return ", ".join(f"({expressions.get(name, name)})::{kind} AS {name}" for name, kind in schema.items())


def _concepts(first: int, beyond: int) -> Iterator[str]:
    """Yield a SELECT for each concept: type, code, patient, place, start, unit, kept."""
    filled = EACH - round(sum(share * each for *_, share, each in _TELLING) / 1000)
    for number, (kind, code, unit, kept, share, each) in enumerate(_TELLING):
        who = f"range({first}, {beyond}) r(patient), range({each}) e(n)"
        place = f"({number} * 8 + n)"
        yield _concept(kind, code, unit, kept, place, f"{who} WHERE hash(patient, '{code}') % 1000 < {share}")
    for number, (kind, code, unit, kept) in enumerate(_COMMON[:filled]):
        yield _concept(kind, code, unit, kept, str(64 + number), f"range({first}, {beyond}) r(patient)")


def _concept(kind: str, code: str, unit: str, kept: str, place: str, rows: str) -> str:
    seed = f"hash(patient, {place}, 'seed')"
    start = f"{NOW} - ({seed} % {6 * 365 * 24})::BIGINT * 3600000000"
    return (
        f"SELECT '{kind}' AS type, '{code}' AS code, patient, {place} AS place, {start} AS start, "
        f"'{unit}' AS unit, '{kept}' AS kept, {seed} AS fact_seed FROM {rows}"
    )
