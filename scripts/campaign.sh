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
budgets)
	HOLDOVER_BUDGETS=${MESSAGES:-50000} HOLDOVER_MEASUREMENTS=$PWD/docs/measurements.md \
		exec go test ./web -run '^TestCheck0(7_Budgets|8_Timing)$' -count=1 -timeout 20m -v
	;;
seeds | walk)
	exec python3 "scripts/$1.py"
	;;
*)
	echo "campaign: there is seeds (SEEDS=200 ITEMS=500 JOBS=2) and walk (JOBS=2 MINUTES=15): an interrupted run goes on where it stopped; there is kills (KILLS=200 sets how many) pace (MAILBOXES=500) and budgets (MESSAGES=50000)" >&2
	exit 2
	;;
esac
