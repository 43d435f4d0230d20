#!/bin/sh
# Make everything `make` needs: .venv with the pinned Python packages, node_modules with Azurite and a CQL engine.
#
# Looks for Python 3.13 and Node first and names all that is missing before it touches anything.
# Stamps hold the checksum of what was installed, so that a second call does nothing.
# Says what it does on stderr: the output of the command that follows stays clean.
set -eu
cd "$(dirname "$0")/.."

PYTHON_VERSION=3.13
NODE_MAJOR=20
missing=0

say() { printf '%s\n' "$*" >&2; }

lacks() {
    missing=1
    say "missing: $1"
    say "    get it: $2"
}

# usable COMMAND: is it Python 3.13 that can make a virtual environment? (A pyenv shim may exist and not run.)
usable() {
    [ -n "$1" ] && "$1" -c "
import sys, venv, ensurepip
sys.exit('%d.%d' % sys.version_info[:2] != '$PYTHON_VERSION')" >/dev/null 2>&1
}

# Print the path of a usable Python, from the nearest place to the farthest; fail when there is none.
find_python() {
    for candidate in "python$PYTHON_VERSION" python3 python \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/$PYTHON_VERSION"*/bin/python; do
        if usable "$candidate"; then command -v "$candidate"; return; fi
    done
    if command -v pyenv >/dev/null 2>&1; then
        for version in $(pyenv versions --bare 2>/dev/null | grep "^$PYTHON_VERSION" || true); do
            candidate="$(pyenv prefix "$version" 2>/dev/null)/bin/python"
            if usable "$candidate"; then echo "$candidate"; return; fi
        done
    fi
    if command -v uv >/dev/null 2>&1; then
        uv python find --system "$PYTHON_VERSION" >/dev/null 2>&1 || uv python install "$PYTHON_VERSION" >&2 || true
        candidate="$(uv python find --system "$PYTHON_VERSION" 2>/dev/null || true)"
        if usable "$candidate"; then echo "$candidate"; return; fi
    fi
    return 1
}

need_python() {
    if usable .venv/bin/python; then return; fi
    python="$(find_python)" || lacks "Python $PYTHON_VERSION with its venv module" \
        "'uv python install $PYTHON_VERSION', 'pyenv install $PYTHON_VERSION', your system's python$PYTHON_VERSION and python$PYTHON_VERSION-venv packages, or python.org"
}

need_node() {
    if ! command -v node >/dev/null 2>&1; then
        lacks "Node $NODE_MAJOR or newer" "nodejs.org, 'nvm install $NODE_MAJOR' or your system's nodejs package"
    elif [ "$(node -p 'process.versions.node.split(".")[0]')" -lt "$NODE_MAJOR" ]; then
        lacks "Node $NODE_MAJOR or newer (this is $(node --version))" "nodejs.org or 'nvm install $NODE_MAJOR'"
    fi
    command -v npm >/dev/null 2>&1 || lacks "npm" "it comes with Node; some systems have it as the package 'npm'"
}

# fresh STAMP FILE...: was this very content installed already?
sum_of() { cat "$@" | cksum; }
fresh() {
    stamp="$1"
    shift
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(sum_of "$@")" ]
}

PINS="requirements.txt requirements-dev.txt scripts/setup.sh"
LOCK="package.json package-lock.json"

# shellcheck disable=SC2086  # the lists of files are meant to be split
if fresh .venv/.stamp $PINS && fresh node_modules/.stamp $LOCK; then exit 0; fi

need_python
need_node
[ "$missing" -eq 0 ] || exit 1

# shellcheck disable=SC2086
if ! fresh .venv/.stamp $PINS; then
    if ! usable .venv/bin/python; then
        say "making .venv with $python"
        "$python" -m venv --clear .venv
    fi
    say "installing the Python packages of requirements-dev.txt"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements-dev.txt >&2
    # Runs where it is called, so that file names mean what they say there; -P: no package of that folder's.
    printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -P -m cli.main "$@"\n' "$PWD" "$PWD" >.venv/bin/hearthline
    chmod +x .venv/bin/hearthline
    if ! command -v chromium >/dev/null 2>&1; then
        say "optional: Chromium, for the tests of pages, which are skipped without (Debian: apt-get install chromium)"
    fi
    sum_of $PINS >.venv/.stamp
fi
# shellcheck disable=SC2086
if ! fresh node_modules/.stamp $LOCK; then
    say "installing Azurite and the tests' CQL engine with npm"
    npm ci --no-audit --no-fund --loglevel=error >&2
    sum_of $LOCK >node_modules/.stamp
fi
