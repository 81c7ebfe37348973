#!/usr/bin/env python3
"""The campaign of the sync-back: seeds of faults and kills against the stand-in Exchange.

Plays seeds 1 to SEEDS (200) with ITEMS (500) items each, JOBS (one a core) at a time, in pieces of
PIECE (10) seeds. A piece ends after 20 minutes at most, and a seed that was played is not played again
at the same commit: stop it whenever you like and call it again. When all are played their sum is one
row of the table in docs/measurements.md. Lines of the seeds: bench/out/seeds-COMMIT-ITEMS.jsonl.
"""
import collections, datetime, json, os, shutil, subprocess, sys, tempfile, threading

os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
seeds, items = int(os.environ.get("SEEDS", 200)), int(os.environ.get("ITEMS", 500))
jobs, piece = int(os.environ.get("JOBS", os.cpu_count())), int(os.environ.get("PIECE", 10))
commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
if subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True).stdout.strip():
    commit += "+"
os.makedirs("bench/out", exist_ok=True)
out = os.path.abspath(f"bench/out/seeds-{commit}-{items}.jsonl")
work = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None, prefix="seeds.")  # no flush is tested here, only kills
os.chmod(work, 0o755)  # PostgreSQL runs as somebody else


def lines():
    return {l["Seed"]: l for l in map(json.loads, open(out))} if os.path.exists(out) else {}


def play(first, last):
    log = f"{out}.{first}.log"
    with open(log, "w") as f:
        r = subprocess.run([f"{work}/syncback.test", "-test.run", "^TestCampaign$", "-test.v", "-test.timeout", "20m"], cwd="syncback", stdout=f, stderr=subprocess.STDOUT,
                           env=dict(os.environ, HOLDOVER_SEEDS=f"{first}-{last}", HOLDOVER_ITEMS=str(items), HOLDOVER_CAMPAIGN_OUT=out, TMPDIR=work))
    print(f"seeds {first}-{last}: {'all well' if r.returncode == 0 else 'NOT WELL, see ' + log}; {len(lines())} of {seeds} played", flush=True)
    if r.returncode == 0:
        os.unlink(log)


def worker(todo):
    while todo:
        play(*todo.popleft())


def row(all):
    s = lambda k: sum(l[k] for l in all)
    points = collections.Counter()
    for l in all:
        points.update(l["Points"] or {})
    bad = [str(l["Seed"]) for l in all if l["Failed"]]
    kinds = collections.Counter(l["Profile"] for l in all)
    shared = sum(l["Nodes"] > 1 for l in all)
    return (f"| {datetime.date.today()} | {commit} | {len(all)} | {s('Acts')} | {s('Rows')} | {', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))} | {s('Kills')} at {len(points)} points | "
            f"{s('Faults')} | {shared} ({sum(l['Dialect'] == 'postgres' for l in all)} on PostgreSQL), {s('Freezes')} freezes | {s('Deeds')} | {round(s('Seconds') / 60)} | {' '.join(bad) or 'none'} |\n")


HEAD = """
## Seeds

`make campaign seeds`: an outage and its end against the stand-in Exchange (a scripted double), on a simulated clock: bad weather on every face, kills
before and after each write and each call to Exchange, work in the portal and in Exchange while it drains, some stores shared by two or five nodes of which one is frozen for
shorter and for longer than a lease. A seed has failed if one message is lost, doubled, in the wrong folder or state, a draft is left over, or a row of the ledger is not verified.

| date | commit | seeds | items | rows | profiles | kills | faults met | nodes sharing a store | people's doings in Exchange | minutes | failed seeds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def append(text):
    page = "docs/measurements.md"
    whole = open(page).read()
    if "\n## Seeds\n" not in whole:
        before, mark, after = whole.partition("\n## Bench of ")
        whole = before + HEAD + text + mark + after
    else:
        at = whole.index("\n\n", whole.index("| --- |", whole.index("\n## Seeds\n"))) + 1 if "\n\n" in whole[whole.index("| --- |", whole.index("\n## Seeds\n")):] else len(whole)
        whole = whole[:at] + text + whole[at:]
    open(page, "w").write(whole)


try:
    subprocess.run(["go", "build", "-o", "../bin/standin", "./cmd/standin"], cwd="demo", check=True)
    subprocess.run(["go", "test", "-c", "-o", f"{work}/syncback.test", "./syncback"], check=True)
    have = lines()
    todo = collections.deque((a, min(a + piece - 1, seeds)) for a in range(1, seeds + 1, piece) if any(n not in have for n in range(a, min(a + piece - 1, seeds) + 1)))
    workers = [threading.Thread(target=worker, args=(todo,)) for _ in range(jobs)]
    [w.start() for w in workers]
    [w.join() for w in workers]
finally:
    shutil.rmtree(work, ignore_errors=True)
all = [l for n, l in sorted(lines().items()) if n <= seeds]
print(row(all))
if len(all) < seeds:
    sys.exit(f"{seeds - len(all)} seeds are not played yet: call it again")
append(row(all))
sys.exit(any(l["Failed"] for l in all))
