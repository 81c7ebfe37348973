#!/usr/bin/env python3
"""The campaigns of the pages: every page in every state in all looks (walk), and every component in every mood (storybook).

Each state is seen at 1280 and 390 px, light and dark, German and English, judged by axe each time, then at 320 px, at 200 % zoom and
in a language four tenths longer. JOBS (one a core) browsers share the states; a piece ends after MINUTES (15). A state that has its verdict is
not visited again at the same commit: stop it whenever you like and call it again. When all were visited their sum is one row of the table
in docs/measurements.md. Verdicts: bench/out/NAME-COMMIT.jsonl.
"""
import collections, datetime, os, shutil, subprocess, sys

from campaigns import Campaign

jobs, minutes = min(8, int(os.environ.get("JOBS", os.cpu_count()))), int(os.environ.get("MINUTES", 15))
name = sys.argv[1]
campaign = Campaign(name, "State")
work = campaign.work()


def left():
    have = campaign.lines()
    return next((l["Of"] for l in have.values()), 1) - len(have)


def share(n):
    played = lambda: sum(l["Share"] == f"{n}/{jobs}" for l in campaign.lines().values())
    while True:
        before = played()
        well = campaign.play(f"share {n + 1}/{jobs}", [f"{work}/web.test", "-test.run", "^TestCheck(01_Axe|02_Policy|03_Foreign|06_Targets|18_Language)$"],
                             {"HOLDOVER_WALK": {"walk": "pages", "storybook": "storybook"}[name], "HOLDOVER_WALK_OUT": campaign.out, "HOLDOVER_WALK_SHARE": f"{n}/{jobs}", "HOLDOVER_WALK_MINUTES": str(minutes), "TMPDIR": work}, "web", None)
        if played() == before or well and not left():
            return


def row(all):
    faults, undecided, marks = collections.Counter(), set(), collections.Counter()
    for l in all:
        for check, list in l["Found"].items():
            faults[check] += len(list)
        undecided.update(l["Incomplete"])
    looks, judged = sum(l["Looks"] for l in all), sum(l["Judged"] for l in all)
    return (f"| {datetime.date.today()} | {campaign.commit} | {name} | {len(all)} | {looks} | {judged} | {faults['01']} | {len(undecided)} | {faults['02']} | {faults['03']} | "
            f"{faults['06']} | {faults['18']} | {faults['broke']} | {round(sum(l['Seconds'] for l in all) / 60)} |\n")


HEAD = """
## Walk

`make campaign walk`: every page of the webmail and the desk in every state; `make campaign storybook`: every component in every mood. All looks: 1280 and 390 px, light and dark, German
and English, axe-core asked in each; then 320 px, 200 % zoom and a language four tenths longer. Kinds left open by axe-core are those reviewed in `web/testdata/axe-incomplete.txt`.

| date | commit | walk | states | states x looks | judged by axe | axe violations | kinds left open, reviewed | policy violations, console errors | foreign requests | targets, overflow, cut-off words | keys shown | broken off | minutes |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

try:
    subprocess.run(["go", "test", "-c", "-o", f"{work}/web.test", "./web"], check=True)
    campaign.side_by_side([(n,) for n in range(jobs)], jobs, share)
finally:
    shutil.rmtree(work, ignore_errors=True)
all = list(campaign.lines().values())
for l in all:
    for check, found in sorted(l["Found"].items()):
        for what in found:
            print(check, what)
campaign.end(row(all), left(), any(l["Found"] for l in all), HEAD)
