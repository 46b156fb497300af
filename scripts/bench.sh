#!/bin/sh
# Measures starmp beside CPython 3.13 and 3.11, where they are found: scripts/bench.sh [-rounds N] [-run REGEXP] [-cpus LIST].
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CGO_ENABLED=0
go build -o "$dir/starmp" ./cmd/starmp
go build -o "$dir/bench" ./scripts/bench
"$dir/bench" -starmp "$dir/starmp" "$@"
