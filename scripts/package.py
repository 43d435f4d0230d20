"""`make package`: the zip that goes to Azure, the same bytes for the same commit and the same packages.

Two kinds (docs/host.md says when which): ready to run, with the packages of requirements.txt and bytecode; or
`--source`, for a build on Azure. Both hold what git tracks and .funcignore does not name. Prints JSON.
"""

from __future__ import annotations

import argparse
import compileall
import json
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".package"
PACKAGES = ".python_packages/lib/site-packages"
"""Where Azure looks for packages that are brought along:
https://learn.microsoft.com/azure/azure-functions/python-build-options."""
WWWROOT = "/home/site/wwwroot"
"""Where Azure puts the app, and so what tracebacks name."""
PYTHON = "3.13"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
"""What wheels may be for: Azure runs the app on Debian or Ubuntu with glibc 2.31 or newer."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the oldest that a zip can tell."""

NEEDLESS = {
    "phonenumbers/geodata/*": "places of numbers; we ask for countries, kinds and time zones",
    "phonenumbers/carrierdata/*": "carriers of numbers, which nobody asks for",
    "zstandard/_cffi*": "the second of two implementations; CPython takes the other one",
    "_duckdb-stubs/*": "types for editors",
    "adbc_driver_duckdb/*": "a second door to DuckDB",
    "bin/*": "commands of packages",
    "*.pyi": "types for editors",
    "*.pyx": "sources of compiled modules",
    "*.pxd": "the same",
    "*.pxi": "the same",
    "*.c": "the same",
    "*.h": "the same",
}
"""Files of packages that nothing here reads, a sixth of them all by size, and why."""


def packed(root: Path, files: Iterable[str]) -> list[str]:
    """Return those of `files` (paths below `root`, with slashes) that .funcignore lets through, sorted."""
    ignored = GitIgnoreSpec.from_lines((root / ".funcignore").read_text().splitlines())
    return sorted(name for name in files if not ignored.match_file(name))


def tracked(root: Path) -> list[str]:
    """List what git tracks and is still there. Raises CalledProcessError outside a repository."""
    command = ["git", "ls-files", "-z", "--cached"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (root / name).is_file()]


def needless(name: str) -> bool:
    """Say whether a file of a package (its path below site-packages) can be left out."""
    return any(fnmatch(name, pattern) for pattern in NEEDLESS)


def stage(root: Path, folder: Path) -> None:
    """Copy what goes to Azure into an empty folder."""
    for name in packed(root, tracked(root)):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)


def install(folder: Path) -> None:
    """Put the packages of requirements.txt beside the app: wheels for Azure, whatever machine this is."""
    wheels = [word for each in PLATFORMS for word in ("--platform", each)]
    options = ["--only-binary=:all:", "--no-compile", "--quiet", "--python-version", PYTHON, *wheels]
    target, wanted = str(folder / PACKAGES), str(folder / "requirements.txt")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", target, "-r", wanted]
    subprocess.run(command, check=True, stdout=sys.stderr)
    for path in files_of(folder / PACKAGES):
        if needless(path.relative_to(folder / PACKAGES).as_posix()):
            path.unlink()


def compile_all(folder: Path) -> None:
    """Write bytecode that is used without a look at its source: Azure mounts the app read-only.

    Without it every cold start would compile every module anew: twice to three times as long.
    """
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(
        folder, maxlevels=20, quiet=2, stripdir=str(folder), prependdir=WWWROOT, invalidation_mode=unchecked
    )


def files_of(folder: Path) -> list[Path]:
    """List all files below a folder, sorted by path."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def write_zip(folder: Path, target: Path) -> None:
    """Write a zip of a folder's files that says nothing of when and where it was made."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes())


def figures(folder: Path, target: Path) -> dict[str, object]:
    """Tell the sizes: of the zip, of what it holds, and of what is largest in it; in MB."""
    sizes: Counter[str] = Counter()
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        own = name.removeprefix(f"{PACKAGES}/").split("/")
        sizes[own[0] if name.startswith(PACKAGES) else "our own"] += path.stat().st_size
    largest = {name: round(size / 1e6, 1) for name, size in sizes.most_common(12)}
    mb = {"zip": target.stat().st_size, "unpacked": sizes.total(), "our own": sizes["our own"]}
    told = {f"{name} MB": round(size / 1e6, 2) for name, size in mb.items()}
    shown = target.relative_to(ROOT) if target.is_relative_to(ROOT) else target
    return {"package": str(shown), "files": len(files_of(folder)), **told, "largest, MB": largest}


def build(root: Path, target: Path, source: bool) -> dict[str, object]:
    """Make one package. Raises CalledProcessError where git or pip fail."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        stage(root, folder)
        if not source:
            install(folder)
            compile_all(folder)
        write_zip(folder, target)
        return figures(folder, target)


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--source", action="store_true", help="without packages, for a build on Azure")
    source = parser.parse_args().source
    target = FOLDER / ("hearthline-source.zip" if source else "hearthline.zip")
    try:
        told = build(ROOT, target, source)
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"package: {' '.join(failed.cmd[:4])} … failed\n")
        return 1
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
