#!/bin/bash
# test.sh: every check and every test of both modules. It goes on after a failure, so that one run
# shows everything, and ends with a non-zero status if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

export HOLDOVER_CORPUS=${HOLDOVER_CORPUS:-$PWD/../shared/corpus}
failed=()

step() {
	local name=$1 begin=$SECONDS
	shift
	echo "== $name"
	if "$@"; then
		echo "-- $name: ok, $((SECONDS - begin)) s"
	else
		failed+=("$name")
		echo "-- $name: FAILED, $((SECONDS - begin)) s"
	fi
}

must() { step "$@"; [ ${#failed[@]} -eq 0 ] || finish; }

finish() {
	echo "== in all: $SECONDS s"
	[ ${#failed[@]} -eq 0 ] && { echo "everything passed"; exit 0; }
	printf 'failed: %s\n' "${failed[@]}"
	exit 1
}

formatted() {
	local files
	files=$(find . -name '*.go' -not -path './.git/*' -not -path '*/node_modules/*' -print0 | xargs -0 gofmt -l) || return 1
	[ -z "$files" ] || { echo "run gofmt -w on:"; echo "$files"; return 1; }
}

# The committed code of the templ components is what the generator makes of them.
generated() {
	local before after
	before=$(find . -name '*_templ.go' -print0 | sort -z | xargs -0 sha256sum)
	go tool templ generate >/dev/null || return 1
	after=$(find . -name '*_templ.go' -print0 | sort -z | xargs -0 sha256sum)
	[ "$before" = "$after" ] || { echo "the committed *_templ.go differ from what templ generates: run make generate and commit"; return 1; }
}

indemo() { (cd demo && "$@"); }

must packages ./scripts/install.sh test
must build make --no-print-directory build
step format formatted
step generated generated
step vet go vet ./...
step "vet demo" indemo go vet ./...
step tests go test -cover -timeout 25m ./...
step "tests demo" indemo go test -cover -count=1 -timeout 20m ./...
finish
