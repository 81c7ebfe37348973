package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"holdover/email"
	"holdover/web/page"
)

// Caps of what one form may hold. Text above maxText is handed back, not stored; what a person can
// type stays far below.
const (
	maxText      = 1 << 20
	maxRead      = 4 << 20
	maxRecipient = 64 << 10
	maxSubject   = 2 << 10
	maxSmall     = 512
	maxDrain     = 1 << 30 // of files that are too large: read and dropped, so that the answer is seen
)

// composeForm is what a person sent from the writing page: the fields as typed, and the files that
// fitted. It is complete even when err tells of a damaged upload, so that the page can be filled again.
type composeForm struct {
	Button   string // save, send, attach, discard, copy, remove:<n>, fix:<field>:<n>
	Token    string // per form, makes sending idempotent
	Version  int    // of the draft that the form was filled from, 0: none yet
	Mode, Of string // what a new draft answers
	From     string
	To, Cc   string
	Bcc      string
	Subject  string
	Text     string // LF line ends
	HTML     string // of the editor, "" when the text was typed plainly
	Sure     bool   // what was asked about is meant so
	Owner    string // mark of the person whom the form was made for
	Lang     string // of the page that the form stood on
	Aside    bool   // a question about this form has kept what it holds in a draft of its own (compose_aside.go)
	Files    []email.Attachment
	TooLarge []refusedFile
}

// refusedFile is an upload above the limit: nothing of it is kept.
type refusedFile struct {
	Name string
	Size int64
}

var (
	errTextTooLong = errors.New("more text than a form may hold")
	errListTooLong = fmt.Errorf("%w: recipients", errTextTooLong)
)

// readComposeForm reads a multipart or plain form part by part, so that a file that is too large costs
// neither memory nor the text that stands before it. room is what attachments may take in octets.
func readComposeForm(r *http.Request, room int64) (composeForm, error) {
	var f composeForm
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		r.Body = http.MaxBytesReader(nil, r.Body, maxRead)
		if err := r.ParseForm(); err != nil {
			return f, fmt.Errorf("compose form: %w", err)
		}
		return f, f.setAll(r.PostForm)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return f, fmt.Errorf("compose form: %w", err)
	}
	var drained int64
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, f.check()
		}
		if err != nil {
			return f, fmt.Errorf("compose form: %w", err)
		}
		if err := f.readPart(part, &room, &drained); err != nil {
			return f, fmt.Errorf("compose form, part %q: %w", part.FormName(), err)
		}
	}
}

func (f *composeForm) readPart(part *multipart.Part, room, drained *int64) error {
	switch part.FormName() {
	case "file":
		return f.readFile(part, room, drained)
	case "picture": // of the editor: shown at its place, a file when browsers cannot show it
		before := len(f.Files)
		err := f.readFile(part, room, drained)
		for i := before; i < len(f.Files); i++ {
			f.Files[i], _ = f.Files[i].AsPicture()
		}
		return err
	}
	value, err := io.ReadAll(io.LimitReader(part, maxRead))
	f.set(part.FormName(), string(value))
	return err
}

func (f *composeForm) readFile(part *multipart.Part, room, drained *int64) error {
	name := fileName(part)
	octets, err := io.ReadAll(io.LimitReader(part, *room+1))
	if err != nil {
		return err
	}
	if int64(len(octets)) > *room {
		rest, err := io.Copy(io.Discard, io.LimitReader(part, maxDrain-*drained))
		*drained += rest
		f.TooLarge = append(f.TooLarge, refusedFile{Name: name, Size: int64(len(octets)) + rest})
		return err
	}
	if name == "" && len(octets) == 0 { // the file field was left empty
		return nil
	}
	*room -= int64(len(octets))
	f.Files = append(f.Files, email.Attachment{Name: name, Type: fileType(part), Octets: octets})
	return nil
}

func (f *composeForm) setAll(values url.Values) error {
	for name := range values {
		f.set(name, values.Get(name))
	}
	return f.check()
}

func (f *composeForm) set(name, value string) {
	switch name {
	case "button":
		f.Button = clip(value, maxSmall)
	case "token":
		f.Token = clip(value, maxSmall)
	case "version":
		f.Version, _ = strconv.Atoi(value) // anything else is version 0, which conflicts
	case "mode":
		f.Mode = clip(value, maxSmall)
	case "of":
		f.Of = clip(value, maxSmall)
	case "owner":
		f.Owner = clip(value, maxSmall)
	case "lang":
		f.Lang = clip(value, maxSmall)
	case "aside":
		f.Aside = value == "1"
	case "from":
		f.From = page.OneLine(value)
	case "to":
		f.To = page.OneLine(value)
	case "cc":
		f.Cc = page.OneLine(value)
	case "bcc":
		f.Bcc = page.OneLine(value)
	case "subject":
		f.Subject = page.OneLine(value)
	case "html":
		f.HTML = namedPictures(strings.ReplaceAll(strings.ToValidUTF8(value, "\uFFFD"), "\x00", ""))
	case "text":
		f.Text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(strings.ToValidUTF8(value, "\uFFFD"))
	}
}

func (f *composeForm) check() error {
	switch {
	case len(f.Text) > maxText || len(f.HTML) > 2*maxText || len(f.Subject) > maxSubject:
		return errTextTooLong
	case len(f.To)+len(f.Cc)+len(f.Bcc) > maxRecipient:
		return errListTooLong
	}
	return nil
}

// clip cuts a field of the form's own, which no person types.
func clip(value string, most int) string {
	if len(value) > most {
		return ""
	}
	return value
}

// turned takes out what makes a name read backwards ("gnp.exe" as "exe.png").
var turned = strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u202e", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

// fileName is the last element of the name that the browser told, whatever its system's separator is.
func fileName(part *multipart.Part) string {
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name := path.Base(strings.ReplaceAll(page.OneLine(turned.Replace(params["filename"])), `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		return ""
	}
	if letters := []rune(name); len(letters) > 200 {
		ending := []rune(path.Ext(name))
		if len(ending) > 20 {
			ending = nil
		}
		name = string(letters[:200-len(ending)]) + string(ending)
	}
	return name
}

// fileType is the media type that the browser told, without parameters; "application/octet-stream"
// stands for what is none or could change the message's structure (RFC 2046, 5).
func fileType(part *multipart.Part) string {
	kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		return "application/octet-stream"
	}
	return kind
}

// version is the version as the form has it; "" when it has none.
func (f composeForm) version() string {
	if f.Version == 0 {
		return ""
	}
	return strconv.Itoa(f.Version)
}
