"""What the long campaigns share: pieces that are played in turns and remembered by commit, and their row in docs/measurements.md.

A campaign's program appends one JSON object for each of its units (a seed, a page's state) to the file that it is given. A unit that
stands there is not played again at the same tree: a campaign may be stopped at any time and called again.
"""
import hashlib, json, os, subprocess, sys, tempfile, threading

os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tree():
    """The commit at hand; with a + and a hash of what is changed beside it."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changes = subprocess.run(["git", "diff", "HEAD"], capture_output=True, check=True).stdout
    return commit + ("+" + hashlib.sha1(changes).hexdigest()[:4] if changes else "")


class Campaign:
    """One campaign at one tree: name, and what else makes results differ."""

    def __init__(self, name, unit, variant=""):
        self.name, self.unit, self.commit = name, unit, tree()
        os.makedirs("bench/out", exist_ok=True)
        self.out = os.path.abspath(f"bench/out/{name}-{self.commit}{variant}.jsonl")
        self.begin = threading.Lock()

    def lines(self):
        """The results so far, by unit."""
        if not os.path.exists(self.out):
            return {}
        return {l[self.unit]: l for l in map(json.loads, open(self.out))}

    def work(self):
        """A folder for the pieces, in memory where there is one."""
        work = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None, prefix=self.name + ".")
        os.chmod(work, 0o755)  # PostgreSQL runs as somebody else
        return work

    def play(self, title, program, env, cwd, of):
        """Plays one piece: a program of at most 20 minutes. Answers whether it found nothing wrong."""
        log = f"{self.out}.{title.replace(' ', '-').replace('/', '-')}.log"
        with open(log, "w") as f:
            r = subprocess.run(["nice"] + program + ["-test.v", "-test.timeout", "20m"], cwd=cwd, stdout=f, stderr=subprocess.STDOUT, env=dict(os.environ, **env))
        well = r.returncode == 0
        print(f"{title}: {'all well' if well else 'NOT WELL, see ' + log}; {len(self.lines())} of {of or 'all'} played", flush=True)
        if well:
            os.unlink(log)
        return well

    def side_by_side(self, todo, jobs, play):
        """Calls play with each of todo, several at a time."""
        def worker():
            while True:
                with self.begin:
                    if not todo:
                        return
                    one = todo.pop(0)
                play(*one)
        workers = [threading.Thread(target=worker) for _ in range(jobs)]
        [w.start() for w in workers]
        [w.join() for w in workers]

    def end(self, row, left, failed, head):
        """Prints the row; when nothing is left puts it below the others of its section, which begins with head."""
        print(row)
        if left:
            sys.exit(f"{left} are not played yet: call it again")
        append(head, row)
        sys.exit(failed)


def append(head, row):
    page, section = "docs/measurements.md", head.strip().splitlines()[0]
    whole = open(page).read()
    if f"\n{section}\n" not in whole:
        before, mark, after = whole.partition("\n## Bench of ")
        whole = before + head + row + mark + after
    else:
        table = whole.index("| --- |", whole.index(f"\n{section}\n"))
        at = whole.index("\n\n", table) + 1 if "\n\n" in whole[table:] else len(whole)
        whole = whole[:at] + row + whole[at:]
    open(page, "w").write(whole)
