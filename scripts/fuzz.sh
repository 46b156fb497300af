#!/bin/sh
# Runs every fuzz test for a while: scripts/fuzz.sh [TIME], one minute each by default. What it finds is written to the
# package's testdata/fuzz, to be committed as a named regression.
set -eu
cd "$(dirname "$0")/.."
time=${1:-1m}
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
	done
done
