#!/bin/sh
# Writes the expected output of the scenarios in testdata/mp and testdata/lib again, as CPython 3.13 prints it:
#
#	scripts/goldens.sh [testdata/mp/NAME.star ...]
#
# A script whose text says "CPython: no" does what CPython cannot do or does differently; its golden file is written by
# hand. Each script runs twice, so that output that depends on timing shows itself.
set -eu
cd "$(dirname "$0")/.."
python=
for candidate in "${PYTHON:-}" python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python3 python3; do
	if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
		python=$candidate
		break
	fi
done
[ -n "$python" ] || { echo "goldens.sh: no Python 3.13 found; name one with PYTHON=" >&2; exit 1; }

[ $# -gt 0 ] || set -- testdata/mp/*.star testdata/lib/*.star
again=$(mktemp)
trap 'rm -f "$again"' EXIT
status=0
for script; do
	if grep -q '^#.* CPython: no' "$script"; then
		continue
	fi
	golden=${script%.star}.golden
	timeout 60 "$python" testdata/polyglot/prelude.py "$script" >"$golden" 2>"$again.err" </dev/null ||
		{ echo "$script: exit status $?"; cat "$again.err"; status=1; }
	timeout 60 "$python" testdata/polyglot/prelude.py "$script" >"$again" 2>/dev/null </dev/null || true
	cmp "$golden" "$again" || status=1
	rm -f "$again.err"
done
exit $status
