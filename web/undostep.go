package web

import (
	"crypto/rand"
	"sync"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// undos remembers, for a while, how to take a step back. It is a courtesy, not truth: after a
// restart the offer has lapsed, and what was done can still be undone by hand.
type undos struct {
	now func() time.Time

	mu    sync.Mutex
	steps map[string]step
}

// step is what one click did, the other way round.
type step struct {
	mailbox email.MailboxID
	until   time.Time
	moves   map[mailstore.FolderID][]email.MessageID // back to where they lay
	flags   mailstore.FlagChange
	flagged []email.MessageID // on which flags is to be set again
	names   email.CategoryChange
	named   []email.MessageID // on which names is to be made

	made, gone, folder mailstore.FolderID // folders: to delete again, to bring back, to rename
	called             string             // the name that folder had
}

const (
	undoFor  = 10 * time.Minute
	undoMost = 4096 // steps kept over all mailboxes
)

func newUndos(now func() time.Time) *undos { return &undos{now: now, steps: map[string]step{}} }

// offer keeps a step and answers the word that undoes it.
func (u *undos) offer(s step) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	for word, old := range u.steps {
		if now.After(old.until) || len(u.steps) >= undoMost {
			delete(u.steps, word)
		}
	}
	s.until = now.Add(undoFor)
	word := rand.Text()
	u.steps[word] = s
	return word
}

// take answers the step once, to its own mailbox.
func (u *undos) take(mailbox email.MailboxID, word string) (step, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, ok := u.steps[word]
	if !ok || s.mailbox != mailbox || u.now().After(s.until) {
		return step{}, false
	}
	delete(u.steps, word)
	return s, true
}
