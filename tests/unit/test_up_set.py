"""`hearthline up --set`: the stack's host takes settings of one's own in place of the sandbox's."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cli import up
from cli.main import app
from sandbox.plan import Plan, app_settings

RUNNER = CliRunner()


def test_settings_are_given_to_the_host_whatever_is_in_them(monkeypatch: pytest.MonkeyPatch):
    plans: list[Plan] = []

    async def serve(plan: Plan, _console: object) -> int:
        plans.append(plan)
        return 0

    monkeypatch.setattr(up, "serve", serve)
    result = RUNNER.invoke(
        app, ["up", "--set", "HEARTHLINE_PHONE=", "--set", "HEARTHLINE_WEBSITE=http://a?b=c"]
    )
    assert result.exit_code == 0, result.output
    settings = app_settings(plans[0], "a2V5")
    assert (settings["HEARTHLINE_PHONE"], settings["HEARTHLINE_WEBSITE"]) == ("", "http://a?b=c")


@pytest.mark.parametrize("wrong", ["HEARTHLINE_PHONE", "=5"])
def test_what_is_no_setting_is_told(wrong: str):
    result = RUNNER.invoke(app, ["up", "--set", wrong])
    assert result.exit_code == 2
    assert "NAME=VALUE" in result.output
