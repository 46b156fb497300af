#!/bin/sh
# Makes cmd/starmp/default.pgo, the profile that Go's compiler optimises the command with, from the benchmarks:
#
#	scripts/pgo.sh [ROUNDS]
#
# Run it on a quiet machine after changes to what is hot, or to go.starlark.net's version.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CGO_ENABLED=0
go build -o "$dir/starmp" ./scripts/pgo
for round in $(seq "${1:-3}"); do
	for script in attributes loops lock semaphore value queue_local queue_small round_trips manager pool_map pool_tasks; do
		STARMP_PROFILE=$dir/$script.$round.prof "$dir/starmp" "scripts/bench/$script.star" >/dev/null
	done
done
go tool pprof -proto -output "$dir/merged" "$dir"/*.prof >/dev/null 2>&1
mv "$dir/merged" cmd/starmp/default.pgo
ls -l cmd/starmp/default.pgo
