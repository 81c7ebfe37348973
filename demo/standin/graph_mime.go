package standin

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// content is what Graph makes of a message's MIME: one body, and attachments.
type content struct {
	html, text  string
	isHTML      bool
	attachments []attachment
}

type attachment struct {
	name, kind, id string
	inline, item   bool
	octets         []byte
}

// contentOf takes a message apart, as far as the stand-in needs it. What it cannot read is empty.
func contentOf(octets []byte) (c content) {
	h := readHeader(octets)
	c.part(h.get("Content-Type"), h.get("Content-Transfer-Encoding"), h.get("Content-Disposition"), h.get("Content-ID"), octets[h.end:], 0)
	return c
}

func (c *content) part(kind, encoding, disposition, id string, body []byte, depth int) {
	mediaType, params, err := mime.ParseMediaType(kind)
	if err != nil {
		mediaType = "text/plain"
	}
	if strings.HasPrefix(mediaType, "multipart/") && depth < 20 {
		reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		for {
			p, err := reader.NextRawPart()
			if err != nil {
				return
			}
			inner, _ := io.ReadAll(p)
			c.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p.Header.Get("Content-Id"), inner, depth+1)
		}
	}
	octets := decodedBody(encoding, body)
	placed, names, _ := mime.ParseMediaType(disposition)
	name := decoded(names["filename"])
	if name == "" {
		name = decoded(params["name"])
	}
	switch {
	case placed != "attachment" && mediaType == "text/plain" && c.text == "" && name == "":
		c.text = string(octets)
	case placed != "attachment" && mediaType == "text/html" && !c.isHTML && name == "":
		c.html, c.isHTML = string(octets), true
	default:
		if name == "" {
			name = fmt.Sprintf("ATT%05d", len(c.attachments)+1)
		}
		c.attachments = append(c.attachments, attachment{name: name, kind: mediaType, id: strings.Trim(id, "<>"), inline: placed == "inline", item: strings.HasPrefix(mediaType, "message/"), octets: octets})
	}
}

func decodedBody(encoding string, body []byte) []byte {
	var r io.Reader = bytes.NewReader(body)
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.Map(func(c rune) rune {
			if c == '\r' || c == '\n' {
				return -1
			}
			return c
		}, body)))
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	octets, _ := io.ReadAll(r)
	return octets
}

func (a attachment) object(n int) map[string]any {
	object := map[string]any{"id": fmt.Sprintf("AAMkATT%d", n), "name": a.name, "contentType": a.kind, "size": len(a.octets), "isInline": a.inline}
	if a.item {
		object["@odata.type"] = "#microsoft.graph.itemAttachment"
		return object
	}
	object["@odata.type"], object["contentBytes"] = "#microsoft.graph.fileAttachment", a.octets
	if a.id != "" {
		object["contentId"] = a.id
	}
	return object
}

// messageObject is a message as Graph writes it; octets are nil in a list, which shows no body.
func (g *graphFace) messageObject(r *graphRequest, m Message, octets []byte) (map[string]any, error) {
	wanted, err := expanded(r.options["$expand"])
	if err != nil {
		return nil, err
	}
	id, status := m.ItemID, "notFlagged"
	if r.immutable {
		id = m.ID
	}
	if m.Flagged {
		status = "flagged"
	}
	object := map[string]any{"id": id, "changeKey": itemID('c', m.Changes+1, 0), "parentFolderId": m.FolderID, "internetMessageId": m.MessageID, "isRead": m.Seen, "isDraft": m.Draft,
		"flag": map[string]string{"flagStatus": status}, "subject": m.Subject, "categories": append([]string{}, m.Categories...), "importance": "normal",
		"receivedDateTime": m.Received.UTC().Format(time.RFC3339), "sentDateTime": m.Sent.UTC().Format(time.RFC3339)}
	if octets != nil {
		describe(object, octets, prefers(r.Request, `outlook.body-content-type="text"`))
	}
	var properties []writtenProperty
	for _, id := range wanted {
		value := m.Extended[id]
		if id == "String 0x007D" && value == "" && len(m.Traces) > 0 {
			value = "Received: " + strings.Join(m.Traces, "\r\nReceived: ") + "\r\n"
		}
		if id == "Integer 0x1081" && value == "" && m.Answered {
			value = "102"
		}
		if value != "" {
			properties = append(properties, writtenProperty{short(id), value})
		}
	}
	if properties != nil {
		object["singleValueExtendedProperties"] = properties
	}
	return object, nil
}

// describe adds body and people.
func describe(object map[string]any, octets []byte, asText bool) {
	h, c := readHeader(octets), contentOf(octets)
	kind, text := "html", c.html
	if !c.isHTML || asText {
		if kind, text = "text", c.text; !asText {
			kind, text = "html", "<html><body><pre>"+strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(c.text)+"</pre></body></html>"
		}
	}
	object["body"], object["hasAttachments"] = map[string]string{"contentType": kind, "content": text}, len(c.attachments) > 0
	for field, name := range map[string]string{"toRecipients": "To", "ccRecipients": "Cc", "bccRecipients": "Bcc", "replyTo": "Reply-To"} {
		object[field] = recipients(h.get(name))
	}
	for field, name := range map[string]string{"from": "From", "sender": "From"} {
		object[field] = nil
		if all := recipients(h.get(name)); len(all) > 0 {
			object[field] = all[0]
		}
	}
}

func recipients(value string) []writtenRecipient {
	list := []writtenRecipient{}
	addresses, _ := mail.ParseAddressList(value)
	for _, a := range addresses {
		var r writtenRecipient
		r.Address.Name, r.Address.Address = a.Name, a.Address
		list = append(list, r)
	}
	return list
}

// withoutX drops the headers whose names the mailbox does not know, without a word.
func withoutX(octets []byte) []byte {
	h := readHeader(octets)
	var out bytes.Buffer
	h.filtered(&out, func(name string) bool { return !strings.HasPrefix(strings.ToLower(name), "x-") })
	return append(out.Bytes(), octets[h.end:]...)
}

// octets is the MIME that the store keeps of a message written as JSON.
func (m written) octets(p Properties) []byte {
	var b bytes.Buffer
	field := func(name, value string) {
		if value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value); value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	b.WriteString(strings.TrimRight(p.Extended["String 0x007D"], "\r\n"))
	if b.Len() > 0 {
		b.WriteString("\r\n")
	}
	field("Message-ID", m.MessageID)
	if !p.Sent.IsZero() {
		field("Date", p.Sent.Format(time.RFC1123Z))
	}
	field("Subject", mime.QEncoding.Encode("utf-8", m.Subject))
	if m.From != nil {
		field("From", addressList([]writtenRecipient{*m.From}))
	}
	field("To", addressList(m.To))
	field("Cc", addressList(m.Cc))
	field("Bcc", addressList(m.Bcc))
	field("Reply-To", addressList(m.ReplyTo))
	field("In-Reply-To", p.Extended["String 0x1042"])
	field("References", p.Extended["String 0x1039"])
	for _, h := range m.Headers {
		field(h.Name, h.Value)
	}
	m.writeBody(&b)
	return b.Bytes()
}

func addressList(list []writtenRecipient) string {
	var all []string
	for _, r := range list {
		all = append(all, (&mail.Address{Name: r.Address.Name, Address: r.Address.Address}).String())
	}
	return strings.Join(all, ", ")
}

func (m written) writeBody(b *bytes.Buffer) {
	body := writtenBody{Kind: "text"}
	if m.Body != nil {
		body = *m.Body
	}
	kind := "text/plain; charset=utf-8"
	if strings.EqualFold(body.Kind, "html") {
		kind = "text/html; charset=utf-8"
	}
	b.WriteString("MIME-Version: 1.0\r\n")
	if len(m.Attachments) == 0 {
		fmt.Fprintf(b, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", kind, wrapped([]byte(body.Content)))
		return
	}
	const boundary = "standin-made-this-of-json"
	fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%[1]s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", boundary, kind, wrapped([]byte(body.Content)))
	for _, a := range m.Attachments {
		placed := "attachment"
		if a.Inline {
			placed = "inline"
		}
		fmt.Fprintf(b, "\r\n--%s\r\nContent-Type: %s\r\nContent-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\n", boundary, a.Kind, mime.FormatMediaType(placed, map[string]string{"filename": a.Name}))
		if a.ID != "" {
			fmt.Fprintf(b, "Content-ID: <%s>\r\n", strings.Trim(a.ID, "<>"))
		}
		fmt.Fprintf(b, "\r\n%s", wrapped(a.Content))
	}
	fmt.Fprintf(b, "\r\n--%s--\r\n", boundary)
}

// wrapped is base64 in lines of 76 (RFC 2045, 6.8).
func wrapped(octets []byte) string {
	text := base64.StdEncoding.EncodeToString(octets)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	return b.String() + text + "\r\n"
}
