package email

import (
	"strings"
	"testing"
)

// TestTypedRoundTrip: what was typed with emphasis comes back as it was, beside any original.
func TestTypedRoundTrip(t *testing.T) {
	for _, typed := range []string{"<div>Hallo <b>Welt</b></div><div><br/></div><ul><li>eins</li><li>zwei &amp; drei</li></ul>",
		`<div><a href="https://example.org/?a=1&amp;b=2">Link</a> und <i>kursiv</i></div>`, "<div><b>ü</b>\n  zwei   Blanks</div>", "<b></div>x</b>"} {
		for _, quote := range []struct{ lead, plain, html string }{{}, {"Am Montag schrieb A:", "Original\n> älter", ""}, {"Am Montag schrieb A:", "Original", "<p>Original</p>"}} {
			d := Draft{MessageID: "m@example.test", From: Address{Addr: "a@example.test"}, Subject: "s", HTML: typed, QuoteLead: quote.lead, Quote: quote.plain, QuoteHTML: quote.html}
			octets, err := Compose(d, true)
			if err != nil {
				t.Fatal(err)
			}
			back, err := OpenDraft(octets)
			want := d.normal()
			if err != nil || back.HTML != want.HTML || back.HTML == "" || back.Text != want.Text || back.QuoteHTML != want.QuoteHTML || back.Quote != quote.plain {
				t.Errorf("%q with %+v:\n%v\n%+v\n%s", typed, quote, err, back, octets)
			}
			again, _ := Compose(back, true)
			if string(again) != string(octets) {
				t.Errorf("%q: a second version differs:\n%s\n%s", typed, octets, again)
			}
			out, err := Compose(d, false)
			if err != nil || !strings.Contains(string(out), "multipart/alternative") || strings.Contains(string(out), stateField) {
				t.Errorf("what leaves: %v\n%s", err, out)
			}
		}
	}
}

// TestTypedIsSafe: the editor's set and nothing else; text without emphasis is plain text.
func TestTypedIsSafe(t *testing.T) {
	for given, want := range map[string]string{
		"<div>nur Text</div>": "", "": "", "<p>a</p><p>b</p>": "",
		`<b onclick="x()">a</b><script>alert(1)</script>`:                          "<b>a</b>",
		`<a href="javascript:alert(1)">x</a><b>y</b>`:                              "<a>x</a><b>y</b>",
		`<b style="position:fixed" class="x" id="y">z</b>`:                         "<b>z</b>",
		`<img src="https://evil.example/x.png"><i>k</i><svg onload=x><b>l</b>`:     "<i>k</i><b>l</b>",
		`<b hx-get="/x" data-x="1">q</b><form action="/y"><input name="a"></form>`: "<b>q</b>",
	} {
		got := normalTyped(given)
		if got != want || normalTyped(got) != got {
			t.Errorf("%q: %q, not %q", given, got, want)
		}
	}
	if normalTyped("<b>"+strings.Repeat("x", maxTyped)+"</b>") != "" {
		t.Error("any length is kept")
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("<div>Hallo <b>Welt</b></div>", "Original", "<p>Original</p>")
	f.Add("<b></div>\r\n</blockquote></body></html>", "", "")
	f.Fuzz(func(t *testing.T, typed, quote, markup string) {
		d := Draft{MessageID: "m@example.test", From: Address{Addr: "a@example.test"}, HTML: typed, QuoteLead: "A:", Quote: quote, QuoteHTML: markup}
		octets, err := Compose(d, true)
		if err != nil {
			t.Skip()
		}
		back, err := OpenDraft(octets)
		if err != nil || back.HTML != d.normal().HTML {
			t.Errorf("%v: %q became %q", err, d.normal().HTML, back.HTML)
		}
	})
}
