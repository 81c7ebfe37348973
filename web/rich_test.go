package web

import (
	"context"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"holdover/email"
	"holdover/mailstore"
)

// typeInto sends text to what has the focus, as a keyboard does.
func (b *browser) typeInto(text string) {
	b.t.Helper()
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// draftOf is the newest draft of a person.
func (h *house) draftOf(who string) email.Draft {
	h.t.Helper()
	rows, _, err := h.mail.Threads(context.Background(), h.box(who), mailstore.Drafts, before0, 5)
	must(h.t, err)
	if len(rows) == 0 {
		return email.Draft{}
	}
	octets, err := h.mail.Raw(context.Background(), h.box(who), rows[0].Latest.ID)
	must(h.t, err)
	d, err := email.OpenDraft(octets)
	must(h.t, err)
	return d
}

// TestRichText: emphasis, lists and links travel as HTML beside the plain text, survive saving and opening again,
// and what is pasted loses all else.
func TestRichText(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.querySelector("[data-rich=start]").offsetHeight > 0`)
	b.click("[data-rich=start]")
	b.until(`!document.getElementById("editor").hidden && document.activeElement.id === "editor"`)
	b.typeInto("Guten Tag ")
	b.click("[data-rich=bold]")
	b.typeInto("sehr wichtig")
	b.until(`document.querySelector("[data-rich=bold]").getAttribute("aria-pressed") === "true"`)
	js[bool](b, `(() => { const data = new DataTransfer(); data.setData("text/html", "<p style='position:fixed' onclick='x()'>Aus <i>Word</i><script>window.bad = 1</`+`script><img src='https://evil.example/x.png' onerror='window.bad = 1'></p>");
		document.getElementById("editor").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); return true })()`)
	b.until(`document.getElementById("html").value.includes("<i>Word</i>") || document.getElementById("html").value.includes("<em>Word</em>")`)
	b.picture("compose-rich-1280-light")
	h.await("the draft has the emphasis", func() bool { return strings.Contains(h.draftOf(katrin).HTML, "sehr wichtig</b>") })
	if d := h.draftOf(katrin); strings.Contains(d.HTML, "evil") || strings.Contains(d.HTML, "style") || strings.Contains(d.HTML, "onclick") || !strings.Contains(d.Text, "Guten Tag sehr wichtig") {
		t.Errorf("HTML %q, text %q", d.HTML, d.Text)
	}
	if js[bool](b, `window.bad === 1`) {
		t.Error("a pasted script ran")
	}
	b.until(`location.search.startsWith("?draft=")`)
	b.run(chromedp.Reload())
	b.until(`!document.getElementById("editor").hidden && document.querySelector("#editor b").textContent === "sehr wichtig"`)
	b.click("button[value=send]")
	b.until(`location.search.includes("done=sent")`)
	h.clock.Pass(time.Minute)
	_, err := h.mail.Release(context.Background())
	must(t, err)
	out, err := h.mail.ClaimOutbound(context.Background(), time.Minute, 5)
	must(t, err)
	octets, err := h.mail.SpoolOctets(context.Background(), out[0].ID)
	must(t, err)
	m := email.Parse(octets)
	kind, _, _ := mime.ParseMediaType(m.Fields[len(m.Fields)-1].Value)
	if len(m.Parts) != 2 || m.Parts[1].Type != "text/html" || strings.Contains(string(octets), "evil.example") {
		t.Errorf("%s with %d parts\n%s", kind, len(m.Parts), octets)
	}
	b.clean("rich text")
}

// TestUploadWithoutReload: a chosen file travels while the text stays as it is; one that is too large is told before.
func TestUploadWithoutReload(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxUpload = 64 << 10 })
	b := newBrowser(t, h, katrin)
	b.window(390, false)
	b.open("/compose")
	dir := t.TempDir()
	small, large := filepath.Join(dir, "Plan Süd.txt"), filepath.Join(dir, "gross.bin")
	must(t, os.WriteFile(small, []byte("Inhalt"), 0o600))
	must(t, os.WriteFile(large, make([]byte, 100<<10), 0o600))
	js[bool](b, `(document.getElementById("text").focus(), true)`)
	b.typeInto("Mitten im Satz")
	b.choose("#upload", small)
	b.until(`document.querySelector("#files .name")?.textContent === "Plan Süd.txt"`)
	if js[string](b, `document.getElementById("text").value.trim() + "|" + document.activeElement.id`) != "Mitten im Satz|text" {
		t.Error("the text or the focus moved")
	}
	if d := h.draftOf(katrin); len(d.Attachments) != 1 || string(d.Attachments[0].Octets) != "Inhalt" || strings.TrimSpace(d.Text) != "Mitten im Satz" {
		t.Errorf("%+v", d)
	}
	b.choose("#upload", large)
	b.until(`!document.getElementById("large").hidden && document.getElementById("large").textContent.includes("gross.bin")`)
	if d := h.draftOf(katrin); len(d.Attachments) != 1 {
		t.Errorf("%d files", len(d.Attachments))
	}
	b.clean("uploading")
}

// choose picks a file as a person does in the browser's own window.
func (b *browser) choose(selector, path string) {
	b.t.Helper()
	object, err := chromedp.Call(b.ctx, dom.GetDocument, dom.GetDocumentParams{})
	must(b.t, err)
	node, err := chromedp.Call(b.ctx, dom.QuerySelector, dom.QuerySelectorParams{NodeID: object.Root.NodeID, Selector: selector})
	must(b.t, err)
	call(b, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, NodeID: node.NodeID})
}

// TestDoubts: a promised file and a look-alike address are asked about once, with the text safe.
func TestDoubts(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		form []string
		want string // "" : it goes
	}{
		"nothing":              {[]string{"to", "olivia@northgate.example", "text", "Bis morgen."}, ""},
		"a promised file":      {[]string{"to", "olivia@northgate.example", "text", "Anbei der Plan."}, "Ihr Text spricht von einem Anhang"},
		"in the subject":       {[]string{"to", "olivia@northgate.example", "subject", "Files attached", "text", "x"}, "Ihr Text spricht von einem Anhang"},
		"part of a word":       {[]string{"to", "olivia@northgate.example", "text", "Das ist unbeanhangt und Nebenbei erwähnt."}, ""},
		"a letter off":         {[]string{"to", "k.wessel@ahrenfed.example", "text", "x"}, "„k.wessel@ahrenfed.example“ ähnelt"},
		"two exchanged":        {[]string{"to", "k.wessel@arhenfeld.example", "text", "x"}, "ähnelt"},
		"another ending":       {[]string{"to", "k.wessel@ahrenfeld.org", "text", "x"}, "ähnelt"},
		"a house below ours":   {[]string{"to", "x@bau.ahrenfeld.example", "text", "x"}, ""},
		"confirmed":            {[]string{"to", "olivia@northgate.example", "text", "Anbei der Plan.", "button", "send:sure"}, ""},
		"an unrelated address": {[]string{"to", "x@nordfeld.example", "text", "x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			form := map[string][]string{"button": {"send"}}
			for i := 0; i < len(c.form); i += 2 {
				form[c.form[i]] = []string{c.form[i+1]}
			}
			w := h.as(katrin).do("POST", "/compose", form)
			if c.want == "" {
				if w.Code != 303 {
					t.Errorf("%d", w.Code)
				}
				return
			}
			page := document(t, w)
			if w.Code != 422 || !strings.Contains(said(page.Find("#summary")), c.want) || page.Find(`button[value="send:sure"]`).Length() != 1 {
				t.Errorf("%d: %s", w.Code, said(page.Find("#summary")))
			}
		})
	}
}

// await waits for something that the browser causes on the server.
func (h *house) await(what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("it never came to pass: %s", what)
		}
	}
}
