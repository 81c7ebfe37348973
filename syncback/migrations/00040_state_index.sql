-- +goose Up

-- Claiming, looking and taking over ask for the rows of a mailbox in one state: without the state in
-- the index each claim would walk over everything that waits or is accepted.
DROP INDEX syncback_item_active;
CREATE INDEX syncback_item_active ON syncback_item (mailbox, state, seq) WHERE state <> 'verified';

-- +goose Down
DROP INDEX syncback_item_active;
CREATE INDEX syncback_item_active ON syncback_item (mailbox, seq) WHERE state <> 'verified';
