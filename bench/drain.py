#!/usr/bin/env python3
"""How fast an outage drains back, beside its peers, in turns, so that a slow minute hits both.

  drain.py [imap] [smtp] [seen] [--rounds 5] [--n 2000] [--boxes 8] [--smtp 10000]     all three unless named

imap   into a real Dovecot: claims, APPENDs, look-ups and the ledger, from the end of the event until
       every row is verified; into one mailbox, and into several; peer: a plain APPEND loop over one
       connection (reinject.py append)
smtp   to a next hop that was away and comes back (smtp-sink): until the last is accepted and its row
       written; nothing can be looked up there; peer: Postfix's flush of as many deferred messages
       (reinject.py drain)
seen   the same with a next hop that keeps the mail, another Postfix with Maildirs: until each message was
       found there through a real Dovecot and its row is verified; peer: Postfix's flush into the same,
       until all are stored (reinject.py drain --boxes)

No pace is set on either side. The sync-back runs in a test binary (syncback/drain_bench_test.go): store on
disk, ledger, connectors and workers as in the product, without pages and release. Postfix has its
defaults but for what keeps the messages deferred until the flush, and in_flow_delay = 0.
"""
import argparse, tempfile, threading
from holdover import ROOT
from peers import *

a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
a.add_argument("parts", nargs="*", choices=["imap", "smtp", "seen", []], default=[])
a.add_argument("--rounds", type=int, default=5)
a.add_argument("--n", type=int, default=2000, help="messages by IMAP")
a.add_argument("--boxes", type=int, default=8, help="how many several mailboxes are")
a.add_argument("--smtp", type=int, default=10000, help="messages by SMTP")
a.add_argument("--timeout", type=float, default=240, help="seconds after which one filling or draining is given up")
o = a.parse_args()
if o.smtp % o.boxes:
    a.error("--smtp must be a multiple of --boxes")
need(("smtp-sink", "postfix"))
d = workdir()
exe = d + "/syncback.test"
subprocess.run(["go", "test", "-c", "-o", exe, "./syncback"], cwd=ROOT, check=True)


def reinject(*args):
    r = subprocess.run([sys.executable, f"{HERE}/reinject.py", *map(str, args), "--runs", "1", "--timeout", str(o.timeout)], stdout=subprocess.PIPE, text=True)
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
        late.daemon = True
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


def rates(xs):
    return dict(per_s=round(median(xs)), runs=[round(x) for x in xs])


def times(xs):
    return dict(messages=o.smtp, mailboxes=o.boxes, seconds=round(median(xs), 2), per_s=round(o.smtp / median(xs)), runs_s=[round(x, 1) for x in xs])


def ratio(over, under):
    return round(median([x / y for x, y in zip(over, under)]), 2)


def imap():
    corpus, base, total = d + "/corpus", d + "/back", max(o.n, 2000)
    genmail(corpus, total, chown=UID)
    os.makedirs(base)
    os.chown(base, UID, UID)
    dov = Dovecot(d + "/dov", base, extra="mail_fsync = optimized\n")
    loop, one, several, cpu = [], [], [], []

    def outage(kind, n):
        return Outage(imap=f"127.0.0.1:{dov.imap}", password="bench", users=[f"{kind}{k}b{i}" for i in range(n)], n=o.n, corpus=corpus + "/u1/Maildir/cur")

    def append_loop():
        loop.append(reinject("append", "--target", f"127.0.0.1:{dov.imap}", "--corpus", corpus, "--corpus-n", total, "--n", o.n, "--connections", 1)["per_s"])

    def into_one():
        one.append(first.go()["per_s"])

    def into_several():
        r = second.go()
        several.append(r["per_s"])
        cpu.append(r["cpu_ms_per_message"])

    for k in range(o.rounds):
        first, second = outage("one", 1), outage("some", o.boxes)
        in_turn(k, append_loop, into_one, into_several)
        log(f"imap {k + 1}: loop {loop[-1]:.0f}, one mailbox {one[-1]:.0f}, {o.boxes} mailboxes {several[-1]:.0f} a second")
    dov.stop()
    emit(figure="imap-append", peer="APPEND loop, Dovecot", connections=1, messages=o.n, **rates(loop))
    emit(figure="sync-back-imap", peer="holdover, Dovecot", mailboxes=1, messages=o.n, **rates(one), times_loop=ratio(one, loop), ratios=[round(x / y, 2) for x, y in zip(one, loop)],
         pace="none", look_ups="included")
    emit(figure="sync-back-imap", peer="holdover, Dovecot", mailboxes=o.boxes, messages=o.n, **rates(several), times_loop=ratio(several, loop), pace="none", look_ups="included",
         cpu_ms_per_message=round(median(cpu), 2))


def letters():
    """10 KiB each, as smtp-source makes them for Postfix; no two alike, or the store would keep one of them (design L1)."""
    path = d + "/letters"
    if not os.path.exists(path):
        os.makedirs(path)
        for i in range(o.smtp):
            with open(f"{path}/{i:06}", "w") as f:
                f.write(f"Message-ID: <letter{i}@sender.example>\nFrom: bench@sender.example\nTo: u1@bench.test\nSubject: letter {i}\nDate: Sat, 21 Nov 2026 09:00:00 +0000\n\n" + ("X" * 78 + "\n") * 128)
    return path


def smtp():
    flush, ours, cpu, peer_cpu = [], [], [], []

    def postfix():
        r = reinject("drain", "--n", o.smtp)
        flush.append(r["seconds"])
        peer_cpu.append(r["cpu_ms_per_message"])

    def sync_back():
        s = Sink(port)
        r = out.go()
        s.wait(o.smtp, 10)  # all were accepted: only its counting may be behind
        s.stop()
        if s.n != o.smtp:
            die(f"the next hop has {s.n} messages and not {o.smtp}")
        ours.append(r["seconds"])
        cpu.append(r["cpu_ms_per_message"])

    for k in range(o.rounds):
        port = free_port()
        out = Outage(smtp=f"127.0.0.1:{port}", users=[f"u{i + 1}" for i in range(o.boxes)], n=o.smtp, corpus=letters())
        in_turn(k, postfix, sync_back)
        log(f"smtp {k + 1}: Postfix {flush[-1]:.1f} s, sync-back {ours[-1]:.1f} s")
    emit(figure="drain-smtp", peer="postfix", next_hop="smtp-sink", **times(flush), cpu_ms_per_message=median(peer_cpu))
    emit(figure="sync-back-smtp", peer="holdover", next_hop="smtp-sink", **times(ours), cpu_ms_per_message=round(median(cpu), 2), times_postfix=ratio(flush, ours), connections=5, pace="none",
         look_ups="none possible")


def seen():
    flush, ours, accepted = [], [], []

    def postfix():
        flush.append(reinject("drain", "--n", o.smtp, "--boxes", o.boxes)["seconds"])

    def sync_back():
        s = Stored(hop, o.boxes, port)
        r = out.go()
        s.wait(o.smtp, 1)
        s.stop()
        ours.append(r["seconds"])
        accepted.append(r["accepted_s"])

    for k in range(o.rounds):
        port, hop = free_port(), f"{d}/hop{k}"
        os.makedirs(hop + "/mail")
        dov = Dovecot(f"{d}/show{k}", hop + "/mail")
        out = Outage(smtp=f"127.0.0.1:{port}", imap=f"127.0.0.1:{dov.imap}", password="bench", users=[f"u{i + 1}" for i in range(o.boxes)], n=o.smtp, corpus=letters())
        in_turn(k, postfix, sync_back)
        dov.stop()
        shutil.rmtree(hop)
        log(f"seen {k + 1}: Postfix stored after {flush[-1]:.1f} s, sync-back accepted after {accepted[-1]:.1f} s, verified after {ours[-1]:.1f} s")
    emit(figure="drain-smtp", peer="postfix", next_hop="Postfix with Maildirs", **times(flush))
    emit(figure="sync-back-smtp", peer="holdover", next_hop="Postfix with Maildirs", **times(ours), accepted_s=round(median(accepted), 2), times_postfix=ratio(flush, ours),
         accepted_times_postfix=ratio(flush, accepted), connections=5, pace="none", look_ups="included, over Dovecot")


for part in o.parts or ("imap", "smtp", "seen"):
    globals()[part]()
