-- Times are milliseconds since 1970 in UTC, truth values 0 or 1. One set of files for both dialects.

-- +goose Up
CREATE TABLE mailbox (
  id      TEXT   PRIMARY KEY,
  address TEXT   NOT NULL,
  seq     BIGINT NOT NULL, -- last place given in the change log; also the row that a change locks
  trimmed BIGINT NOT NULL, -- up to here the log may have gaps
  created BIGINT NOT NULL
) /* SQLite: WITHOUT ROWID */;

CREATE TABLE folder (
  mailbox TEXT   NOT NULL REFERENCES mailbox (id),
  id      TEXT   NOT NULL,
  name    TEXT   NOT NULL, -- empty for the six role folders
  total   BIGINT NOT NULL, -- messages that are not hidden
  unread  BIGINT NOT NULL,
  PRIMARY KEY (mailbox, id)
) /* SQLite: WITHOUT ROWID */;

CREATE TABLE message (
  mailbox       TEXT   NOT NULL,
  id            TEXT   NOT NULL,
  folder        TEXT   NOT NULL,
  thread        TEXT   NOT NULL,
  file          TEXT   NOT NULL, -- base name; folder and flags give the rest
  identity      TEXT   NOT NULL, -- of Message-ID and body: the same twice is one message
  msgid         TEXT   NOT NULL,
  body_hash     TEXT   NOT NULL,
  received      BIGINT NOT NULL,
  stored        BIGINT NOT NULL, -- when it came into this database
  date          BIGINT NOT NULL, -- of the Date field; 0: none
  size          BIGINT NOT NULL, -- octets below the store-only block
  subject       TEXT   NOT NULL,
  base_subject  TEXT   NOT NULL,
  snippet       TEXT   NOT NULL,
  people        TEXT   NOT NULL, -- JSON: the address fields
  in_reply_to   TEXT   NOT NULL, -- JSON
  refs          TEXT   NOT NULL, -- JSON
  thread_index  TEXT   NOT NULL,
  thread_topic  TEXT   NOT NULL,
  attachments   BIGINT NOT NULL,
  automatic     BIGINT NOT NULL,
  seen          BIGINT NOT NULL,
  flagged       BIGINT NOT NULL,
  answered      BIGINT NOT NULL,
  draft         BIGINT NOT NULL,
  hidden        BIGINT NOT NULL, -- 0 shown, 1 deleted for good, 2 a draft held by a submission, 3 gone: only the file is left
  origin        TEXT   NOT NULL,
  envelope_from TEXT   NOT NULL,
  envelope_to   TEXT   NOT NULL, -- JSON
  version       BIGINT NOT NULL, -- of a draft
  known         BIGINT NOT NULL, -- Exchange has sent or shown us this message
  settled       BIGINT NOT NULL, -- when it was found safe in Exchange; 0: not yet
  PRIMARY KEY (mailbox, id),
  FOREIGN KEY (mailbox, folder) REFERENCES folder (mailbox, id)
);
CREATE UNIQUE INDEX message_identity ON message (mailbox, identity);
CREATE INDEX message_thread ON message (mailbox, thread, received, id);
CREATE INDEX message_age ON message (received);

CREATE TABLE conversation (
  mailbox TEXT NOT NULL,
  id      TEXT NOT NULL,
  subject TEXT NOT NULL, -- folded base subject of its first message
  PRIMARY KEY (mailbox, id)
) /* SQLite: WITHOUT ROWID */;

-- Where a Message-ID that was seen, on a message or in its references, belongs.
CREATE TABLE ref (
  mailbox TEXT NOT NULL,
  msgid   TEXT NOT NULL,
  thread  TEXT NOT NULL,
  PRIMARY KEY (mailbox, msgid)
) /* SQLite: WITHOUT ROWID */;
CREATE INDEX ref_thread ON ref (mailbox, thread);

-- Threads that became one with another, so that an address of a page stays good.
CREATE TABLE joined (
  mailbox TEXT NOT NULL,
  gone    TEXT NOT NULL,
  thread  TEXT NOT NULL,
  PRIMARY KEY (mailbox, gone)
);
CREATE INDEX joined_thread ON joined (mailbox, thread);

-- One line of a folder's list, kept with every change.
CREATE TABLE thread_folder (
  mailbox   TEXT   NOT NULL,
  thread    TEXT   NOT NULL,
  folder    TEXT   NOT NULL,
  latest    BIGINT NOT NULL,
  latest_id TEXT   NOT NULL,
  count     BIGINT NOT NULL,
  unread    BIGINT NOT NULL,
  flagged   BIGINT NOT NULL,
  PRIMARY KEY (mailbox, thread, folder)
) /* SQLite: WITHOUT ROWID */;
CREATE INDEX thread_folder_page ON thread_folder (mailbox, folder, latest DESC, thread DESC);

CREATE TABLE entry (
  mailbox TEXT   NOT NULL,
  seq     BIGINT NOT NULL,
  message TEXT   NOT NULL,
  kind    TEXT   NOT NULL,
  origin  TEXT   NOT NULL,
  at      BIGINT NOT NULL,
  detail  TEXT   NOT NULL, -- JSON
  PRIMARY KEY (mailbox, seq)
) /* SQLite: WITHOUT ROWID */;

CREATE TABLE cursor (
  consumer TEXT   NOT NULL,
  mailbox  TEXT   NOT NULL,
  seq      BIGINT NOT NULL,
  PRIMARY KEY (consumer, mailbox)
) /* SQLite: WITHOUT ROWID */;

CREATE TABLE submission (
  id          TEXT   PRIMARY KEY,
  mailbox     TEXT   NOT NULL, -- the sender's; empty for reports of our own
  token       TEXT,            -- of the form that sent it; null: none
  draft       TEXT   NOT NULL,
  message     TEXT   NOT NULL, -- the copy in Sent, once released
  sender      TEXT   NOT NULL,
  subject     TEXT   NOT NULL,
  answers     TEXT   NOT NULL,
  state       TEXT   NOT NULL, -- held, out, done, undone
  due         BIGINT NOT NULL, -- held: release; out: next try of the earliest recipient outside
  released    BIGINT NOT NULL, -- the time the hold ends or ended
  created     BIGINT NOT NULL,
  lease       TEXT   NOT NULL,
  lease_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX submission_token ON submission (mailbox, token);
CREATE INDEX submission_due ON submission (state, due);
CREATE INDEX submission_recent ON submission (mailbox, created DESC);

CREATE TABLE recipient (
  submission TEXT   NOT NULL REFERENCES submission (id),
  address    TEXT   NOT NULL,
  mailbox    TEXT   NOT NULL, -- inside; empty: outside
  state      TEXT   NOT NULL, -- queued, sent, failed
  attempts   BIGINT NOT NULL,
  next       BIGINT NOT NULL,
  words      TEXT   NOT NULL,
  PRIMARY KEY (submission, address, mailbox)
);

CREATE TABLE note (
  name  TEXT   PRIMARY KEY,
  value BIGINT NOT NULL
);
