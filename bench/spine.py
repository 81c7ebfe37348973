#!/usr/bin/env python3
"""The figures of Holdover's spine, each beside its peer in the same run.

  spine.py [accept] [threads] [big] [--n 3000] [--big 100000]     all three parts unless named

accept     10 KB messages at 10 sessions, durable, metadata and log included; peer: Postfix with
           in_flow_delay=0, in turns. Then index-after-burst: messages/s from the last 250 until the
           search page is complete
threads    the same with the corpus: conversations, encodings, attachments, so that threading has work
big        the figures with --big messages:
start      serve until ready: empty store, and with --big messages
rebuild    rows made from the Maildir, messages/s
list       CPU of the first page of a mailbox with --big messages
"""
import argparse
from holdover import *
from peers import Postfix

a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
a.add_argument("parts", nargs="*", choices=["accept", "threads", "big", []], default=[])
a.add_argument("--n", type=int, default=3000)
a.add_argument("--big", type=int, default=100000)
a.add_argument("--runs", type=int, default=5)
a.add_argument("--rounds", type=int, default=7, help="turns of the peer and Holdover at accepting")
o = a.parse_args()
need(("smtp-source", "postfix"))


def accept(*args):
    """One warm-up run and one that counts."""
    r = subprocess.run([sys.executable, f"{HERE}/accept.py", "--sessions", "10", "--n", str(o.n), "--runs", "2", *args],
                       stdout=subprocess.PIPE, text=True)
    if r.returncode:
        die("accept.py failed")
    return json.loads(r.stdout.strip().splitlines()[-1])


def both(h):
    """Postfix and Holdover in turns, so that a slow minute of the machine hits both."""
    lines = {"postfix-tuned": [], "holdover": []}
    for _ in range(o.rounds):
        os.sync()
        lines["postfix-tuned"].append(accept("--peer", "postfix-tuned"))
        os.sync()
        lines["holdover"].append(accept("--target", f"127.0.0.1:{h.smtp}", "--name", "holdover", "--rcpt", f"u1@{DOMAIN}",
                                        "--store", h.dir + "/data/maildir", "--pid", str(h.pid)))
        h.wait_index("xxx")
    for name, runs in lines.items():
        rates, stored = [x["runs_accepted"][-1] for x in runs], [x["runs_stored"][-1] for x in runs]
        emit(figure="accept", peer=name, sessions=10, bytes=10240, accepted_per_s=median(rates), stored_per_s=median(stored), runs_accepted=rates,
             cpu_ms_per_message=median([x["cpu_ms_per_message"] for x in runs]), pss_mib=max(x["pss_mib"] for x in runs), durable=runs[0]["durable"])


d = workdir()


def accept_part():
    h = Holdover(d + "/empty")
    emit(figure="start", peer="holdover", messages=0, ready_s=round(h.ready_s, 2))
    h.event()
    both(h)
    rates = []
    for _ in range(o.runs):
        smtp_source(f"127.0.0.1:{h.smtp}", o.n, 10, rcpt=f"u1@{DOMAIN}")
        t = time.time()
        rates.append(o.n / max(h.wait_index("xxx") - t, 1e-3))
    emit(figure="index-after-burst", peer="holdover", messages=o.n, per_s=round(median(rates)), runs=[round(x) for x in rates])
    h.stop()


def threads_part():
    """Each round sends what nobody had before: the store keeps one of two that are alike."""
    corpus, base = d + "/threads", d + "/peer"
    genmail(corpus, o.n * o.rounds)
    files = sorted(os.scandir(f"{corpus}/u1/Maildir/cur"), key=lambda f: f.name)
    os.makedirs(base)
    os.chown(base, UID, UID)
    h, p = Holdover(d + "/threaded"), Postfix(d + "/pf", "maildir", base=base, extra="in_flow_delay = 0\n")
    h.event()
    runs = {"postfix-tuned": [], "holdover": []}
    for k in range(o.rounds):
        turn = [("postfix-tuned", p.port, p.pid), ("holdover", h.smtp, h.pid)]
        for name, port, pid in turn if k % 2 == 0 else turn[::-1]:
            os.sync()
            c0 = cpu_seconds(pid)
            took = send_files(f"127.0.0.1:{port}", [f.path for f in files[k * o.n:(k + 1) * o.n]])
            runs[name].append((o.n / took, (cpu_seconds(pid) - c0) / o.n * 1e3))
        h.wait_index("xxx")
    times = median([x[0] / y[0] for x, y in zip(runs["holdover"], runs["postfix-tuned"])])
    for name, xs in runs.items():
        emit(figure="accept-threads", peer=name, sessions=10, messages=o.n, accepted_per_s=round(median([x[0] for x in xs])), runs=[round(x[0]) for x in xs],
             cpu_ms_per_message=round(median([x[1] for x in xs]), 2), cpu_runs=[round(x[1], 2) for x in xs], **({"times_postfix": round(times, 2)} if name == "holdover" else {}))
    h.stop()
    p.stop()


def big_part():
    corpus = d + "/corpus"
    genmail(corpus, o.big)
    h = Holdover(d + "/big", corpus)
    emit(figure="rebuild", peer="holdover", messages=o.big, per_s=round(o.big / h.rebuild_s))
    emit(figure="start", peer="holdover", messages=o.big, ready_s=round(h.ready_s, 2))
    t = time.time()
    h.wait_index("zxqgamma")
    emit(figure="index-build", peer="holdover", messages=o.big, per_s=round(o.big / (time.time() - t)))
    cpu, ms = [], []
    for _ in range(o.runs):
        c0, t, times = cpu_seconds(h.pid), time.time(), 400
        for _ in range(times):
            status, page = h.get("/mail/inbox")
            if status != 200 or page.count('name="pick"') < 50:
                die(f"the list page has status {status} and not 50 rows")
        cpu.append((cpu_seconds(h.pid) - c0) / times * 1e3)
        ms.append((time.time() - t) / times * 1e3)
    emit(figure="list", peer="holdover", messages=o.big, cpu_ms_each=round(median(cpu), 2), ms_each=round(median(ms), 2), runs_cpu=[round(x, 2) for x in cpu],
         bytes=len(page.encode()), **memory(h.pid))
    h.stop()


for part in o.parts or ("accept", "threads", "big"):
    globals()[part + "_part"]()
