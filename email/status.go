package email

import (
	"regexp"
	"strings"
)

// reasons in plain words by enhanced status code (RFC 3463 and the registry that it began), German and
// English; the longest prefix that fits is taken.
var reasons = []struct{ prefix, german, english string }{
	{"5.1.1", "Diese Adresse gibt es dort nicht.", "There is no such address."},
	{"5.1.2", "Den Mailserver dieser Adresse gibt es nicht.", "The mail server of this address does not exist."},
	{"5.1.3", "Die Adresse ist falsch geschrieben.", "The address is misspelt."},
	{"5.1.6", "Das Postfach ist umgezogen; eine neue Adresse ist nicht bekannt.", "The mailbox has moved; no new address is known."},
	{"5.1.8", "Der Server des Empfängers lehnt Ihre Absenderadresse ab.", "The recipient's server refuses your address."},
	{"5.1.10", "Die Empfängerdomäne nimmt keine E-Mail an.", "The recipient's domain accepts no mail."},
	{"5.2.1", "Das Postfach ist stillgelegt.", "The mailbox is disabled."},
	{"5.2.2", "Das Postfach ist voll.", "The mailbox is full."},
	{"4.2.2", "Das Postfach ist voll.", "The mailbox is full."},
	{"5.2.3", "Die Nachricht ist für den Empfänger zu groß.", "The message is too large for the recipient."},
	{"5.2", "Das Postfach nimmt keine Nachrichten an.", "The mailbox accepts no messages."},
	{"5.3.4", "Die Nachricht ist für den Empfänger zu groß.", "The message is too large for the recipient."},
	{"5.4.1", "Der Server des Empfängers nimmt keine Nachrichten an diese Adresse an.", "The recipient's server accepts no messages for this address."},
	{"5.4.4", "Der Mailserver dieser Adresse wurde nicht gefunden.", "The mail server of this address was not found."},
	{"5.4.6", "Die Nachricht wurde im Kreis weitergeleitet.", "The message was forwarded in a circle."},
	{"5.4.14", "Die Nachricht wurde im Kreis weitergeleitet.", "The message was forwarded in a circle."},
	{"5.4.7", "Der Server des Empfängers war zu lange nicht erreichbar.", "The recipient's server could not be reached for too long."},
	{"4.4.7", "Der Server des Empfängers war zu lange nicht erreichbar.", "The recipient's server could not be reached for too long."},
	{"5.4", "Der Server des Empfängers ist nicht erreichbar.", "The recipient's server cannot be reached."},
	{"4.4", "Der Server des Empfängers war nicht erreichbar.", "The recipient's server could not be reached."},
	{"5.6", "Der Server des Empfängers kann die Nachricht in dieser Form nicht annehmen.", "The recipient's server cannot take the message in this form."},
	{"5.7.1", "Der Server des Empfängers hat die Nachricht abgelehnt.", "The recipient's server refused the message."},
	{"5.7.23", "Der Server des Empfängers hält die Nachricht nicht für echt (SPF).", "The recipient's server does not believe that the message is genuine (SPF)."},
	{"5.7.26", "Der Server des Empfängers hält die Nachricht nicht für echt (DMARC).", "The recipient's server does not believe that the message is genuine (DMARC)."},
	{"5.7", "Der Server des Empfängers hat die Nachricht abgelehnt.", "The recipient's server refused the message."},
	{"5.1", "Die Adresse ist nicht gültig.", "The address is not valid."},
	{"4.", "Der Server des Empfängers hat die Nachricht bisher nicht angenommen.", "The recipient's server has not taken the message so far."},
	{"", "Der Server des Empfängers hat die Nachricht nicht angenommen.", "The recipient's server did not accept the message."},
}

// ExplainStatus says in plain words why a recipient did not get a message. status is an enhanced status
// code, possibly a general one such as 5.0.0 or none; words are the server's own, which often say more.
func ExplainStatus(status, words, lang string) string {
	best := reasons[len(reasons)-1]
	status = refine(status, words)
	for _, r := range reasons {
		if strings.HasPrefix(status+".", r.prefix+".") || strings.HasSuffix(r.prefix, ".") && strings.HasPrefix(status, r.prefix) {
			if len(r.prefix) > len(best.prefix) {
				best = r
			}
		}
	}
	if lang == "de" {
		return best.german
	}
	return best.english
}

var (
	enhancedCode = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)
	replyCode    = regexp.MustCompile(`(?:^|[\s:])([45]\d\d)(?:[ -]|$)`)
)

// phrases by which servers say without a code what is wrong, for what has no better one.
var phrases = []struct {
	status string
	words  *regexp.Regexp
}{
	{"5.2.2", regexp.MustCompile(`(?i)mailbox.{0,20}full|over ?quota|quota.{0,20}exceed|exceed\w*.{0,20}quota|insufficient (disk )?space|postfach.{0,20}voll`)},
	{"5.3.4", regexp.MustCompile(`(?i)too (large|big)|size.{0,30}(limit|exceed)|exceed\w*.{0,30}size|message length`)},
	{"5.2.1", regexp.MustCompile(`(?i)(mailbox|account|user|recipient).{0,30}(disabled|inactive|suspended|deactivated)`)},
	{"5.1.2", regexp.MustCompile(`(?i)(host|domain|server)( name)?.{0,30}(not found|unknown|does ?n.?t exist)|nxdomain|name service error|unrouteable|no mx|bad destination system|can.?t find any host`)},
	{"5.1.1", regexp.MustCompile(`(?i)(user|recipient|mailbox|address|account).{0,40}(unknown|not found|unavailable|does ?n.?t exist|not exist|rejected|invalid|no longer)|no such (user|mailbox|address|recipient|person)|unknown (user|recipient|address|mailbox|local)|invalid (recipient|mailbox|address|user)|not a valid|no mailbox|isn.?t? listed|unbekannt`)},
	{"4.4.7", regexp.MustCompile(`(?i)timed? ?out|expired|too long|could not be delivered for|retry time`)},
	{"5.4.6", regexp.MustCompile(`(?i)too many hops|loop`)},
	{"5.7.26", regexp.MustCompile(`(?i)dmarc`)},
	{"5.7.23", regexp.MustCompile(`(?i)\bspf\b`)},
	{"5.7.1", regexp.MustCompile(`(?i)spam|block|blacklist|policy|denied|refused|reject|relay|prohibited|not permitted|virus`)},
}

// refine finds a code that says more than a general one: in the words a code, else a phrase.
func refine(status, words string) string {
	words = cutRunes(words, 2000)
	if general(status) {
		for _, m := range enhancedCode.FindAllString(words, 5) {
			if !general(m) {
				return m
			}
		}
		for _, p := range phrases {
			if p.words.MatchString(words) {
				return p.status
			}
		}
	}
	if status == "" {
		if m := replyCode.FindStringSubmatch(words); m != nil {
			return m[1][:1] + ".0.0"
		}
	}
	return status
}

// general says whether a code tells no reason: x.0.0 and none at all.
func general(status string) bool {
	return status == "" || strings.HasSuffix(status, ".0.0")
}
