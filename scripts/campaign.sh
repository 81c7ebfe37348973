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
pace)
	HOLDOVER_PACE=${MAILBOXES:-500} HOLDOVER_MEASUREMENTS=$PWD/docs/measurements.md \
		exec go test ./syncback -run '^TestPaceReachesTheLimits$' -count=1 -timeout 60m -v
	;;
seeds)
	exec python3 scripts/seeds.py
	;;
*)
	echo "campaign: there is seeds (SEEDS=200 ITEMS=500 JOBS=2: an interrupted run goes on where it stopped), and there is kills (KILLS=200 sets how many) and pace (MAILBOXES=500)" >&2
	exit 2
	;;
esac
