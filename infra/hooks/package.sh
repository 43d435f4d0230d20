#!/bin/sh
# Before azd packs the app: makes the package as `make package` does, and lays it out for azd to pack again.
set -eu

folder=.package/app
make package
rm -rf "$folder"
mkdir -p "$folder"
.venv/bin/python -m zipfile -e .package/hearthline.zip "$folder"

# azd leaves __pycache__ out, unless there is an ignore file that does not:
# https://github.com/Azure/azure-dev/blob/main/cli/azd/pkg/project/project_utils.go
echo '# all of it' >"$folder/.funcignore"
