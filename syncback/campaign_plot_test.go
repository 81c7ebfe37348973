package syncback

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// plot is what people did in the portal and what came from outside, and so what must lie in
// Exchange at the end. It knows nothing of the ledger.
type plot struct {
	b       *bed
	rnd     *rand.Rand
	letters []*letter
	folders map[email.MailboxID]map[mailstore.FolderID]string // folders that were made, by name
	n       int                                               // letters so far
	acts    map[string]int
}

// letter is one message of one mailbox, known by its own words: subject and body bear a token that
// no other message has.
type letter struct {
	mailbox email.MailboxID
	id      email.MessageID
	msgid   string
	token   string
	octets  []byte
	folder  mailstore.FolderID
	flags   exchange.Flags
	names   email.Categories
	renamed bool // its categories were changed in the portal
	draft   bool
	version int
	gone    bool    // a draft that was discarded
	deleted bool    // for good: hidden in the portal
	old     bool    // was in Exchange before
	twin    *letter // the other copy of a message to oneself
}

func newPlot(b *bed) *plot {
	return &plot{b: b, rnd: rand.New(rand.NewPCG(b.rnd.Uint64(), 5)), folders: map[email.MailboxID]map[mailstore.FolderID]string{}, acts: map[string]int{}}
}

// act lets somebody do one thing; nothing is done where nothing fits.
func (p *plot) act() {
	deeds := []struct {
		name string
		odds int
		do   func() bool
	}{
		{"inbound", 22, p.inbound}, {"group", 3, p.group}, {"same id", 1, p.sameID}, {"internal", 6, p.internal}, {"sent", 7, p.sent}, {"reply", 4, p.reply},
		{"draft", 7, p.newDraft}, {"edit", 6, p.editDraft}, {"discard", 3, p.discardDraft}, {"send draft", 4, p.sendDraft},
		{"flag", 18, p.flag}, {"name", 8, p.name}, {"move", 9, p.move}, {"trash", 5, p.trash}, {"delete", 2, p.erase}, {"folder", 1, p.newFolder},
	}
	sum := 0
	for _, d := range deeds {
		sum += d.odds
	}
	roll := p.rnd.IntN(sum)
	for _, d := range deeds {
		if roll -= d.odds; roll < 0 {
			if d.do() {
				p.acts[d.name]++
			}
			return
		}
	}
}

func (p *plot) box() email.MailboxID { return boxes()[p.rnd.IntN(len(boxes()))] }

// pick answers a letter that fits, or nil.
func (p *plot) pick(fits func(*letter) bool) *letter {
	var all []*letter
	for _, l := range p.letters {
		if fits(l) {
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[p.rnd.IntN(len(all))]
}

func living(l *letter) bool   { return !l.draft && !l.gone && !l.deleted }
func drafting(l *letter) bool { return l.draft && !l.gone }

// write makes a message: a third has an attachment.
func (p *plot) write(msgid, from, to, token string) []byte {
	head := fmt.Sprintf("Message-ID: <%s>\r\nFrom: %s\r\nTo: %s\r\nSubject: Vorgang %s\r\nDate: %s\r\nMIME-Version: 1.0\r\n", msgid, from, to, token,
		p.b.clock.now().Format("Mon, 02 Jan 2006 15:04:05 +0000"))
	if p.rnd.IntN(3) > 0 {
		return []byte(head + "Content-Type: text/plain; charset=utf-8\r\n\r\nText " + token + "\r\n")
	}
	part := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(token, 1+p.rnd.IntN(40))))
	var lines strings.Builder
	for len(part) > 76 {
		lines.WriteString(part[:76] + "\r\n")
		part = part[76:]
	}
	return []byte(head + "Content-Type: multipart/mixed; boundary=teil\r\n\r\n--teil\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nText " + token +
		"\r\n--teil\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		lines.String() + part + "\r\n--teil--\r\n")
}

func (p *plot) token() string {
	p.n++
	return fmt.Sprintf("t%dx%d", p.n, p.rnd.Uint32())
}

func (p *plot) inbound() bool { p.arrive("", p.box()); return true }

func (p *plot) group() bool { p.arrive("", boxes()[:3]...); return true }

// sameID is a second message with a Message-ID that the mailbox has already.
func (p *plot) sameID() bool {
	l := p.pick(func(l *letter) bool { return living(l) && !l.old && strings.HasSuffix(l.msgid, "@aussen.test") })
	if l == nil {
		return false
	}
	p.arrive(l.msgid, l.mailbox)
	return true
}

func (p *plot) arrive(msgid string, to ...email.MailboxID) {
	token := p.token()
	if msgid == "" {
		msgid = token + "@aussen.test"
	}
	octets, ours := p.write(msgid, "kunde@aussen.test", "team@firma.test", token), mailstore.NewID()
	a := mailstore.Arrival{ID: ours, From: "kunde@aussen.test", Origin: mailstore.FromOutside, Octets: octets,
		Trace: []byte("Received: from aussen.test ([192.0.2.1]) by mx.firma.test with ESMTPS id " + string(ours) + ";\r\n\t" + p.b.clock.now().Format("Mon, 02 Jan 2006 15:04:05 +0000") + "\r\n")}
	for _, m := range to {
		a.To = append(a.To, mailstore.Recipient{Mailbox: m, Address: p.b.people[m]})
	}
	id, err := p.b.store.Deliver(p.b.ctx, a)
	p.b.must(err)
	for _, m := range to {
		p.letters = append(p.letters, &letter{mailbox: m, id: id, msgid: msgid, token: token, octets: octets, folder: mailstore.Inbox})
	}
}

// history is mail from before, which both have.
func (p *plot) history() {
	m, token := p.box(), p.token()
	octets := p.write(token+"@aussen.test", "kunde@aussen.test", p.b.people[m], token)
	p.b.double.Put(p.b.people[m], "INBOX", octets, p.b.clock.now())
	id, err := p.b.store.Deliver(p.b.ctx, mailstore.Arrival{From: "kunde@aussen.test", Origin: mailstore.FromExchange, Octets: octets,
		To: []mailstore.Recipient{{Mailbox: m, Address: p.b.people[m]}}})
	p.b.must(err)
	p.letters = append(p.letters, &letter{mailbox: m, id: id, msgid: token + "@aussen.test", token: token, octets: octets, folder: mailstore.Inbox, old: true})
}

func (p *plot) save(l *letter) {
	id, version, err := p.b.store.SaveDraft(p.b.ctx, l.mailbox, l.id, l.version, l.octets)
	p.b.must(err)
	l.id, l.version = id, version
}

func (p *plot) draftOf(m email.MailboxID) *letter {
	token := p.token()
	l := &letter{mailbox: m, msgid: token + "@firma.test", token: token, folder: mailstore.Drafts, draft: true, flags: exchange.Flags{Seen: true, Draft: true}}
	l.octets = p.write(l.msgid, p.b.people[m], "kunde@aussen.test", token)
	p.save(l)
	p.letters = append(p.letters, l)
	return l
}

func (p *plot) newDraft() bool { p.draftOf(p.box()); return true }

func (p *plot) editDraft() bool {
	l := p.pick(drafting)
	if l == nil {
		return false
	}
	l.token = p.token()
	l.octets = p.write(l.msgid, p.b.people[l.mailbox], "kunde@aussen.test", l.token)
	p.save(l)
	return true
}

func (p *plot) discardDraft() bool {
	l := p.pick(drafting)
	if l == nil {
		return false
	}
	p.b.must(p.b.store.DiscardDraft(p.b.ctx, l.mailbox, l.id))
	l.gone = true
	return true
}

func (p *plot) sendDraft() bool { return p.send(p.pick(drafting), nil) }

func (p *plot) sent() bool { return p.send(p.draftOf(p.box()), nil) }

func (p *plot) internal() bool { return p.send(p.draftOf(p.box()), nil, p.box()) }

func (p *plot) reply() bool {
	to := p.pick(func(l *letter) bool { return living(l) && l.folder == mailstore.Inbox })
	if to == nil {
		return false
	}
	return p.send(p.draftOf(to.mailbox), to)
}

// send submits a draft and releases it: a copy in Sent, colleagues' copies in their inboxes.
func (p *plot) send(l, answers *letter, colleagues ...email.MailboxID) bool {
	if l == nil {
		return false
	}
	sub := mailstore.Submission{Mailbox: l.mailbox, Draft: l.id, Version: l.version, Token: l.token, Own: l.octets, Out: l.octets,
		From: p.b.people[l.mailbox], Release: p.b.clock.now()}
	for _, m := range colleagues {
		sub.Local = append(sub.Local, mailstore.Recipient{Mailbox: m, Address: p.b.people[m]})
	}
	if len(colleagues) == 0 {
		sub.Remote = []string{"kunde@aussen.test"}
	}
	if answers != nil {
		sub.Answers, answers.flags.Answered = answers.id, true
	}
	_, err := p.b.store.Submit(p.b.ctx, sub)
	p.b.must(err)
	_, err = p.b.store.Release(p.b.ctx)
	p.b.must(err)
	l.draft, l.folder, l.flags, l.id = false, mailstore.Sent, exchange.Flags{Seen: true}, p.find(l.mailbox, l.msgid, mailstore.Sent)
	for _, m := range colleagues {
		got := &letter{mailbox: m, id: p.find(m, l.msgid, mailstore.Inbox), msgid: l.msgid, token: l.token, octets: l.octets, folder: mailstore.Inbox}
		if m == l.mailbox {
			got.twin, l.twin = l, got
		}
		p.letters = append(p.letters, got)
	}
	return true
}

// find answers the store's id of a message in a folder.
func (p *plot) find(m email.MailboxID, msgid string, in mailstore.FolderID) email.MessageID {
	p.b.t.Helper()
	entries, err := p.b.store.Entries(p.b.ctx, m, 0, 1_000_000)
	p.b.must(err)
	for _, e := range slices.Backward(entries) {
		if e.Message == "" {
			continue
		}
		if got, err := p.b.store.Messages(p.b.ctx, m, []email.MessageID{e.Message}); err == nil && len(got) == 1 && got[0].MessageID == msgid && got[0].Folder == in {
			return e.Message
		}
	}
	p.b.t.Fatalf("%s is not in %s", msgid, in)
	return ""
}

func (p *plot) flag() bool {
	l := p.pick(living)
	if l == nil {
		return false
	}
	if p.rnd.IntN(3) == 0 {
		l.flags.Flagged = !l.flags.Flagged
		p.b.must(p.b.store.SetFlags(p.b.ctx, mailstore.FromPortal, l.mailbox, []email.MessageID{l.id}, mailstore.FlagChange{Flagged: &l.flags.Flagged}))
		return true
	}
	l.flags.Seen = !l.flags.Seen
	p.b.must(p.b.store.SetFlags(p.b.ctx, mailstore.FromPortal, l.mailbox, []email.MessageID{l.id}, mailstore.FlagChange{Seen: &l.flags.Seen}))
	return true
}

// name puts one of a few names on a message, or takes it off.
func (p *plot) name() bool {
	l := p.pick(living)
	if l == nil {
		return false
	}
	name := []string{"Rote Kategorie", "Übergabe", "Kunde"}[p.rnd.IntN(3)]
	ch := email.CategoryChange{Add: email.Categories{name}}
	if l.names.Has(name) {
		ch = email.CategoryChange{Remove: ch.Add}
	}
	l.names, l.renamed = l.names.After(ch), true
	p.b.must(p.b.store.SetCategories(p.b.ctx, mailstore.FromPortal, l.mailbox, []email.MessageID{l.id}, ch))
	return true
}

func (p *plot) move() bool {
	l := p.pick(living)
	if l == nil {
		return false
	}
	to := []mailstore.FolderID{mailstore.Archive, mailstore.Inbox, mailstore.Archive}
	for id := range p.folders[l.mailbox] {
		to = append(to, id)
	}
	slices.Sort(to)
	p.put(l, to[p.rnd.IntN(len(to))])
	return true
}

func (p *plot) trash() bool {
	l := p.pick(living)
	if l == nil {
		return false
	}
	p.put(l, mailstore.Trash)
	return true
}

func (p *plot) put(l *letter, to mailstore.FolderID) {
	p.b.t.Helper()
	if l.folder == to {
		return
	}
	p.b.must(p.b.store.Move(p.b.ctx, mailstore.FromPortal, l.mailbox, []email.MessageID{l.id}, to))
	l.folder = to
}

// erase is "delete for good": in Exchange it means Deleted Items.
func (p *plot) erase() bool {
	l := p.pick(living)
	if l == nil {
		return false
	}
	p.b.must(p.b.store.Delete(p.b.ctx, mailstore.FromPortal, l.mailbox, []email.MessageID{l.id}))
	l.folder, l.deleted = mailstore.Trash, true
	return true
}

func (p *plot) newFolder() bool {
	m := p.box()
	name := fmt.Sprintf("Projekt %d", len(p.folders[m])+1)
	id, err := p.b.store.CreateFolder(p.b.ctx, mailstore.FromPortal, m, "", name)
	p.b.must(err)
	if p.folders[m] == nil {
		p.folders[m] = map[mailstore.FolderID]string{}
	}
	p.folders[m][id] = name
	return true
}

// body is the SHA-256 of what lies below the header.
func (l *letter) body() string {
	_, body, _ := strings.Cut(string(l.octets), "\r\n\r\n")
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}
