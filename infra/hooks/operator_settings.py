"""App settings of a deployment → a settings file for the command line, run by an operator as themselves.

`az functionapp config appsettings list -g GROUP -n APP | python infra/hooks/operator_settings.py FILE`
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

APP_ONLY = frozenset(
    {"AZURE_CLIENT_ID", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"}
)
"""Who the app is, and where it tells of itself: an operator is signed in as themselves, and tells nobody."""

NEEDING = {
    "HEARTHLINE_LINK_SECRETS": ("HEARTHLINE_PUBLIC_URL",),
    "HEARTHLINE_WEBHOOKS": ("HEARTHLINE_PUSH_WEBHOOK", "HEARTHLINE_PROVIDERS"),
}
"""Settings that shared/config.py takes only together with one that is secret."""

_REFERENCE = re.compile(r"@Microsoft\.KeyVault\(SecretUri=(https://[^)]+)\)")


def operator_settings(
    app: Iterable[Mapping[str, str]], read: Callable[[str], str] | None = None
) -> dict[str, str]:
    """Return the settings that an operator needs of those that `az` lists of the app.

    `read` gives a secret by its address; without it, what is secret is left out, and what needs it with it.
    """
    values = {each["name"]: each["value"] for each in app}
    kept = {name: value for name, value in values.items() if _wanted(name)}
    secret = {name: found[1] for name, value in kept.items() if (found := _REFERENCE.fullmatch(value))}
    if read is not None:
        return {name: read(secret[name]) if name in secret else value for name, value in kept.items()}
    left = {*secret, *(other for name in secret for other in NEEDING.get(name, ()))}
    return {name: value for name, value in kept.items() if name not in left}


def _wanted(name: str) -> bool:
    host_only = name.endswith(("__credential", "__clientId"))
    return name not in APP_ONLY and not host_only and name.startswith(("AzureWebJobsStorage", "HEARTHLINE_"))


def _from_vault(address: str) -> str:
    command = ["az", "keyvault", "secret", "show", "--id", address, "--query", "value", "--output", "tsv"]
    told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 (no shell)
    return told.stdout.rstrip("\n")


def main() -> None:
    """Read the app's settings from standard input, and write the file, which only its owner can read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="file to write")
    parser.add_argument("--secrets", action="store_true", help="with the secrets, for erasing somebody")
    chosen = parser.parse_args()
    found = operator_settings(json.load(sys.stdin), _from_vault if chosen.secrets else None)
    chosen.file.touch(mode=0o600)
    chosen.file.chmod(0o600)
    chosen.file.write_text(json.dumps({"IsEncrypted": False, "Values": found}, indent=2) + "\n")
    sys.stdout.write(f"{len(found)} settings written to {chosen.file}.\n")


if __name__ == "__main__":
    main()
