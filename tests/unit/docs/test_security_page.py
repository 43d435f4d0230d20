"""docs/security.md: its tables are the code's, and so is the file of roles for Entra."""

from __future__ import annotations

import json
import re

from scripts.security_page import PAGE, SHORT, written
from shared.access.roles import Role
from tests.unit.docs.pages import ROOT, code, table


def test_the_table_is_the_codes_own() -> None:
    """Run scripts/security_page.py after a change of a row."""
    page = PAGE.read_text("utf-8")
    assert written(page) == page


def test_every_role_is_explained() -> None:
    assert {code(row[0]) for row in table(PAGE, "## Roles")} == set(Role) == set(SHORT)


def test_every_attack_has_a_test_that_shows_what_stops_it() -> None:
    rows = table(PAGE, "## Who attacks what")
    assert len(rows) > 15
    assert [row[0] for row in rows if not re.search(r"\.py\)|the same|audit-trail", row[2])] == []


def test_entra_knows_every_role_and_no_other() -> None:
    made = json.loads((ROOT / "infra" / "entra-app-roles.json").read_text())
    assert [each["value"] for each in made["appRoles"]] == list(Role)
    assert len({each["id"] for each in made["appRoles"]}) == len(Role)
    programs = {each["value"] for each in made["appRoles"] if "Application" in each["allowedMemberTypes"]}
    assert programs == {Role.FHIR_SYNC_ADMIN, Role.AUDITOR, Role.ADMINISTRATOR}
    assert made["api"]["requestedAccessTokenVersion"] == 2
