package email

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestCleanStyle(t *testing.T) {
	for _, c := range []struct {
		in, want string
		remote   bool
	}{
		{"color:red", "color:red", false},
		{"COLOR : Red ; FONT-SIZE:12PT;", "color:Red;font-size:12PT", false},
		{`font-family:"Segoe UI",sans-serif`, "font-family:'Segoe UI',sans-serif", false},
		{"background:#fff", "background-color:#fff", false},
		{"background:url(https://x.example/a.png)", "", true},
		{"background:u\\72l(https://x.example/a.png)", "", true},
		{"background-image:image-set('https://x.example/a.png' 1x)", "", true},
		{"background:url(data:image/png;base64,AA==)", "", false},
		{"color:rgb(1, 2, 3);border:1px solid Rgba(0,0,0,.5)", "color:rgb(1, 2, 3);border:1px solid Rgba(0,0,0,.5)", false},
		{"position:fixed;top:0;color:red", "color:red", false},
		{"margin-left:-999px;margin:0 -5px;margin-top:0", "margin-top:0", false},
		{"width:expression(alert(1));height:calc(1px);color:var(--x)", "", false},
		{"color:red !important;mso-line-height-rule:exactly", "color:red", false},
		{"color:red/**/;font:12px/1.5 Arial", "font:12px/1.5 Arial", false},
		{"font-family:'offen", "", false},
		{"color:\x00red;color:r\ned", "color:r ed", false},
		{"display:none", "display:none", false},
		{strings.Repeat("color:red;", 1000), "", false},
		{"color:" + strings.Repeat("r", 400), "", false},
	} {
		got, remote := cleanStyle(c.in)
		if got != c.want || remote != c.remote {
			t.Errorf("%.60q: %q %v, want %q %v", c.in, got, remote, c.want, c.remote)
		}
		if got != "" && !styleValue.MatchString(got) {
			t.Errorf("the policy would drop %q", got)
		}
	}
}

// TestStylesOfRealMail shows that the policy never drops what the rewriter has cleaned: that would
// cost a whole style attribute.
func TestStylesOfRealMail(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpusDir(t), "html-attacks", "real-bodies", "*.html"))
	if err != nil {
		t.Fatal(err)
	}
	seen, kept := 0, 0
	for _, file := range files {
		markup, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(strings.NewReader(string(markup)))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			for _, a := range n.Attr {
				if a.Key != "style" {
					continue
				}
				seen++
				clean, _ := cleanStyle(a.Val)
				if clean != "" {
					kept++
				}
				if clean != "" && !styleValue.MatchString(clean) {
					t.Errorf("%s: the policy would drop %q", filepath.Base(file), clean)
				}
			}
		}
	}
	if seen < 100 || kept < seen*8/10 {
		t.Errorf("%d of %d style attributes keep something", kept, seen)
	}
}

// TestOutlookTable wants a table of an Outlook mail whole: columns, colours, widths.
func TestOutlookTable(t *testing.T) {
	safe, _ := asDocument(`<html xmlns:o="urn:x"><head><style>p.MsoNormal{margin:0}</style><!--[if gte mso 9]><xml>q</xml><![endif]--></head><body lang=DE link="#0563C1">` +
		`<div class=WordSection1><p class=MsoNormal><span style='font-size:11.0pt;font-family:"Calibri",sans-serif;mso-fareast-language:EN-US'>Hallo<o:p></o:p></span></p>` +
		`<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;border:none'><tr><td width=302 valign=top style='width:226.55pt;border:solid windowtext 1.0pt;padding:0cm 5.4pt 0cm 5.4pt'>Artikel</td>` +
		`<td bgcolor="#FFFF00" colspan=2><![if !mso]>Preis<![endif]></td></tr></table></div></body></html>`).SafeHTML(nil)
	want := `<div lang="DE"><div><p><span style="font-size:11.0pt;font-family:&#39;Calibri&#39;,sans-serif">Hallo</span></p>` +
		`<table border="1" cellspacing="0" cellpadding="0" style="border-collapse:collapse;border:none"><tr><td width="302" valign="top" style="width:226.55pt;border:solid windowtext 1.0pt;padding:0cm 5.4pt 0cm 5.4pt">Artikel</td>` +
		`<td bgcolor="#FFFF00" colspan="2">Preis</td></tr></table></div></div>`
	if strings.TrimSpace(safe) != want {
		t.Errorf("got\n%s\nwant\n%s", safe, want)
	}
}
