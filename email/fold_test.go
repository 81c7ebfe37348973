package email

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFoldThreads folds replies as real programs write them; want is the new text.
func TestFoldThreads(t *testing.T) {
	dir := filepath.Join(corpusDir(t), "threads")
	alex := "Hi. I am fine. Thanks, Alex"
	for name, want := range map[string]string{
		"dev-angebot-0.eml":                 "Nachricht 0 im Verlauf angebot.",
		"dev-angebot-4.eml":                 "Nachricht 4 im Verlauf angebot.",
		"dev-rechnung-3.eml":                "Nachricht 3 im Verlauf rechnung.",
		"talon--OLK_SRC_BODY_SECTION.html":  "Reply",
		"talon--android.eml":                "Hello",
		"talon--aol.eml":                    "Hello",
		"talon--apple_mail.eml":             "Hello",
		"talon--apple_mail_2.eml":           "Hello",
		"talon--comcast.eml":                "Hello",
		"talon--gmail.eml":                  "Hello",
		"talon--hotmail.eml":                "Hello",
		"talon--iphone.eml":                 "Hello Sent from my iPhone",
		"talon--outlook.eml":                "Hello",
		"talon--reply-separated-by-hr.html": "Hi there Bob",
		"talon--sparrow.eml":                "Hello -- xxx Sent with Sparrow (http://www.sparrowmailapp.com/?sig)",
		"talon--thunderbird.eml":            "On 04/02/2012 06:26 PM, Megan One wrote: > Hi Hello", // answered below: nothing is folded
		"talon--yahoo.eml":                  "Hello",
		"talon-reply--gmail.html":           alex,
		"talon-reply--hotmail.html":         alex + " ________________________________",
		"talon-reply--mail_ru.html":         alex,
		"talon-reply--ms_outlook_2003.html": alex,
		"talon-reply--ms_outlook_2007.html": alex,
		"talon-reply--ms_outlook_2010.html": alex,
		"talon-reply--thunderbird.html":     alex,
		"talon-reply--yandex_ru.html":       alex,
		"webklex--issue-412.eml":            "Here is my reply to your reply. Tony Marston",
		"webklex--thread_re_my_topic.eml":   "Hi",
	} {
		octets, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(octets)
		if filepath.Ext(name) == ".html" {
			m = asDocument(string(octets))
		}
		fresh, quoted := Fold(m.Text())
		if got := strings.Join(strings.Fields(fresh), " "); strings.TrimSuffix(got, " ________________________________") != strings.TrimSuffix(want, " ________________________________") {
			t.Errorf("%s:\n got %q\nwant %q\nrest %q", name, got, want, quoted)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"neu\n\nAm 20.11.2026 um 14:03 schrieb Anna <a@b.example>:\n> alt\n":                "neu\n\n",
		"neu\n\nAm 20.11.2026 um 14:03 schrieb\nAnna Berg\n<a@b.example>:\n\nalt\n":         "neu\n\n",
		"neu\n-----Ursprüngliche Nachricht-----\nVon: A\nalt\n":                             "neu\n",
		"neu\n----- Weitergeleitete Nachricht von A -----\nalt\n":                           "neu\n",
		"neu\n\nVon: A <a@b.example>\nGesendet: Montag\nAn: B\nBetreff: x\n\nalt\n":         "neu\n\n",
		"neu\n\n*Von:* A <a@b.example>\n*Gesendet:* Montag\n*An:* B\n*Betreff:* x\n\nalt\n": "neu\n\n",
		"neu\n> alt\n\n-- \nAnna\n":                        "neu\n",
		"> frage\nantwort\n> frage\n":                      "> frage\nantwort\n",
		"Von: hier\nbis dort\n":                            "Von: hier\nbis dort\n",
		"Termin am Montag:\nFrühstück\n":                   "Termin am Montag:\nFrühstück\n",
		"Am Ende schrieb er:\nalles neu\n":                 "Am Ende schrieb er:\nalles neu\n",
		"> nur zitat\n":                                    "> nur zitat\n",
		"-----Ursprüngliche Nachricht-----\nVon: A\nalt\n": "-----Ursprüngliche Nachricht-----\nVon: A\nalt\n",
		"": "",
	} {
		fresh, quoted := Fold(in)
		if fresh != want || fresh+quoted != in {
			t.Errorf("%q\n got %q\nwant %q", in, fresh, want)
		}
	}
}

func TestFoldIsLinear(t *testing.T) {
	for _, line := range []string{"> x\n", "> x\ny\n", "Von: a\n", "a:\n", "On 1 wrote:\n", "-----\n", "\n", "am 1 schrieb", strings.Repeat("x", 500) + ":\n"} {
		within(t, time.Second, line, func() { Fold(strings.Repeat(line, maxText/len(line))) })
	}
}

func TestFlowed(t *testing.T) {
	for _, c := range []struct {
		in    string
		delSp bool
		want  string
	}{
		{"eins \r\nzwei\r\ndrei\r\n", false, "eins zwei\ndrei\n"},
		{"eins \r\nzwei\r\n", true, "einszwei\n"},
		{"> a \r\n> b\r\n>> c \r\n> d\r\n", false, "> a b\n> > c \n> d\n"},
		{" >kein Zitat\r\n From hier\r\n", false, ">kein Zitat\nFrom hier\n"},
		{"Text \r\n-- \r\nAnna\r\n", false, "Text \n-- \nAnna\n"},
	} {
		if got := unflow(c.in, c.delSp); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// TestFlowedIsRead lets a reader of RFC 3676 that knows nothing of drafts read what Compose wrote.
func TestFlowedIsRead(t *testing.T) {
	for _, text := range []string{
		"Hallo", "> kein Zitat", ">>x", "From here", " eingerückt", strings.Repeat("Wort ", 60) + "Ende", "-- \nAnna", "a\n\n\nb", "lang -- " + strings.Repeat("y -- ", 40) + "Ende",
		strings.Repeat("lang ", 14) + "> hin\nund her", strings.Repeat("lang ", 14) + "     From",
	} {
		octets, err := Compose(Draft{From: self, Text: text}, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := Parse(octets).Text(); got != text+"\n" {
			t.Errorf("got %q\nwant %q\n%s", got, text, octets)
		}
		for _, line := range strings.Split(string(octets), "\r\n") {
			if len(line) > 100 {
				t.Errorf("long line %q", line)
			}
		}
	}
}
