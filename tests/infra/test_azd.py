"""What azd does beside Bicep: azure.yaml finds its things, and the hooks make secrets once and show none."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from msgspec import Struct

from shared.config import Settings, settings
from tests.infra.bicep.project import Project
from tests.infra.policy.settings import SECRETS
from tests.unit.docs.pages import ROOT

AZURE = yaml.safe_load((ROOT / "azure.yaml").read_text())
HOOKS = sorted((ROOT / "infra" / "hooks").glob("*.sh"))

_AZ = """#!/bin/sh
# Stands in for az: a vault in a folder, and a list of what it was asked.
echo "$*" >>"$VAULT/calls"
file= name=
previous=
for argument in "$@"; do
  case $previous in
    --name) name=$argument ;;
    --file) file=$argument ;;
  esac
  previous=$argument
done
case "$*" in
  "keyvault secret list"*) ls "$VAULT/secrets" ;;
  "keyvault secret set"*) cp "$file" "$VAULT/secrets/$name"; ls -l "$file" >>"$VAULT/modes" ;;
esac
"""
_AZD = """#!/bin/sh
echo "$*" >>"$VAULT/azd"
"""


class Ran(Struct, frozen=True):
    """What a hook printed, and how it ended."""

    code: int
    said: str


class Vault(Struct, frozen=True):
    """A folder that stands in for Key Vault, with commands that stand in for az and azd."""

    folder: Path

    def run(self, hook: str, **environment: str) -> Ran:
        """Run a hook as azd does, with nobody at the keyboard."""
        given = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "VAULT": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "HEARTHLINE_VAULT_NAME": "vault",
            "AZURE_SUBSCRIPTION_ID": "subscription",
            "AZURE_RESOURCE_GROUP": "group",
            "HEARTHLINE_APP_NAME": "app",
            **environment,
        }
        path = str(ROOT / "infra" / "hooks" / hook)
        done = subprocess.run(
            ["sh", path], env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    @property
    def secrets(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.folder / "secrets").iterdir()}

    def told(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Return an empty vault."""
    for name in ("bin", "secrets", "tmp"):
        (tmp_path / name).mkdir()
    for name, text in (("az", _AZ), ("azd", _AZD), ("sleep", "#!/bin/sh\n")):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return Vault(tmp_path)


class TestAzureYaml:
    """It says what is deployed where, and what is run before and after."""

    def test_bicep_is_where_it_says(self) -> None:
        infra = AZURE["infra"]
        assert infra["provider"] == "bicep"
        assert (ROOT / infra["path"] / f"{infra['module']}.bicep").exists()
        assert (ROOT / infra["path"] / f"{infra['module']}.bicepparam").exists()

    def test_its_one_service_is_the_app_that_bicep_tags(self, project: Project) -> None:
        ((name, service),) = AZURE["services"].items()
        assert (service["language"], service["host"]) == ("python", "function")
        assert (ROOT / service["project"]).is_dir()
        assert f"'azd-service-name': '{name}'" in project.texts["modules/function-app.bicep"]

    def test_its_hooks_are_there_and_every_script_is_one(self) -> None:
        scripts = {Path(word) for hook in _hooks() for word in hook["run"].split() if word.endswith(".sh")}
        assert {ROOT / script for script in scripts if script.parts[:2] == ("infra", "hooks")} <= set(HOOKS)
        assert all((ROOT / script).exists() for script in scripts)
        assert {hook["shell"] for hook in _hooks()} == {"sh"}

    def test_what_hooks_need_is_an_output_or_of_azd(self, project: Project) -> None:
        given = set(project.scope("main.bicep").outputs) | {
            "AZURE_SUBSCRIPTION_ID",
            "HEARTHLINE_BUDGET_START",
        }
        for hook in HOOKS:
            needed = set(re.findall(r"\$\{?((?:AZURE|HEARTHLINE)_[A-Z_]+)", hook.read_text()))
            assert needed <= given, hook.name


def _hooks() -> list[dict[str, str]]:
    found = list(AZURE["hooks"].values())
    for service in AZURE["services"].values():
        found += service.get("hooks", {}).values()
    return found


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.name)
class TestEveryHook:
    """What holds for each script."""

    def test_it_is_sh_that_stops_at_a_failure(self, hook: Path) -> None:
        done = subprocess.run(["sh", "-n", str(hook)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert hook.read_text().startswith("#!/bin/sh\n")
        assert re.search(r"^set -eu$", hook.read_text(), re.MULTILINE)

    def test_it_says_what_it_is_for_and_traces_nothing(self, hook: Path) -> None:
        assert hook.read_text().splitlines()[1].startswith("# ")
        assert not re.search(r"\bset -\w*x|az keyvault secret show|--value", hook.read_text())


class TestSecrets:
    """Secrets are made where there are none, kept where there are, and seen by nobody."""

    def test_they_are_those_that_the_app_refers_to(self, vault: Vault, project: Project) -> None:
        assert vault.run("secrets.sh").code == 0
        text = project.texts["modules/settings.bicep"]
        referred = set(re.findall(r"\$\{secret\}/([a-z-]+)", text))
        assert set(vault.secrets) == referred - {"fhir-token"}

    def test_the_app_takes_them_and_they_mean_what_the_code_means(self, vault: Vault) -> None:
        vault.run("secrets.sh")
        names = {
            "link-secrets": "LINK_SECRETS",
            "audit-secrets": "AUDIT_SECRETS",
            "seal-secrets": "SEAL_SECRETS",
            "sources": "SOURCES",
            "webhooks": "WEBHOOKS",
        }
        given = {f"HEARTHLINE_{names[name]}": value for name, value in vault.secrets.items()}
        chosen = settings({"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "https://x.example", **given})
        assert set(given) <= set(SECRETS)
        assert chosen.sources == Settings.model_fields["sources"].default
        assert chosen.webhooks == {}
        assert len(chosen.link_secrets[0].get_secret_value()) >= 48
        assert len(chosen.audit_secrets[0].get_secret_value()) >= 48
        assert len(chosen.seal_secrets[0].get_secret_value()) >= 48
        assert chosen.audit_secrets != chosen.link_secrets

    def test_a_second_run_keeps_what_is_there(self, vault: Vault) -> None:
        vault.run("secrets.sh")
        before = vault.secrets
        again = vault.run("secrets.sh")
        assert again.code == 0
        assert vault.secrets == before
        assert vault.told("calls").count("keyvault secret set") == len(before)

    def test_nobody_sees_one(self, vault: Vault) -> None:
        """Not on the screen, not among arguments, not in a file that others may read or that stays."""
        said = vault.run("secrets.sh").said
        (secret,) = re.findall(r'"([^"]+)"', vault.secrets["link-secrets"])
        assert secret not in said + vault.told("calls")
        assert set(re.findall(r"^\S+", vault.told("modes"), re.MULTILINE)) == {"-rw-------"}
        assert list((vault.folder / "tmp").iterdir()) == []

    def test_a_token_that_nobody_can_be_asked_for_is_told_of(self, vault: Vault) -> None:
        ran = vault.run("secrets.sh", HEARTHLINE_FHIR_TOKEN_WANTED="true")
        assert ran.code != 0
        assert "az keyvault secret set" in ran.said
        (vault.folder / "secrets" / "fhir-token").write_text("token")
        assert vault.run("secrets.sh", HEARTHLINE_FHIR_TOKEN_WANTED="true").code == 0

    def test_a_vault_that_lets_nobody_in_is_told_of(self, vault: Vault) -> None:
        (vault.folder / "bin" / "az").write_text("#!/bin/sh\necho forbidden >&2\nexit 1\n")
        ran = vault.run("secrets.sh")
        assert ran.code != 0
        assert "Key Vault Secrets Officer" in ran.said
        assert vault.secrets == {}

    def test_the_start_of_a_budget_is_kept(self, vault: Vault) -> None:
        assert vault.run("preprovision.sh").code == 0
        assert re.fullmatch(r"env set HEARTHLINE_BUDGET_START \d{4}-\d\d\n", vault.told("azd"))
        vault.run("preprovision.sh", HEARTHLINE_BUDGET_START="2026-12")
        assert vault.told("azd").count("\n") == 1
