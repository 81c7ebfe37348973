package email

import "strings"

// Seal says how a message is signed or encrypted. No signature is checked and nothing is decrypted
// here: the keys are elsewhere.
type Seal struct {
	Encrypted bool   // else it is signed
	By        string // "S/MIME" or "OpenPGP"
}

// Lines by which OpenPGP stands in plain text (RFC 9580, 6.2).
const (
	pgpSigned    = "-----BEGIN PGP SIGNED MESSAGE-----"
	pgpSignature = "-----BEGIN PGP SIGNATURE-----"
	pgpMessage   = "-----BEGIN PGP MESSAGE-----"
)

// Seal answers how the message is sealed; nil when it is not.
func (m *Message) Seal() *Seal {
	for _, n := range append(m.branches(), m.leaves...) {
		protocol := strings.ToLower(n.params["protocol"])
		by := "S/MIME"
		if strings.Contains(protocol, "pgp") {
			by = "OpenPGP"
		}
		switch n.kind {
		case "multipart/signed":
			return &Seal{By: by}
		case "multipart/encrypted":
			return &Seal{Encrypted: true, By: "OpenPGP"}
		case "application/pkcs7-mime", "application/x-pkcs7-mime":
			switch strings.ToLower(n.params["smime-type"]) {
			case "certs-only", "compressed-data":
			default:
				return &Seal{Encrypted: !m.opaque, By: by}
			}
		}
	}
	return m.sealInText()
}

// branches are the message's multiparts, outermost first.
func (m *Message) branches() []*node {
	var all []*node
	var visit func(n *node)
	visit = func(n *node) {
		if n.isMultipart() {
			all = append(all, n)
			for _, child := range n.children {
				visit(child)
			}
		}
	}
	visit(m.root)
	return all
}

func (m *Message) sealInText() *Seal {
	for _, p := range m.chosen.pieces {
		if p.text == nil {
			continue
		}
		text := p.text.plain(maxReportText)
		switch {
		case atLineStart(text, pgpMessage):
			return &Seal{Encrypted: true, By: "OpenPGP"}
		case atLineStart(text, pgpSigned):
			return &Seal{By: "OpenPGP"}
		}
	}
	return nil
}

func atLineStart(text, line string) bool {
	return strings.HasPrefix(text, line) || strings.Contains(text, "\n"+line)
}

// withoutArmour takes the frame of an OpenPGP signature off plain text (RFC 9580, 7): its header lines,
// the signature, and the dashes put before lines.
func withoutArmour(text string) string {
	if !atLineStart(text, pgpSigned) {
		return text
	}
	before, rest, _ := strings.Cut(text, pgpSigned)
	_, rest, _ = strings.Cut(rest, "\n")
	if _, below, ok := strings.Cut(rest, "\n\n"); ok && strings.HasPrefix(rest, "Hash:") {
		rest = below
	} else {
		rest = strings.TrimPrefix(rest, "\n")
	}
	signed, after, _ := strings.Cut(rest, "\n"+pgpSignature)
	if _, behind, ok := strings.Cut(after, "-----END PGP SIGNATURE-----"); ok {
		after = behind
	} else {
		after = ""
	}
	lines := strings.Split(signed, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "- ")
	}
	return before + strings.Join(lines, "\n") + after
}
