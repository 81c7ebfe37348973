package email

import "testing"

func TestBaseSubject(t *testing.T) {
	for subject, want := range map[string]string{
		"Angebot": "Angebot", "Re: Angebot": "Angebot", "AW: WG: Re[2]: Angebot": "Angebot", "[EXTERN] AW: Angebot": "Angebot", "AW: [EXTERN] Angebot": "Angebot",
		"[EXTERN]: RE: [EXTERN] Angebot": "Angebot", "EXTERN: Angebot": "Angebot", "***SPAM*** Re: Angebot": "Angebot", "(External) Angebot": "Angebot", "<EXTERN> Angebot": "Angebot",
		"Sv: VS: Angebot": "Angebot", "RIF: R: Angebot": "R: Angebot", "Odp: Angebot": "Angebot", "回复：Angebot": "Angebot", "Vá: Angebot": "Angebot", "Doorst: Angebot": "Angebot",
		"[liste] Angebot": "[liste] Angebot", "Re: [liste] Angebot": "[liste] Angebot", "[liste] Re: Angebot": "[liste] Angebot", "[liste] AW: [EXTERN] Angebot": "[liste] Angebot",
		"Automatische Antwort: Angebot": "Angebot", "Unzustellbar: AW: Angebot": "Angebot", "Zugesagt: Jour fixe": "Jour fixe", "Gelesen: Angebot": "Angebot",
		"PS: Angebot": "PS: Angebot", "Ref: 4711": "Ref: 4711", "Rechnung: 4711": "Rechnung: 4711", "Spam! und mehr": "Spam! und mehr", "extern arbeiten": "extern arbeiten", "[4711] Ticket": "[4711] Ticket",
		"Re:": "", "": "", "[liste]": "[liste]", "[liste] Re:": "[liste] Re:", "[]": "[]", "***": "***", ":": ":",
	} {
		if got := baseSubject(subject); got != want {
			t.Errorf("%q is %q, not %q", subject, got, want)
		}
		if again := baseSubject(baseSubject(subject)); again != baseSubject(subject) && want == baseSubject(subject) {
			t.Errorf("%q becomes %q when stripped again", subject, again)
		}
	}
}

func TestMarks(t *testing.T) {
	for subject, is := range map[string]string{
		"Angebot": "", "Re: Angebot": "answer", "AW: WG: Angebot": "answer", "WG: AW: Angebot": "forward", "[EXTERN] Fwd: Angebot": "forward",
		"[liste] Re: Angebot": "answer", "Resümee: ja": "", "Weitergeleitet: Angebot": "forward", "[EXTERN] Angebot": "", "Zugesagt: Angebot": "",
	} {
		got := map[bool]string{true: "answer"}[SaysAnswer(subject)] + map[bool]string{true: "forward"}[SaysForward(subject)]
		if got != is {
			t.Errorf("%q says %q, not %q", subject, got, is)
		}
	}
}

// TestOwnSubject: what a report says of a mail belongs to the subject of an answer to it.
func TestOwnSubject(t *testing.T) {
	for subject, want := range map[string]string{"Zugesagt: Jour fixe": "Zugesagt: Jour fixe", "AW: [EXTERN] Zugesagt: x": "Zugesagt: x"} {
		if got := ownSubject(subject); got != want {
			t.Errorf("%q: %q", subject, got)
		}
	}
}

func TestThreadRoot(t *testing.T) {
	root := "AdxMl9pFksrg0VBXsVmYf5TMdBHXFw=="
	for index, want := range map[string]string{
		root: root, "AdxMl9pFksrg0VBXsVmYf5TMdBHXF3jrT2tF": root, "AdxMl9pFksrg0VBXsVmYf5TMdBHXFzyvQRSqWTisohA=": root,
		"": "", "AdxM": "", "kein Base64!": "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==": "",
	} {
		if got := (Summary{ThreadIndex: index}).ThreadRoot(); got != want {
			t.Errorf("%q: %q", index, got)
		}
	}
}
