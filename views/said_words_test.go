package views

import "testing"

// TestSaid: whole sentences, those with places, our sentence beside a server's, and a server's alone.
func TestSaid(t *testing.T) {
	for english, want := range map[string]string{
		"":                   "",
		"Rename the folder.": "Benennen Sie den Ordner um.",
		"550 5.7.1 go away":  "[550 5.7.1 go away]",
		"200 Graph answered success and made nothing":                                       "200 Graph hat Erfolg gemeldet und nichts angelegt",
		"NO quota (accepted 3 times, never seen in the mailbox)":                            "[NO quota] (3-mal angenommen, nie im Postfach gesehen)",
		"refused for now (another way is taken)":                                            "vorläufig abgelehnt (ein anderer Weg wird genommen)",
		"SMTP into Exchange is stopped: 550 5.7.64 No. Not here. Check Holdover's storage.": "Der Weg SMTP nach Exchange ist angehalten: [550 5.7.64 No]. [Not here.] Prüfen Sie den Speicher von Holdover.",
		"SMTP into Exchange is stopped: 550 5.7.64 No. ":                                    "Der Weg SMTP nach Exchange ist angehalten: [550 5.7.64 No]. ",
		"Rename the folder. Ask <b>Bob</b>.":                                                "Benennen Sie den Ordner um. [Ask <b>Bob</b>.]",
		"Exchange's SMTP does not answer: does not answer":                                  "SMTP von Exchange antwortet nicht: antwortet nicht",
	} {
		got := ""
		for _, s := range words(t, "de").Said(english) {
			if s.English {
				s.Text = "[" + s.Text + "]"
			}
			got += s.Text
		}
		if got != want {
			t.Errorf("%q is said as %q, want %q", english, got, want)
		}
		if en := words(t, "en").Said(english); words(t, "en").Say(english) != english || en[0].English {
			t.Errorf("in English %q becomes %+v", english, en)
		}
	}
}
