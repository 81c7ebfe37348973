#!/bin/bash
# bench.sh [PART...]: Holdover beside its peers on this machine, now. JSON lines go to bench/out/, a table is
# printed and appended to docs/measurements.md. A part that fails or takes more than 20 minutes is named
# in the table and makes the exit status 1; run it again by its name: scripts/bench.sh "drain.py imap".
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- "spine.py accept" "spine.py threads" "spine.py big" "drain.py imap" "drain.py smtp" "drain.py seen"
mkdir -p bench/out
out=bench/out/$(date -u +%Y%m%dT%H%M%SZ).jsonl
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown) # what is measured, whatever is committed meanwhile
failed=()
for part in "$@"; do
	echo "bench: $part" >&2
	# shellcheck disable=SC2086
	if ! timeout -k 30 1200 python3 bench/$part | tee -a "$out"; then
		echo "bench: $part: not every figure was measured" >&2
		failed+=("$part")
	fi
done
python3 - "$out" "$commit" docs/measurements.md "${failed[@]}" <<'PY'
import datetime, json, os, sys
out, commit, page, *failed = sys.argv[1:]
lines = [json.loads(l) for l in open(out) if l.startswith("{")]
text = f"\n## Bench of {datetime.date.today()}, commit {commit}\n\n"
text += f"`make bench` on {os.cpu_count()} cores, medians; lines beside each other were taken in this order within one run.\n\n"
text += "| figure | who | values |\n| --- | --- | --- |\n"
for l in lines:
    rest = ", ".join(f"{k} {v}" for k, v in l.items() if k not in ("figure", "peer", "name"))
    text += f"| {l.get('figure', 'accept')} | {l.get('peer') or l.get('name')} | {rest} |\n"
for part in failed:
    text += f"| {part} | | did not run to its end |\n"
print(text)
with open(page, "a") as f:
    f.write(text)
PY
[ ${#failed[@]} -eq 0 ]
