package email

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// showFolded shows HTML with its fold and answers what stands above the fold and in it, as text.
func showFolded(subject, src string) (above, folded string, html string) {
	m := Parse([]byte("Subject: " + subject + "\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + src))
	html = m.Show(Look{Fold: "Zitat"}).HTML
	a, b, ok := strings.Cut(html, "<details>")
	if !ok {
		return text(html), "", html
	}
	return text(a), strings.TrimPrefix(text(b), "Zitat "), html
}

func text(html string) string { return strings.Join(strings.Fields(htmlToText(html, false)), " ") }

const outlookBlock = `<b>Von:</b> Otto &lt;otto@x.example&gt;<br><b>Gesendet:</b> Montag, 23. November 2026 14:05<br><b>An:</b> Katrin<br><b>Betreff:</b> Kran`

func TestFoldHTML(t *testing.T) {
	for name, c := range map[string]struct{ subject, in, above, folded string }{
		"Outlook":            {"AW: Kran", `<div class=WordSection1><p>Ja.</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>` + outlookBlock + `</p></div></div><p>Alt</p></div>`, "Ja.", "Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran Alt"},
		"Outlook on the web": {"AW: Kran", `<div>Ja.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Från:</b> Otto</div><div>Alt</div>`, "Ja.", "________________________________ Från: Otto Alt"},
		"Gmail": {"AW: Kran", `<div dir="ltr">Ja.</div><br><div class="gmail_quote"><div class="gmail_attr">Am Mo., 23. Nov. 2026 um 14:05 Uhr schrieb Otto &lt;<a href="mailto:o@x.example">o@x.example</a>&gt;:<br></div><blockquote class="gmail_quote">Alt</blockquote></div>`,
			"Ja.", "Am Mo., 23. Nov. 2026 um 14:05 Uhr schrieb Otto <o@x.example>: > Alt"},
		"Thunderbird":           {"Re: Crane", `<p>Yes.</p><div class="moz-cite-prefix">On 23.11.26 14:05, Otto wrote:<br></div><blockquote type="cite"><p>Old</p></blockquote><div class="moz-signature">-- <br>Katrin</div>`, "Yes.", "On 23.11.26 14:05, Otto wrote: > Old > -- Katrin"},
		"Apple":                 {"Re: Crane", `Yes.<div><br><blockquote type="cite"><div>On Nov 23, 2026, at 14:05, Otto &lt;o@x.example&gt; wrote:</div><br><div>Old</div></blockquote></div>`, "Yes.", "> On Nov 23, 2026, at 14:05, Otto <o@x.example> wrote: > > Old"},
		"answers between":       {"Re: Crane", `<blockquote>Monday?</blockquote><p>Yes.</p><blockquote>Eight?</blockquote><p>Nine.</p>`, "> Monday? Yes. > Eight? Nine.", ""},
		"answer below":          {"Re: Crane", `<blockquote>Monday?</blockquote><p>Yes.</p>`, "> Monday? Yes.", ""},
		"a bare forward":        {"AW: Kran", `<hr><p>` + outlookBlock + `</p><p>Alt</p>`, "________________________________ Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran Alt", ""},
		"a forward":             {"WG: Kran", `<p>Zur Kenntnis.</p><p>` + outlookBlock + `</p><p>Alt</p>`, "Zur Kenntnis. Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran Alt", ""},
		"inside a table":        {"AW: Kran", `<table><tr><td><p>Ja.</p><p>` + outlookBlock + `</p></td></tr></table>`, "Ja. Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran", ""},
		"a picture above":       {"AW: Kran", `<img src="cid:x" alt="Ja"><p>` + outlookBlock + `</p>`, "", "Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran"},
		"a mail's own details":  {"AW: Kran", `<p>Ja.</p><p>` + outlookBlock + `</p></details></summary></div></div><p>Alt</p>`, "Ja.", "Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran Alt"},
		"formatting stays open": {"AW: Kran", `<div><b>Ja.<p>` + outlookBlock + `</p>Alt</b></div>`, "Ja.", "Von: Otto <otto@x.example> Gesendet: Montag, 23. November 2026 14:05 An: Katrin Betreff: Kran Alt"},
	} {
		above, folded, html := showFolded(c.subject, c.in)
		if c.above != "" && above != c.above || folded != c.folded {
			t.Errorf("%s: above %q, folded %q\n%s", name, above, folded, html)
		}
		if n := strings.Count(html, "<details"); n > 1 || n != strings.Count(html, "</details>") || strings.Count(html, "<summary>") != n {
			t.Errorf("%s: not one fold: %s", name, html)
		}
		checkNesting(t, name, html)
	}
}

// TestFoldCorpus: the replies that real programs write are folded, and newsletters are not.
func TestFoldCorpus(t *testing.T) {
	dir := corpusDir(t)
	replies, _ := filepath.Glob(filepath.Join(dir, "threads", "talon-reply--*.html"))
	for _, name := range replies {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		above, folded, _ := showFolded("Re: Test", string(src))
		if strings.Contains(name, "windows_mail") { // its header block is in Russian
			continue
		}
		if above != "Hi. I am fine. Thanks, Alex" || folded == "" {
			t.Errorf("%s: above %q, folded %q", name, above, folded)
		}
	}
	bodies, _ := filepath.Glob(filepath.Join(dir, "html-attacks", "real-bodies", "*"))
	folds := 0
	for _, name := range bodies {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, folded, _ := showFolded("Angebot", string(src)); folded != "" {
			folds++
		}
	}
	if folds > 1 { // one does repeat a mail
		t.Errorf("%d of %d bodies that repeat nothing are folded", folds, len(bodies))
	}
}

// TestDamaged: what was lost is told, what was only untidy is not.
func TestDamaged(t *testing.T) {
	for in, want := range map[string]bool{
		"Content-Transfer-Encoding: base64\r\n\r\nR3Vu!!ZW4gVGFn\r\n": true, "Content-Transfer-Encoding: base64\r\n\r\nR3V0ZW4gVGFn\r\n": false,
		"Content-Transfer-Encoding: base64\r\n\r\nR3V0ZW4gVGF\r\n": true, "Content-Transfer-Encoding: quoted-printable\r\n\r\na=b\r\n": false, "\r\nText\r\n": false,
	} {
		m := Parse([]byte("Subject: x\r\n" + in))
		if m.Damaged() != want || m.DamagedPart(0) != want {
			t.Errorf("%q: %v %v", in, m.Damaged(), m.DamagedPart(0))
		}
	}
}

// checkNesting fails when an end tag does not close the element opened last.
func checkNesting(t *testing.T, name, src string) {
	t.Helper()
	var open []string
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%s: left open: %v", name, open)
			}
			return
		case html.StartTagToken:
			if tag := z.Token(); !voidElements[tag.DataAtom] {
				open = append(open, tag.Data)
			}
		case html.EndTagToken:
			tag := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != tag {
				t.Errorf("%s: </%s> closes %v in %s", name, tag, open, src)
				return
			}
			open = open[:len(open)-1]
		}
	}
}
