"""`hearthline token`: what it prints is taken by the checks of the admin API, and nothing else is said."""

from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from cli.main import app
from sandbox.issuer.signing import AUDIENCE, SigningKey
from sandbox.plan import Plan, write_settings
from shared.access.claims import Expected, caller_of
from shared.access.roles import Role


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Leave in a folder what a running stack leaves there."""
    plan = Plan(folder=tmp_path)
    write_settings(plan, "key")
    SigningKey.kept(plan.issuer_key)
    return plan


def printed(plan: Plan, *options: str) -> str:
    """Run the command."""
    result = CliRunner().invoke(app, ["token", f"--folder={plan.folder}", *options])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def believed(plan: Plan, token: str) -> dict[str, object]:
    """Check a token by the published key."""
    (key,) = jwt.PyJWKSet.from_dict(SigningKey.kept(plan.issuer_key).published()).keys
    claims: dict[str, object] = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)
    return claims


@pytest.mark.parametrize("role", Role)
def test_it_signs_for_every_role(plan: Plan, role: Role) -> None:
    claims = believed(plan, printed(plan, "--role", role))
    settings = json.loads((plan.folder / "local.settings.json").read_text())["Values"]
    expected = Expected(settings["HEARTHLINE_ENTRA_ISSUER"], settings["HEARTHLINE_API_AUDIENCE"])
    caller = caller_of(claims, expected)
    assert (caller.roles, caller.application) == (frozenset({role}), False)
    assert caller.subject == f"sandbox-{role.lower()}"


def test_it_takes_several_roles_a_subject_and_minutes(plan: Plan) -> None:
    options = ("--role=Marketer", "--role=Approver", "--subject=ann", "--minutes=5", "--application")
    claims = believed(plan, printed(plan, *options))
    assert (claims["roles"], claims["oid"], claims["idtyp"]) == (["Approver", "Marketer"], "ann", "app")
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 300


def test_an_author_and_an_approver_are_two(plan: Plan) -> None:
    subjects = {believed(plan, printed(plan, f"--role={role}"))["oid"] for role in ("Marketer", "Approver")}
    assert len(subjects) == 2


@pytest.mark.parametrize(
    "options", [[], ["--role=Owner"], ["--role=Marketer", "--subject=a@b"], ["--role=Agent", "--minutes=0"]]
)
def test_what_cannot_be_is_refused(plan: Plan, options: list[str]) -> None:
    assert CliRunner().invoke(app, ["token", f"--folder={plan.folder}", *options]).exit_code == 2


def test_without_a_stack_it_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["token", "--role=Marketer", f"--folder={tmp_path}"])
    assert result.exit_code == 2
    assert "hearthline up" in result.output


def test_only_its_owner_may_read_the_key(plan: Plan) -> None:
    assert plan.issuer_key.stat().st_mode & 0o077 == 0
