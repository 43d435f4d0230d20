"""What is slow to import waits until somebody needs it: a cold start must not pay for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import shared.journey.advance, shared.message.plan, shared.message.guard, shared.message.delivery
heavy = {"liquid", "babel", "phonenumbers", "mjml", "icalendar", "inscriptis", "lxml"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_templates_locales_and_numbers_are_imported_late() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
