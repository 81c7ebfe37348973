#!/bin/bash
# campaign.sh NAME: a long run of one kind. Its figures are appended to docs/measurements.md.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
kills)
	cd demo
	HOLDOVER_KILLS=${KILLS:-200} HOLDOVER_MEASUREMENTS=$PWD/../docs/measurements.md \
		exec go test ./kills -run '^TestKills$' -count=1 -timeout 60m -v
	;;
*)
	echo "campaign: there is kills (KILLS=200 sets how many)" >&2
	exit 2
	;;
esac
