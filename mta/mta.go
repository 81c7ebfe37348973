// Package mta takes mail in over SMTP and sends mail out through a durable queue.
//
// On the wire, inbound:
//
//	client ─► listener ─► wire ─► go-smtp ─► session ─► store
//	          who may     lines,  command   who may     250 only when
//	          come in     TLS,    grammar   write to    durable
//	                      bodies            whom
//
// The wire stands below go-smtp and sees every octet first: it bounds lines, times and sizes, does
// STARTTLS, finds the end of DATA and collects the body, so that go-smtp only ever sees commands
// that were vetted. docs/smtp-limits.md says why.
//
// Outbound, the queue is the store's: files in spool/ with rows that say when each recipient is due.
// Outbound claims what is due, offers it to one smart host and reports what each recipient's answer
// was. SMTP to the world is at-least-once: an answer lost after the final dot means a second copy
// with the same Message-ID.
package mta
