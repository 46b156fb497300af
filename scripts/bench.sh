#!/bin/sh
# Measures starmp beside CPython 3.13 and 3.11 and what the machine allows, as far as they are found:
#
#	scripts/bench.sh [-rounds N] [-run REGEXP] [-cpus LIST] [-json FILE] [-md FILE] [-svg FILE] [SCRIPT.star ...]
#	scripts/bench.sh -growth [-run REGEXP] [-cpus LIST]
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CGO_ENABLED=0
go build -o "$dir/starmp" ./cmd/starmp
go build -o "$dir/bench" ./scripts/bench
limit=
if ${CC:-cc} -O2 -o "$dir/limit" scripts/bench/limit/limit.c 2>"$dir/cc"; then
	limit=$dir/limit
else
	echo "bench: the machine's limits are left out: $(head -n 1 "$dir/cc")" >&2
fi
"$dir/bench" -starmp "$dir/starmp" -limit "$limit" "$@"
