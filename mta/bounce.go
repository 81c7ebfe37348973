package mta

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"

	"holdover/email"
	"holdover/mailstore"
)

// bounce writes a report (RFC 3464) about refused recipients into the sender's own mailbox. Nobody
// outside is ever sent one: mail without a mailbox of ours is only logged. All that the report says
// comes from durable rows, so a second writing is the same message and makes no second one (L1).
func (out *Outbound) bounce(ctx context.Context, m mailstore.OutMessage, refused []mailstore.OutRecipient, octets []byte) error {
	if m.Mailbox == "" || m.From == "" {
		out.log.Warn("outbound mail failed and has no sender here to be told", "send", m.ID, "recipients", len(refused))
		return nil
	}
	seed := string(m.ID)
	report := email.Bounce{
		ReportingMTA: out.o.Host,
		To:           email.Address{Addr: m.From},
		From:         email.Address{Name: "Holdover", Addr: out.o.Postmaster},
		Original:     octets,
		Lang:         out.o.Language(m.Mailbox),
	}
	for _, r := range refused {
		at, words, _ := readRefusal(r.Words)
		if at.After(report.Date) {
			report.Date = at
		}
		seed += "\n" + r.Address
		report.Failed = append(report.Failed, email.FailedRecipient{
			Addr: r.Address, Status: statusIn(words), Words: words, Remote: out.name,
		})
	}
	sum := sha256.Sum256([]byte(seed))
	key := hex.EncodeToString(sum[:16])
	report.MessageID = fmt.Sprintf("b.%s@%s", key, out.o.Host)
	var text bytes.Buffer
	if err := email.WriteBounce(&text, report); err != nil {
		return err
	}
	_, err := out.o.Store.Deliver(ctx, mailstore.Arrival{
		To:     []mailstore.Recipient{{Mailbox: m.Mailbox, Address: m.From}},
		Origin: mailstore.FromOutside,
		Octets: Normalise(text.Bytes()),
	})
	return err
}

// statusIn finds the enhanced status code in a remote answer (RFC 3463), or makes one of its class.
func statusIn(words string) string {
	if found := regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`).FindString(words); found != "" {
		return found
	}
	return "5.0.0"
}
