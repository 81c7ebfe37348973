"""A Holdover of our own on loopback, for the bench programs: configuration, people, child process."""
import hashlib, secrets, sqlite3, urllib.error, urllib.request
from benchlib import *

ROOT = os.path.dirname(HERE)
ID = "benchbenchbench1"  # mailbox of the corpus; any 16 letters of base32 will do


class Holdover(Proc):
    """bin/holdover serve with one mailbox, u1@bench.test. With a corpus the mailbox is filled from its
    Maildir by `holdover rebuild` first. Nothing listens at the addresses of Exchange and of the smart
    host, so a gate that is open would only retry; event() closes it."""

    def __init__(self, d, corpus=None):
        self.dir, self.exe = d, os.path.join(ROOT, "bin", "holdover")
        if not os.path.exists(self.exe):
            die("bin/holdover is missing: run make build")
        self.smtp, self.web, nobody = free_port(), free_port(), free_port()
        self.url = f"http://localhost:{self.web}"
        self.token = secrets.token_hex(16)
        os.makedirs(d, exist_ok=True)
        self.write("people.csv", f"address,name,kind,role\nu1@{DOMAIN},Bench,user,admin\n")
        self.write("admin.token", self.token)
        self.write("secret", "bench")
        self.config = self.write("holdover.toml", f"""
[organisation]
name = "Bench"
[storage]
dir = "data"
window_days = 400
[directory]
csv = "people.csv"
complete = true
[smtp]
host = "bench.test"
listen = ["127.0.0.1:{self.smtp}"]
[sending]
smart_host = "127.0.0.1:{nobody}"
tls = "none"
postmaster = "postmaster@{DOMAIN}"
[exchange.smtp]
address = "127.0.0.1:{nobody}"
tls = "none"
[exchange.imap]
address = "127.0.0.1:{nobody}"
tls = "none"
password_file = "secret"
[signin]
issuer = "http://localhost:{nobody}"
client_id = "bench"
client_secret_file = "secret"
[web]
url = "{self.url}"
listen = ["127.0.0.1:{self.web}"]
admin_token_file = "admin.token"
""")
        self.log = open(f"{d}/holdover.log", "ab")
        if corpus:
            self.fill(corpus)
        t = time.time()
        super().__init__([self.exe, "serve", "--config", self.config], stderr=self.log)
        self.pid = self.p.pid
        self.wait_ready()
        self.ready_s = time.time() - t

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def fill(self, corpus):
        box = f"{self.dir}/data/maildir/{ID}"
        os.makedirs(os.path.dirname(box), exist_ok=True)
        subprocess.run(["cp", "-r", f"{corpus}/u1/Maildir", box], check=True)
        self.write(f"data/maildir/{ID}/address", f"u1@{DOMAIN}\n")
        t = time.time()
        r = subprocess.run([self.exe, "rebuild", "--config", self.config], stdout=subprocess.PIPE, stderr=self.log, text=True)
        if r.returncode:
            die(f"rebuild failed: {r.stdout[-300:]} (see {self.dir}/holdover.log)")
        self.rebuild_s = time.time() - t

    def wait_ready(self, secs=60):
        end = time.time() + secs
        while time.time() < end:
            try:
                if self.get("/readyz", cookie=False)[0] == 200:
                    return
            except OSError:
                pass
            if self.p.poll() is not None:
                die(f"holdover ended at start, see {self.dir}/holdover.log")
            time.sleep(0.005)
        die("holdover is not ready")

    def get(self, path, cookie=True):
        q = urllib.request.Request(self.url + path, headers={"Cookie": self.cookie()} if cookie else {})
        try:
            with urllib.request.urlopen(q, timeout=60) as r:
                return r.status, r.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode("utf-8", "replace")

    def cookie(self):
        """Signs u1 in by planting a session, since no identity provider runs here."""
        if not hasattr(self, "_cookie"):
            db = sqlite3.connect(f"{self.dir}/data/mail.db", timeout=30)
            mailbox = db.execute("SELECT id FROM mailbox").fetchone()[0]
            db.close()
            token, end = secrets.token_urlsafe(32), time.time() + 36000
            data = {"deadline": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)),
                    "values": {"mailbox": mailbox, "name": "Bench", "address": f"u1@{DOMAIN}", "admin": "yes"}}
            db = sqlite3.connect(f"{self.dir}/data/desk.db", timeout=30)
            db.execute("INSERT INTO session (token, data, expires) VALUES (?, ?, ?)",
                       (hashlib.sha256(token.encode()).hexdigest(), json.dumps(data), int(end * 1000)))
            db.commit()
            db.close()
            self._cookie = "holdover=" + token
        return self._cookie

    def event(self):
        body = json.dumps({"kind": "outage", "scope": {"all": True}, "reason": "bench"}).encode()
        q = urllib.request.Request(self.url + "/api/events", body, {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"})
        with urllib.request.urlopen(q, timeout=30) as r:
            if r.status != 201:
                die(f"the event was not started: {r.status}")

    def wait_index(self, word, secs=900):
        """Waits until the search page no longer says that the index is behind; returns the time."""
        end = time.time() + secs
        while time.time() < end:
            status, page = self.get("/search?q=" + word)
            if status != 200:
                die(f"search page: {status}")
            if "data-partial" not in page:
                return time.time()
            time.sleep(0.02)
        die("the index did not catch up")
