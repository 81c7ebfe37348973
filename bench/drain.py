#!/usr/bin/env python3
"""How fast an outage drains back, beside its peers, in turns, so that a slow minute hits both.

  drain.py [--n 2000] [--boxes 8] [--rounds 5] [--smtp 10000] [--smtp-rounds 3]

sync-back-imap  into a real Dovecot: claims, APPENDs, look-ups and the ledger, from the end of the event until
                every row is verified; into one mailbox, and into several; peer: a plain APPEND loop
                over one connection (reinject.py append)
sync-back-smtp  to a next hop that was away and comes back (smtp-sink): until the last is accepted and its
                row written; nothing can be looked up there; peer: Postfix's flush of as many
                deferred messages (reinject.py drain)

No pace is set on either side. The sync-back runs in a test binary (syncback/drain_bench_test.go): store on
disk, ledger, connectors and workers as in the product, without pages and release.
"""
import argparse, tempfile, threading
from holdover import ROOT
from peers import *

a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
a.add_argument("--n", type=int, default=2000)
a.add_argument("--boxes", type=int, default=8)
a.add_argument("--rounds", type=int, default=5)
a.add_argument("--smtp", type=int, default=10000)
a.add_argument("--smtp-boxes", type=int, default=8)
a.add_argument("--smtp-rounds", type=int, default=3)
a.add_argument("--timeout", type=float, default=300, help="seconds after which one filling or draining is given up")
o = a.parse_args()
need(("smtp-sink", "postfix"))
d = workdir()
exe = d + "/syncback.test"
subprocess.run(["go", "test", "-c", "-o", exe, "./syncback"], cwd=ROOT, check=True)


def reinject(*args):
    r = subprocess.run([sys.executable, f"{HERE}/reinject.py", *args], stdout=subprocess.PIPE, text=True)
    if r.returncode:
        die("reinject.py failed")
    return json.loads(r.stdout.strip().splitlines()[-1])


class Outage:
    """A store that was filled while the gate was closed; go() ends the event and waits for the drain."""

    def __init__(self, **what):
        tmp = tempfile.mkdtemp(dir=d)
        self.p = subprocess.Popen([exe, "-test.run", "^TestDrainBench$", "-test.timeout", "30m"], cwd=ROOT + "/syncback", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=dict(os.environ, TMPDIR=tmp, HOLDOVER_DRAIN_BENCH=json.dumps(what)))
        at_exit(self.p.kill)
        self.line("ready", "filling the outage")

    def line(self, begin, doing):
        """The next line of the sync-back that begins so; the run is given up when that takes too long."""
        said = []
        late = threading.Timer(o.timeout, self.p.kill)
        late.start()
        for l in self.p.stdout:
            if l.startswith(begin):
                late.cancel()
                return l
            said.append(l)
        die(f"{doing}: the sync-back ended early or took more than {o.timeout} s; it said:\n" + "".join(said[-20:]))

    def go(self):
        self.p.stdin.write("go\n")
        self.p.stdin.flush()
        r = json.loads(self.line("{", "draining"))
        self.p.wait()
        return r


def in_turn(k, *parts):
    """Each round begins with another part, and each part with a disk that has written what went before."""
    for i in range(len(parts)):
        os.sync()
        parts[(k + i) % len(parts)]()


def users(k, n):
    return [f"r{k}b{i}" for i in range(n)]


if o.rounds:
    corpus, base = d + "/corpus", d + "/back"
    genmail(corpus, max(o.n, 2000), chown=UID)
    os.makedirs(base)
    os.chown(base, UID, UID)
    dov = Dovecot(d + "/dov", base, extra="mail_fsync = optimized\n")
    loop, one, several, cpu = [], [], [], []

    def append_loop():
        loop.append(reinject("append", "--target", f"127.0.0.1:{dov.imap}", "--corpus", corpus, "--corpus-n", str(max(o.n, 2000)), "--n", str(o.n), "--connections", "1", "--runs", "1")["per_s"])

    def into_one():
        one.append(first.go()["per_s"])

    def into_several():
        r = second.go()
        several.append(r["per_s"])
        cpu.append(r["cpu_ms_per_message"])

    for k in range(o.rounds):
        first = Outage(imap=f"127.0.0.1:{dov.imap}", password="bench", users=users(2 * k, 1), n=o.n, corpus=corpus + "/u1/Maildir/cur")
        second = Outage(imap=f"127.0.0.1:{dov.imap}", password="bench", users=users(2 * k + 1, o.boxes), n=o.n, corpus=corpus + "/u1/Maildir/cur")
        in_turn(k, append_loop, into_one, into_several)
        log(f"round {k + 1}: loop {loop[-1]:.0f}, one mailbox {one[-1]:.0f}, {o.boxes} mailboxes {several[-1]:.0f} a second")
    ratio = lambda xs: round(median([x / l for x, l in zip(xs, loop)]), 2)
    emit(figure="imap-append", peer="APPEND loop, Dovecot", connections=1, messages=o.n, per_s=round(median(loop)), runs=[round(x) for x in loop])
    emit(figure="sync-back-imap", peer="holdover, Dovecot", mailboxes=1, messages=o.n, per_s=round(median(one)), runs=[round(x) for x in one], times_loop=ratio(one), pace="none", look_ups="included")
    emit(figure="sync-back-imap", peer="holdover, Dovecot", mailboxes=o.boxes, messages=o.n, per_s=round(median(several)), runs=[round(x) for x in several], times_loop=ratio(several), pace="none",
         look_ups="included", cpu_ms_per_message=round(median(cpu), 2))
    dov.stop()

if o.smtp_rounds:
    letters = d + "/letters"
    os.makedirs(letters)
    for i in range(o.smtp):  # 10 KiB, as smtp-source makes them for Postfix; no two alike, or the store would keep one (design L1)
        with open(f"{letters}/{i:06}", "w") as f:
            f.write(f"Message-ID: <letter{i}@sender.example>\nFrom: bench@sender.example\nTo: u1@bench.test\nSubject: letter {i}\nDate: Sat, 21 Nov 2026 09:00:00 +0000\n\n" + ("X" * 78 + "\n") * 128)
    flush, ours, cpu, peer_cpu = [], [], [], []

    def postfix():
        r = reinject("drain", "--n", str(o.smtp), "--runs", "1", "--timeout", str(o.timeout))
        flush.append(r["seconds"])
        peer_cpu.append(r["cpu_ms_per_message"])

    def sync_back():
        s = Sink(port)
        r = out.go()
        s.wait(o.smtp, 10)  # our last row is written after its answer
        s.stop()
        if s.n != o.smtp:
            die(f"the next hop has {s.n} of {o.smtp} messages")
        ours.append(r["seconds"])
        cpu.append(r["cpu_ms_per_message"])

    for k in range(o.smtp_rounds):
        port = free_port()
        out = Outage(smtp=f"127.0.0.1:{port}", users=users(k, o.smtp_boxes), n=o.smtp, corpus=letters)
        in_turn(k, postfix, sync_back)
        log(f"round {k + 1}: Postfix {flush[-1]:.1f} s, sync-back {ours[-1]:.1f} s")
    emit(figure="drain-smtp", peer="postfix", messages=o.smtp, seconds=round(median(flush), 2), per_s=round(o.smtp / median(flush)), runs_s=[round(x, 1) for x in flush], cpu_ms_per_message=median(peer_cpu))
    emit(figure="sync-back-smtp", peer="holdover", messages=o.smtp, mailboxes=o.smtp_boxes, seconds=round(median(ours), 2), per_s=round(o.smtp / median(ours)), runs_s=[round(x, 1) for x in ours],
         cpu_ms_per_message=round(median(cpu), 2), times_postfix=round(median([f / x for f, x in zip(flush, ours)]), 2), connections=5, pace="none", look_ups="none possible")
