package email

import (
	"strings"
	"testing"
)

// TestPasted: lists as people paste them name everybody whom they show, and nobody else.
func TestPasted(t *testing.T) {
	for typed, want := range map[string]string{
		"a@x.example b@y.example":                                                   "<a@x.example> <b@y.example>",
		"a@x.example\nb@y.example\r\n":                                              "<a@x.example> <b@y.example>",
		"a@x.example / b@y.example | c@z.example":                                   "<a@x.example> <b@y.example> <c@z.example>",
		"• a@x.example • b@y.example":                                               "<a@x.example> <b@y.example>",
		"a@x.example;b@y.example;":                                                  "<a@x.example> <b@y.example>",
		"<a@x.example><b@y.example>":                                                "<a@x.example> <b@y.example>",
		"Katrin Wessel <k@x.example> Jens Petersen <j@x.example>":                   "Katrin Wessel <k@x.example> Jens Petersen <j@x.example>",
		`"Wessel, Katrin" <k@x.example> "Petersen, Jens" <j@x.example>`:             `"Wessel, Katrin" <k@x.example> "Petersen, Jens" <j@x.example>`,
		"Wessel, Katrin <k@x.example>; Petersen, Jens <j@x.example>":                `"Wessel, Katrin" <k@x.example> "Petersen, Jens" <j@x.example>`,
		"Wessel, Katrin <k@x.example>; j@x.example, l@x.example":                    `"Wessel, Katrin" <k@x.example> <j@x.example> <l@x.example>`,
		"Katrin Wessel k@x.example Jens j@x.example":                                "Katrin Wessel <k@x.example> Jens <j@x.example>",
		"Katrin Wessel k@x.example":                                                 "Katrin Wessel <k@x.example>",
		"a@x.example,\u200bb@y.example":                                             "<a@x.example> <b@y.example>",
		"info@münchen.example":                                                      "<info@xn--mnchen-3ya.example>",
		"Team: a@x.example, b@y.example;":                                           "<a@x.example> <b@y.example>",
		"Wessel, Katrin <k@x.example>":                                              "Katrin <k@x.example> | Wessel", // may be half an address: told, not guessed
		"kathr, a@x.example; b@y.example":                                           "<a@x.example> <b@y.example> | kathr",
		"müller@x.example":                                                          "| müller@x.example",
		`"a@x.example b@y.example" <c@z.example>`:                                   `"a@x.example b@y.example" <c@z.example>`,
		`"unclosed <a@x.example>, b@y.example`:                                      `| "unclosed <a@x.example>, b@y.example`,
		"Kathrin (lange weg; bis Montag, danach wieder) <k@x.example>, l@y.example": "Kathrin <k@x.example> <l@y.example>",
	} {
		good, bad := ParseAddressList(typed)
		var got []string
		for _, a := range good {
			got = append(got, a.String())
		}
		if len(bad) > 0 {
			got = append(got, "| "+strings.Join(bad, " | "))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q\n gave %s\n want %s", typed, strings.Join(got, " "), want)
		}
	}
}

// FuzzPasted: whatever is typed, every word that is an address by itself is among what is found or told, and what
// was found is read again as it was written.
func FuzzPasted(f *testing.F) {
	for _, seed := range []string{"a@x.de b@y.de", `"a, b" <c@d.de>; e`, "<<a@b>", `\"(`, "Wessel, K <k@x.de>; ;,", "\u200b@\u200b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		good, bad := ParseAddressList(typed)
		for _, a := range good {
			if again, wrong := ParseAddressList(a.String()); len(wrong) > 0 || len(again) != 1 || again[0].Addr != a.Addr {
				t.Errorf("%q gave %q, which reads as %q and %q", typed, a, again, wrong)
			}
		}
		if strings.TrimSpace(typed) == "a@x.de b@y.de" && len(good)+len(bad) != 2 {
			t.Error("an address is lost")
		}
	})
}
