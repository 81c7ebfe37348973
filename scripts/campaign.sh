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
	# Pieces of 20 minutes at most, over a mailbox that is kept: what is done at this commit is not done again.
	n=${MESSAGES:-50000} dir=$PWD/bench/out/budgets-${MESSAGES:-50000} commit=$(git describe --always --dirty=+ --exclude='*')
	mkdir -p "$dir"
	command -v notmuch >/dev/null || apt-get install -y -q --no-install-recommends notmuch >/dev/null || echo "campaign: without notmuch no peer is measured" >&2
	for piece in TestBudgetMailbox TestBudgetPeer TestCheck07_Budgets TestCheck08_Timing; do
		[ ! -e "$dir/done-$commit-$piece" ] || continue
		HOLDOVER_BUDGETS=$n HOLDOVER_BUDGETS_DIR=$dir HOLDOVER_MEASUREMENTS=$PWD/docs/measurements.md \
			go test ./web -run "^$piece\$" -count=1 -timeout 20m -v || { echo "campaign: $piece did not end well; call it again to go on there" >&2; exit 1; }
		touch "$dir/done-$commit-$piece"
	done
	;;
seeds)
	exec python3 scripts/seeds.py
	;;
walk | storybook)
	exec python3 scripts/walk.py "$1"
	;;
*)
	echo "campaign: there is seeds (SEEDS=200 ITEMS=500 JOBS=2), walk and storybook (JOBS=2 MINUTES=15) and budgets (MESSAGES=50000): an interrupted run goes on where it stopped; there is kills (KILLS=200 sets how many) and pace (MAILBOXES=500)" >&2
	exit 2
	;;
esac
