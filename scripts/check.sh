#!/bin/sh
# The gate: everything that must hold before a change is pushed. Run it from a tree without uncommitted changes.
#
#	scripts/check.sh        everything
#	scripts/check.sh quick  without the race detector and the tests of the portable fallback
set -eu
cd "$(dirname "$0")/.."

# Pinned here rather than in go.mod, whose readers need none of its dependencies.
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

export CGO_ENABLED=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=
show=no

# step NAME COMMAND...: runs the command, shows its output if it fails, and goes on.
step() {
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$dir/out" 2>&1; then
		echo "ok    $name ($(($(date +%s) - start)) s)"
		[ "$show" = no ] || grep -E '^(ok|\?)' "$dir/out"
	else
		echo "FAIL  $name ($(($(date +%s) - start)) s): $*"
		cat "$dir/out"
		failed="$failed $name"
	fi
}

# tests NAME COMMAND...: a step that shows the closing lines of go test even if it passes.
tests() {
	show=yes
	step "$@"
	show=no
}

formatted() {
	files=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
	[ -z "$files" ] || { echo "$files"; return 1; }
}

clean() {
	changes=$(git status --porcelain)
	[ -z "$changes" ] || { echo "$changes"; return 1; }
}

step tidy go mod tidy -diff
step gofmt formatted
step vet go vet ./...
step vet-portable go vet -tags starmp_portable ./...
step vet-darwin env GOOS=darwin go vet ./...
step build-windows env GOOS=windows go build ./...
step staticcheck go run "$staticcheck" ./...
tests test go test ./...

if [ "${1:-}" != quick ]; then
	# The fallback for systems without futexes: the packages that have one, then the command that uses it.
	tests test-portable go test -tags starmp_portable ./mp/internal/... ./mp
	step build-portable go build -tags starmp_portable -o "$dir/portable" ./cmd/starmp
	tests scripts-portable env STARMP_BIN="$dir/portable" go test -skip CPython ./scripts

	# The race detector sees the arena only where it is made of Go memory, and needs a C compiler.
	if command -v "${CC:-cc}" >/dev/null 2>&1; then
		tests race env CGO_ENABLED=1 go test -race -timeout 30m ./mp/wire ./mp/ship ./mp/internal/... ./stdlib ./interp ./interp/internal/...
	else
		echo "skip  race: no C compiler"
	fi
fi
step clean-tree clean

if [ -n "$failed" ]; then
	echo "failed:$failed"
	exit 1
fi
echo "all ok"
