package standin

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// strictly reads a body and refuses what it does not know.
func strictly(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// written is a message as a client writes it, for a creating call or a PATCH.
type written struct {
	Subject    string             `json:"subject"`
	Body       *writtenBody       `json:"body"`
	From       *writtenRecipient  `json:"from"`
	Sender     *writtenRecipient  `json:"sender"`
	To         []writtenRecipient `json:"toRecipients"`
	Cc         []writtenRecipient `json:"ccRecipients"`
	Bcc        []writtenRecipient `json:"bccRecipients"`
	ReplyTo    []writtenRecipient `json:"replyTo"`
	Importance string             `json:"importance"`
	MessageID  string             `json:"internetMessageId"`
	Read       *bool              `json:"isRead"`
	Flag       *struct {
		Status string `json:"flagStatus"`
	} `json:"flag"`
	Categories  *[]string           `json:"categories"`
	Properties  []writtenProperty   `json:"singleValueExtendedProperties"`
	Attachments []writtenAttachment `json:"attachments"`
	Headers     []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"internetMessageHeaders"`
	Received string `json:"receivedDateTime"` // ignored, as Graph does
	Sent     string `json:"sentDateTime"`     // ignored, as Graph does
}

type writtenBody struct {
	Kind    string `json:"contentType"`
	Content string `json:"content"`
}

type writtenRecipient struct {
	Address struct {
		Name    string `json:"name"`
		Address string `json:"address"`
	} `json:"emailAddress"`
}

type writtenProperty struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

type writtenAttachment struct {
	Type    string `json:"@odata.type"`
	Name    string `json:"name"`
	Kind    string `json:"contentType"`
	Inline  bool   `json:"isInline"`
	Content []byte `json:"contentBytes"`
	ID      string `json:"contentId"`
}

// create makes a message: of MIME always a draft; of JSON a draft unless 0x0E07 says otherwise.
func (g *graphFace) create(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "create") {
		return
	}
	folder := "drafts"
	if name := r.PathValue("folder"); name != "" {
		folder = name
	}
	f, err := g.folderNamed(r.mailbox, folder)
	if err != nil {
		noSuch(w, err)
		return
	}
	octets, properties, lie, err := g.readNew(r)
	switch {
	case err != nil:
		code := "BadRequest"
		if named := (*graphRefusal)(nil); errors.As(err, &named) {
			code = named.code
		}
		graphError(w, http.StatusBadRequest, code, err.Error())
		return
	case lie:
		graphJSON(w, http.StatusOK, map[string]any{})
		return
	}
	m, err := g.Create("graph", r.mailbox, f.ID, octets, properties)
	if err != nil {
		noSuch(w, err)
		return
	}
	if !g.fails(w, r, "created") {
		r.options["$select"] = ""
		g.showOne(w, r, http.StatusCreated, m, octets)
	}
}

type graphRefusal struct{ code, words string }

func (e *graphRefusal) Error() string { return e.words }

// readNew reads the body of a creating call.
func (g *graphFace) readNew(r *graphRequest) (octets []byte, p Properties, lie bool, err error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(kind) {
	case "text/plain":
		octets = make([]byte, base64.StdEncoding.DecodedLen(len(r.body)))
		n, err := base64.StdEncoding.Decode(octets, r.body)
		if err != nil || n == 0 {
			return nil, p, false, &graphRefusal{"UnableToDeserializePostBody", "were unable to deserialize"}
		}
		return withoutX(octets[:n]), Properties{Draft: true, Read: true}, n > g.limits.Lie, nil
	case "application/json":
		var m written
		if err := strictly(r.body, &m); err != nil {
			return nil, p, false, &graphRefusal{"UnableToDeserializePostBody", err.Error()}
		}
		if err := m.check(); err != nil {
			return nil, p, false, err
		}
		p.Draft = true
		if err := m.apply(&p, true); err != nil {
			return nil, p, false, err
		}
		p.Draft = p.Draft || g.strange("drafts-only")
		return m.octets(p), p, false, nil
	}
	return nil, p, false, &graphRefusal{"RequestBodyRead", "A message is application/json or, as MIME, text/plain."}
}

func (m written) check() error {
	if len(m.Headers) > 5 {
		return &graphRefusal{"InvalidInternetMessageHeaderCollection", "Maximum number of headers in one message should be less than or equal to 5."}
	}
	for _, h := range m.Headers {
		if !strings.HasPrefix(strings.ToLower(h.Name), "x-") {
			return &graphRefusal{"InvalidInternetMessageHeader", "The internet message header name '" + h.Name + "' should start with 'x-' or 'X-'."}
		}
	}
	for _, a := range m.Attachments {
		if a.Type != "#microsoft.graph.fileAttachment" || a.Name == "" {
			return &graphRefusal{"ErrorInvalidRequest", "An attachment needs @odata.type and name."}
		}
	}
	return nil
}

// apply takes over what was written. 0x0E07 counts in the creating call only; later it is taken and
// does nothing.
func (m written) apply(p *Properties, creating bool) error {
	if m.Read != nil {
		p.Read = *m.Read
	}
	if m.Flag != nil {
		if !slices.Contains([]string{"notFlagged", "flagged", "complete"}, m.Flag.Status) {
			return &graphRefusal{"RequestBodyRead", "flagStatus is notFlagged, flagged or complete."}
		}
		p.Flagged = m.Flag.Status == "flagged"
	}
	if m.Categories != nil {
		p.Categories = *m.Categories
	}
	for _, one := range m.Properties {
		id, err := canonical(one.ID)
		if err != nil {
			return &graphRefusal{"ErrorInvalidArgument", err.Error()}
		}
		if err := p.mapi(id, one.Value, creating); err != nil {
			return &graphRefusal{"ErrorInvalidArgument", err.Error()}
		}
	}
	return nil
}

// mapi sets a MAPI property by its canonical name.
func (p *Properties) mapi(id, value string, creating bool) error {
	kind, _, _ := strings.Cut(id, " ")
	switch kind {
	case "Integer":
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return fmt.Errorf("%s is no number", id)
		}
	case "SystemTime":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return fmt.Errorf("%s is no time", id)
		}
	}
	if p.Extended == nil {
		p.Extended = map[string]string{}
	}
	switch id {
	case "Integer 0x0E07":
		if bits, _ := strconv.Atoi(value); creating {
			p.Draft, p.Read = bits&8 != 0, bits&1 != 0
		}
		return nil
	case "SystemTime 0x0E06":
		p.Received, _ = time.Parse(time.RFC3339, value)
		return nil
	case "SystemTime 0x0039":
		p.Sent, _ = time.Parse(time.RFC3339, value)
		return nil
	case "Integer 0x1081":
		p.Answered = value == "102" || value == "103"
	}
	p.Extended[id] = value
	return nil
}

func (g *graphFace) patch(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "patch") {
		return
	}
	var m written
	if err := strictly(r.body, &m); err != nil {
		graphError(w, http.StatusBadRequest, "UnableToDeserializePostBody", err.Error())
		return
	}
	if m.MessageID != "" || m.Attachments != nil || m.Headers != nil {
		graphError(w, http.StatusBadRequest, "ErrorInvalidPropertySet", "The property can't be changed.")
		return
	}
	if g.strange("no-categories") {
		m.Categories = nil
	}
	_, err := g.store.Change(r.mailbox, r.PathValue("id"), func(p *Properties) error { return m.apply(p, false) })
	if err != nil {
		noSuch(w, err)
		return
	}
	if !g.fails(w, r, "patched") {
		g.show(w, r, http.StatusOK)
	}
}
