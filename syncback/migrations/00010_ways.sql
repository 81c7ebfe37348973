-- +goose Up

-- Which way carried a row, or is carrying it; where its mailbox lay then; and which ways cannot.
ALTER TABLE syncback_item ADD COLUMN way TEXT NOT NULL DEFAULT '';
ALTER TABLE syncback_item ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE syncback_item ADD COLUMN unsuited TEXT NOT NULL DEFAULT ''; -- names, parted by commas

-- Where a mailbox was found (hybrid): remembered until Exchange says that it lies elsewhere.
CREATE TABLE syncback_location (
    mailbox  TEXT   NOT NULL PRIMARY KEY,
    location TEXT   NOT NULL, -- on-premises, online
    found    BIGINT NOT NULL  -- unix milliseconds
);

-- +goose Down
DROP TABLE syncback_location;
ALTER TABLE syncback_item DROP COLUMN unsuited;
ALTER TABLE syncback_item DROP COLUMN location;
ALTER TABLE syncback_item DROP COLUMN way;
