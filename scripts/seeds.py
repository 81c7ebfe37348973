#!/usr/bin/env python3
"""The campaign of the sync-back: seeds of faults and kills against the stand-in Exchange.

Plays seeds 1 to SEEDS (200) with ITEMS (500) items each, JOBS (one a core) at a time, in pieces of
PIECE (10) seeds. A piece ends after 20 minutes at most, and a seed that was played is not played again
at the same commit: stop it whenever you like and call it again. When all are played their sum is one
row of the table in docs/measurements.md. Lines of the seeds: bench/out/seeds-COMMIT-ITEMS.jsonl.
"""
import collections, datetime, os, shutil, subprocess

from campaigns import Campaign

seeds, items = int(os.environ.get("SEEDS", 200)), int(os.environ.get("ITEMS", 500))
jobs, piece = int(os.environ.get("JOBS", os.cpu_count())), int(os.environ.get("PIECE", 10))
campaign = Campaign("seeds", "Seed", f"-{items}")
work = campaign.work()  # no flush is tested here, only kills


def play(first, last):
    campaign.play(f"seeds {first}-{last}", [f"{work}/syncback.test", "-test.run", "^TestCampaign$"],
                  {"HOLDOVER_SEEDS": f"{first}-{last}", "HOLDOVER_ITEMS": str(items), "HOLDOVER_CAMPAIGN_OUT": campaign.out, "TMPDIR": work}, "syncback", seeds)


def row(all):
    s = lambda k: sum(l[k] for l in all)
    points = collections.Counter()
    for l in all:
        points.update(l["Points"] or {})
    bad = [str(l["Seed"]) for l in all if l["Failed"]]
    kinds = collections.Counter(l["Profile"] for l in all)
    shared = sum(l["Nodes"] > 1 for l in all)
    return (f"| {datetime.date.today()} | {campaign.commit} | {len(all)} | {s('Acts')} | {s('Rows')} | {', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))} | {s('Kills')} at {len(points)} points | "
            f"{s('Faults')} | {shared} ({sum(l['Dialect'] == 'postgres' for l in all)} on PostgreSQL), {s('Freezes')} freezes | {s('Deeds')} | {round(s('Seconds') / 60)} | {' '.join(bad) or 'none'} |\n")


HEAD = """
## Seeds

`make campaign seeds`: an outage and its end against the stand-in Exchange (a scripted double), on a simulated clock: bad weather on every face, kills
before and after each write and each call to Exchange, work in the portal and in Exchange while it drains, some stores shared by two or five nodes of which one is frozen for
shorter and for longer than a lease. A seed has failed if one message is lost, doubled, in the wrong folder or state, a draft is left over, or a row of the ledger is not verified.

| date | commit | seeds | items | rows | profiles | kills | faults met | nodes sharing a store | people's doings in Exchange | minutes | failed seeds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

try:
    subprocess.run(["go", "build", "-o", "../bin/standin", "./cmd/standin"], cwd="demo", check=True)
    subprocess.run(["go", "test", "-c", "-o", f"{work}/syncback.test", "./syncback"], check=True)
    have = campaign.lines()
    todo = [(a, min(a + piece - 1, seeds)) for a in range(1, seeds + 1, piece) if any(n not in have for n in range(a, min(a + piece - 1, seeds) + 1))]
    campaign.side_by_side(todo, jobs, play)
finally:
    shutil.rmtree(work, ignore_errors=True)
all = [l for n, l in sorted(campaign.lines().items()) if n <= seeds]
campaign.end(row(all), seeds - len(all), any(l["Failed"] for l in all), HEAD)
