#!/bin/sh
# Rehearse an upgrade from REVISION to what is checked out here, and the way back, with 166 patients halfway
# through their journeys: each release goes on with what the other has stored, and tells the same story.
#   scripts/rehearse_upgrade.sh v0.1.0
set -eu
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: $0 REVISION" >&2; exit 2; }
scripts/setup.sh
here="$PWD"
work="$(mktemp -d)"
trap 'git worktree remove --force "$work/other" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/other" "$1"
mkdir -p "$work/other/tests/upgrade"
cp tests/upgrade/halves.py "$work/other/tests/upgrade/"

# in FOLDER VERB FILE: the tool as that folder's code runs it.
in_tree() { (cd "$1" && PYTHONPATH="$1" "$here/.venv/bin/python" -P -m tests.upgrade.halves "$2" "$3"); }

echo "$1 begins:" && in_tree "$work/other" record "$work/old.xz"
echo "this one goes on:" && in_tree "$here" go-on "$work/old.xz"
echo "this one begins:" && in_tree "$here" record "$work/new.xz"
echo "$1 goes on (a step back, or both at once):" && in_tree "$work/other" go-on "$work/new.xz"
