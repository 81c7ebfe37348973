package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"holdover/email"
)

const changeBudget = 4 << 20

// Append puts a message into a folder with flags and date. The place is complete where the server
// says where it put it (UIDPLUS, RFC 4315). A broken connection is ErrDoubt only once the last
// octet may have been read: a literal that ends early is no message (RFC 9051, 6.3.12).
func (c *IMAP) Append(ctx context.Context, mailbox string, to Folder, item Item) (Place, error) {
	octets, err := forAppend(item)
	if err != nil {
		return Place{}, err
	}
	var place Place
	err = c.call(ctx, mailbox, changeBudget, func(a *account) error {
		folder, err := a.find(c.o.Folders, to)
		if err != nil {
			return err
		}
		place.Folder = folder.name
		data, err := a.append(folder.name, item, octets)
		if err != nil {
			return err
		}
		place.Validity, place.UID = data.UIDValidity, uint32(data.UID)
		return nil
	})
	return place, err
}

func (a *account) append(folder string, item Item, octets []byte) (*imap.AppendData, error) {
	command, err := a.startAppend(folder, item, octets)
	if err != nil {
		return nil, err
	}
	data, err := command.Wait()
	return data, answer("APPEND", err, true)
}

// startAppend sends a message; its answer is still to come. After an error nothing was stored.
func (a *account) startAppend(folder string, item Item, octets []byte) (*imapclient.AppendCommand, error) {
	flags := item.Flags
	flags.Flagged = false
	command := a.client.Append(folder, int64(len(octets)), &imap.AppendOptions{Flags: marks(flags, true), Time: item.Date})
	// All but the last octet first: what breaks until there has stored nothing.
	most := max(len(octets)-1, 0)
	if _, err := command.Write(octets[:most]); err != nil {
		command.Close()
		if _, said := command.Wait(); said != nil {
			return nil, answer("APPEND", said, false)
		}
		return nil, answer("APPEND", err, false)
	}
	command.Write(octets[most:]) // what goes wrong here and below shows in Wait
	command.Close()
	return command, nil
}

// SetFlags makes Seen, Flagged and Answered of a message be as given, whatever they were, and
// leaves all its other flags alone. It answers the flags as Exchange has them afterwards. Done
// twice it does the same, so a lost answer needs no look-up.
func (c *IMAP) SetFlags(ctx context.Context, mailbox string, at Place, flags Flags) (now Flags, err error) {
	err = c.call(ctx, mailbox, changeBudget, func(a *account) error {
		uid, err := a.goTo(at)
		if err != nil {
			return err
		}
		for op, list := range map[imap.StoreFlagsOp][]imap.Flag{
			imap.StoreFlagsAdd: withoutDraft(marks(flags, true)),
			imap.StoreFlagsDel: withoutDraft(marks(flags, false)),
		} {
			if len(list) == 0 {
				continue
			}
			if err := a.client.Store(uid, &imap.StoreFlags{Op: op, Silent: true, Flags: list}, nil).Close(); err != nil {
				return answer("STORE", err, true)
			}
		}
		messages, err := a.client.Fetch(uid, &imap.FetchOptions{UID: true, Flags: true}).Collect()
		if err != nil {
			return answer("FETCH", err, false)
		}
		if len(messages) == 0 {
			return gone("STORE")
		}
		now = readFlags(messages[0].Flags)
		return nil
	})
	return now, err
}

// SetCategories is not for this way: Exchange's IMAP shows no categories and keeps no keywords
// (PERMANENTFLAGS without \*), so nothing is asked of it.
func (c *IMAP) SetCategories(context.Context, string, Place, email.CategoryChange) (email.Categories, error) {
	return nil, &Failure{Kind: ErrUnsuited, Op: "STORE", Words: "Exchange's IMAP carries no categories",
		Remedy: "Configure EWS (on-premises) or Graph (Online) and retry, or set the categories in Outlook."}
}

// Move moves a message. It answers ErrGone when no message is at the place any more.
func (c *IMAP) Move(ctx context.Context, mailbox string, at Place, to Folder) error {
	return c.call(ctx, mailbox, changeBudget, func(a *account) error {
		folder, err := a.find(c.o.Folders, to)
		if err != nil {
			return err
		}
		uid, err := a.goTo(at)
		if err != nil {
			return err
		}
		if err := a.there(uid, "MOVE"); err != nil {
			return err
		}
		caps := a.client.Caps()
		if !caps.Has(imap.CapMove) && !caps.Has(imap.CapUIDPlus) {
			// EXPUNGE without UIDs would also remove what a person has marked in Outlook.
			return &Failure{Kind: ErrRefused, Op: "MOVE", Words: "neither MOVE nor UIDPLUS is offered", Remedy: "Move the message by hand in Exchange."}
		}
		_, err = a.client.Move(uid, folder.name).Wait()
		return answer("MOVE", err, true)
	})
}

// Remove takes one copy away for good. It is meant for earlier versions of a draft only.
func (c *IMAP) Remove(ctx context.Context, mailbox string, at Place) error {
	return c.call(ctx, mailbox, changeBudget, func(a *account) error {
		uid, err := a.goTo(at)
		if errors.Is(err, ErrGone) {
			return nil
		} else if err != nil {
			return err
		}
		if !a.client.Caps().Has(imap.CapUIDPlus) {
			return &Failure{Kind: ErrRefused, Op: "EXPUNGE", Words: "UIDPLUS is not offered", Remedy: "Delete the earlier version of the draft by hand in Exchange."}
		}
		deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
		if err := a.client.Store(uid, deleted, nil).Close(); err != nil {
			return answer("STORE", err, true)
		}
		return answer("EXPUNGE", a.client.UIDExpunge(uid).Close(), true)
	})
}

// goTo opens the place's folder and answers its message as a set. Another UIDVALIDITY means that
// the UID is about some other message now.
func (a *account) goTo(at Place) (imap.UIDSet, error) {
	data, err := a.open(at.Folder)
	if err != nil {
		return nil, err
	}
	if at.UID == 0 || data.UIDValidity != at.Validity {
		return nil, gone("SELECT")
	}
	return imap.UIDSetNum(imap.UID(at.UID)), nil
}

// there asks whether the message is still at its place: servers answer OK for a UID that is not.
func (a *account) there(uid imap.UIDSet, op string) error {
	messages, err := a.client.Fetch(uid, &imap.FetchOptions{UID: true}).Collect()
	if err != nil {
		return answer("FETCH", err, false)
	}
	if len(messages) == 0 {
		return gone(op)
	}
	return nil
}

func gone(op string) error {
	return &Failure{Kind: ErrGone, Op: op, After: time.Second}
}

// marks lists the flags that are set, or those that are not.
func marks(f Flags, set bool) []imap.Flag {
	var list []imap.Flag
	for _, m := range []struct {
		on   bool
		flag imap.Flag
	}{{f.Seen, imap.FlagSeen}, {f.Flagged, imap.FlagFlagged}, {f.Answered, imap.FlagAnswered}, {f.Draft, imap.FlagDraft}} {
		if m.on == set {
			list = append(list, m.flag)
		}
	}
	return list
}

func withoutDraft(list []imap.Flag) []imap.Flag {
	kept := list[:0]
	for _, flag := range list {
		if flag != imap.FlagDraft {
			kept = append(kept, flag)
		}
	}
	return kept
}
