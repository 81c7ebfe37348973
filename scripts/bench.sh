#!/bin/bash
# bench.sh: Holdover beside its peers on this machine, now. JSON lines go to bench/out/, a table is
# printed and appended to docs/measurements.md.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/out
out=bench/out/$(date -u +%Y%m%dT%H%M%SZ).jsonl
status=0
{ python3 bench/spine.py "$@" && python3 bench/drain.py; } | tee "$out" || status=$?
[ $status -eq 0 ] || { echo "bench: not every figure was measured (exit status $status): nothing is recorded" >&2; exit $status; }
python3 - "$out" "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" docs/measurements.md <<'PY'
import datetime, json, os, sys
lines, commit, page = [json.loads(l) for l in open(sys.argv[1]) if l.startswith("{")], sys.argv[2], sys.argv[3]
text = f"\n## Bench of {datetime.date.today()}, commit {commit}\n\n"
text += f"`make bench` on {os.cpu_count()} cores, medians; lines beside each other were taken in this order within one run.\n\n"
text += "| figure | who | values |\n| --- | --- | --- |\n"
for l in lines:
    rest = ", ".join(f"{k} {v}" for k, v in l.items() if k not in ("figure", "peer", "name"))
    text += f"| {l.get('figure', 'accept')} | {l.get('peer') or l.get('name')} | {rest} |\n"
print(text)
with open(page, "a") as f:
    f.write(text)
PY
