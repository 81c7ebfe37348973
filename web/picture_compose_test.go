package web

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"holdover/email"
	"holdover/mailstore"
	"holdover/web/page"
)

// aPicture is a small PNG.
func aPicture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, png.Encode(&out, image.NewRGBA(image.Rect(0, 0, 40, 30))))
	return out.Bytes()
}

// TestPicturesInTheText: chosen and pasted pictures stand in the text with their description, in the draft that is
// opened again, and in what is sent; one that is taken out is not sent.
func TestPicturesInTheText(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.querySelector("[data-rich=start]").offsetHeight > 0`)
	b.click("[data-rich=start]")
	b.until(`!document.getElementById("editor").hidden && document.activeElement.id === "editor"`)
	b.typeInto("Siehe Plan: ")
	plan := filepath.Join(t.TempDir(), "Plan.png")
	must(t, os.WriteFile(plan, aPicture(t), 0o600))
	b.choose("#rich-file", plan)
	b.until(`document.activeElement.id === "rich-describe"`)
	b.typeInto("Lageplan Süd")
	b.until(`document.querySelector("#editor img").alt === "Lageplan Süd" && document.querySelector("#editor img").naturalWidth === 40`)
	b.picture("compose-picture-1280-light")
	js[bool](b, `(() => { const c = document.createElement("canvas"); c.width = 20; c.height = 10;
		c.toBlob((blob) => { const data = new DataTransfer(); data.items.add(new File([blob], "Foto.png", { type: "image/png" })); document.getElementById("editor").focus();
		document.getElementById("editor").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }, "image/png"); return true })()`)
	b.until(`document.querySelectorAll("#editor img").length === 2`)
	h.await("the draft has both", func() bool { return strings.Count(h.draftOf(katrin).HTML, "<img") == 2 })
	b.until(`document.getElementById("saved").textContent.includes("gespeichert")`)
	b.run(chromedp.Reload())
	b.until(`document.querySelectorAll("#editor img").length === 2 && [...document.querySelectorAll("#editor img")].every((i) => i.naturalWidth > 0)`)
	if n := js[int](b, `document.querySelectorAll("#files .file").length`); n != 0 {
		t.Errorf("%d pictures among the files", n)
	}
	js[bool](b, `(document.querySelectorAll("#editor img")[1].remove(), document.getElementById("editor").dispatchEvent(new Event("input", { bubbles: true })), true)`)
	b.until(`document.getElementById("html").value.split("<img").length === 2`)
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
	if len(m.Parts) != 3 || m.Parts[2].ContentID == "" || len(m.Attachments) != 0 || !strings.Contains(string(octets), "multipart/related") || strings.Contains(string(octets), "/compose/") {
		t.Errorf("%+v\n%s", m.Parts, octets)
	}
	if shown := m.Show(email.Look{Link: func(int) string { return "/m/x/part/2" }}); !strings.Contains(shown.HTML, `alt="Lageplan Süd"`) || !strings.Contains(shown.HTML, `src="/m/x/part/2"`) {
		t.Errorf("shown: %s", shown.HTML)
	}
	b.clean("pictures")
}

// TestPictureRules: pictures of others are not kept, not shown, and not served.
func TestPictureRules(t *testing.T) {
	st := newComposeStage(t)
	draft := st.saveWithPicture(t, "jan@holdover.example")
	form := filled(st.Read(st.Get(employee, "/compose?draft="+draft), 200))
	stored, err := st.Mail.Raw(t.Context(), st.Person(employee).Mailbox, email.MessageID(draft))
	if err != nil {
		t.Fatal(err)
	}
	d, err := email.OpenDraft(stored)
	if err != nil || len(d.Attachments) != 1 || d.Attachments[0].CID == "" || strings.Count(d.HTML, "<img") != 1 {
		t.Fatalf("%v %+v %s", err, d.Attachments, d.HTML)
	}
	at := "/compose/" + draft + "/picture/" + d.Attachments[0].CID
	if w := st.Get(employee, at); w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Content-Security-Policy") != page.FilePolicy {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for who, path := range map[string]string{"james@holdover.example": at, employee: "/compose/" + draft + "/picture/other@picture.invalid"} {
		if w := st.Get(who, path); w.Code != http.StatusNotFound {
			t.Errorf("%s %s: %d", who, path, w.Code)
		}
	}
	// Without a script the plain text counts: unchanged it keeps the picture, changed the picture is a file.
	_, where := st.Follow(employee, st.sendForm(employee, "/compose/"+draft, form.with("button", "save", "subject", "Neu")))
	if page := st.Read(st.Get(employee, where), 200); page.Find(".files .file").Length() != 0 {
		t.Error("the picture left the text though nobody changed it")
	}
	page, _ := st.Follow(employee, st.sendForm(employee, "/compose/"+draft, filled(st.Read(st.Get(employee, where), 200)).with("button", "save", "text", "Nur Text")))
	if got := strings.TrimSpace(filled(page)["text"]); got != "Nur Text" || page.Find(".files .file").Length() != 1 {
		t.Errorf("text %q, %d files", got, page.Find(".files .file").Length())
	}
}

// saveWithPicture saves a draft with a picture, as the editor does, and answers its id.
func (st *stage) saveWithPicture(t *testing.T, to string) string {
	t.Helper()
	send := func(path string, f fields, picture []byte) string {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		w.SetBoundary("the-boundary-of-the-test")
		for name, value := range f {
			w.WriteField(name, value)
		}
		if picture != nil {
			part, _ := w.CreateFormFile("picture", "Plan.png")
			part.Write(picture)
		}
		w.Close()
		_, at := st.Follow(employee, st.Ask(employee, http.MethodPost, path, http.Header{"Content-Type": {boundary}}, &body))
		return draftOf(at)
	}
	token := newToken()
	draft := send("/compose", fields{"token": token, "button": "attach", "to": to, "html": "<div><b>Plan</b></div>"}, aPicture(t))
	octets, err := st.Mail.Raw(t.Context(), st.Person(employee).Mailbox, email.MessageID(draft))
	must(t, err)
	d, err := email.OpenDraft(octets)
	must(t, err)
	m, err := st.Mail.Message(t.Context(), st.Person(employee).Mailbox, email.MessageID(draft))
	must(t, err)
	if len(d.Attachments) != 1 || m.Folder != mailstore.Drafts {
		t.Fatalf("%+v", d.Attachments)
	}
	markup := `<div><b>Plan</b> <img src="/compose/` + draft + "/picture/" + d.Attachments[0].CID + `" alt="Plan"> <img src="/compose/` + draft + `/picture/foreign@picture.invalid"><img src="https://evil.example/x"></div>`
	return send("/compose/"+draft, fields{"token": token, "version": "1", "button": "save", "to": to, "html": markup}, nil)
}
