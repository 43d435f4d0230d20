#!/bin/sh
# Before azd makes anything: keeps in its environment what has to stay as it was at the first time.
# Once the start of a budget is set, Azure does not let it be changed.
set -eu

if [ -z "${HEARTHLINE_BUDGET_START:-}" ]; then
  azd env set HEARTHLINE_BUDGET_START "$(date -u +%Y-%m)"
fi
