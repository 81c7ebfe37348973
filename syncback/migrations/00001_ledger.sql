-- +goose Up

-- One row is one thing that Exchange must be told about a mailbox. Times are unix milliseconds.
CREATE TABLE syncback_item (
    mailbox  TEXT   NOT NULL,
    seq      BIGINT NOT NULL, -- of the entry in the mailbox's change log
    item     TEXT   NOT NULL, -- message id, or folder:<id>: order is kept per item
    kind     TEXT   NOT NULL, -- of the entry
    op       TEXT   NOT NULL, -- deliver, append, draft, erase, flags, move, folder
    state    TEXT   NOT NULL, -- waiting, trying, in doubt, accepted, verified, parked
    resume   TEXT   NOT NULL, -- parked: the state that Retry goes back to
    at       BIGINT NOT NULL, -- of the (newest collapsed) entry
    changed  BIGINT NOT NULL, -- when the state was entered
    next     BIGINT NOT NULL, -- not before
    attempts BIGINT NOT NULL, -- calls so far
    looks    BIGINT NOT NULL, -- look-ups in this state
    fence    BIGINT NOT NULL, -- grows with each claim: who holds an older number has lost the row
    lease    BIGINT NOT NULL, -- trying: the call cannot live beyond
    worker   TEXT   NOT NULL, -- node that claimed last
    msgid    TEXT   NOT NULL, -- Message-ID to look for, without brackets
    mark     TEXT   NOT NULL, -- id clause of our Received line, '' when the octets have none
    detail   TEXT   NOT NULL, -- JSON: what to tell
    place    TEXT   NOT NULL, -- JSON: where it is in Exchange, '' unknown
    words    TEXT   NOT NULL, -- Exchange's words, or the reason
    remedy   TEXT   NOT NULL,
    PRIMARY KEY (mailbox, seq)
);
CREATE INDEX syncback_item_active ON syncback_item (mailbox, seq) WHERE state <> 'verified';
CREATE INDEX syncback_item_order ON syncback_item (mailbox, item, seq);
CREATE INDEX syncback_item_msgid ON syncback_item (mailbox, msgid);
CREATE INDEX syncback_item_at ON syncback_item (at, mailbox, state);
CREATE INDEX syncback_item_changed ON syncback_item (changed, mailbox, state);

-- When a mailbox's gate was last seen to open: unknown mailboxes are held for an hour after it.
CREATE TABLE syncback_gate (
    mailbox TEXT   NOT NULL PRIMARY KEY,
    closed  BIGINT NOT NULL,
    opened  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE syncback_gate;
DROP TABLE syncback_item;
