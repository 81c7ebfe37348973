package email

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseAddresses(t *testing.T) {
	for in, want := range map[string][]Address{
		`a@b.example`:                                        {{"", "a@b.example"}},
		`Katrin Wessel <k@w.example>`:                        {{"Katrin Wessel", "k@w.example"}},
		`"Wessel, Katrin" <k@w.example>, b@c.example`:        {{"Wessel, Katrin", "k@w.example"}, {"", "b@c.example"}},
		`"A \"B\" C" <a@b.example>`:                          {{`A "B" C`, "a@b.example"}},
		`=?utf-8?q?M=C3=BCller=2C_J=C3=B6rg?= <m@b.de>`:      {{"Müller, Jörg", "m@b.de"}},
		`"=?iso-8859-1?q?J=F6rg?=" <m@b.de>`:                 {{"Jörg", "m@b.de"}},
		"J\xf6rg <m@b.de>":                                   {{"Jörg", "m@b.de"}},
		`a@b.example (Anna B.)`:                              {{"Anna B.", "a@b.example"}},
		`Team: a@b.example, "B" <b@b.example>;, c@b.example`: {{"", "a@b.example"}, {"B", "b@b.example"}, {"", "c@b.example"}},
		`undisclosed-recipients:;`:                           nil,
		`a@b.example; c@d.example`:                           {{"", "a@b.example"}, {"", "c@d.example"}},
		`<@r1.example,@r2.example:a@b.example>`:              {{"", "a@b.example"}},
		`'Anna' <a@b.example>`:                               {{"Anna", "a@b.example"}},
		`Anna a@b.example`:                                   {{"Anna", "a@b.example"}},
		`MAILER-DAEMON (Mail Delivery System)`:               {{"Mail Delivery System", "MAILER-DAEMON"}},
		`root`:                                               {{"", "root"}},
		`Nur ein Name`:                                       {{"Nur ein Name", ""}},
		`Anna <a@b.example`:                                  {{"Anna", "a@b.example"}},
		`<<a@b.example>>`:                                    {{"", "a@b.example"}},
		`,,;,`:                                               nil,
		`"kein Ende <a@b.example>`:                           nil,
		`<>`:                                                 nil,
	} {
		if got := ParseAddresses(in); !reflect.DeepEqual(got, want) && (len(want) > 0 || len(got) > 1) {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestParseAddressList(t *testing.T) {
	for in, want := range map[string]struct {
		good []string
		bad  []string
	}{
		"a@b.example, c@d.example":                          {good: []string{"a@b.example", "c@d.example"}},
		"Anna Berg <a@b.example>; c@d.example\nx@y.example": {good: []string{"a@b.example", "c@d.example", "x@y.example"}},
		`„Berg, Anna“ <a@b.example>`:                        {good: []string{"a@b.example"}},
		"a@b.example, A@B.example":                          {good: []string{"a@b.example"}},
		"Anna, a@b.example":                                 {good: []string{"a@b.example"}, bad: []string{"Anna"}},
		"a@, @b, a b@c d, a@b@c":                            {bad: []string{"a@", "@b", "a b@c d", "a@b@c"}},
		"a@müller.example":                                  {good: []string{"a@xn--mller-kva.example"}},
		"jürgen@b.example":                                  {bad: []string{"jürgen@b.example"}},
		"a@[192.0.2.1]":                                     {good: []string{"a@[192.0.2.1]"}},
		strings.Repeat("x", 65) + "@b.example":              {bad: []string{strings.Repeat("x", 65) + "@b.example"}},
		"a@b.example\r\nBcc: evil@c.example":                {good: []string{"a@b.example", "evil@c.example"}},
		" ; , ":                                             {},
		"mailto:a@b.example":                                {good: []string{"a@b.example"}},
		"o'neil+tag@b.example":                              {good: []string{"o'neil+tag@b.example"}},
		"a..b@c.example, .a@c.example":                      {bad: []string{"a..b@c.example", ".a@c.example"}},
		"a@b_c.example, a@-b.example, a@b..example":         {bad: []string{"a@b_c.example", "a@-b.example", "a@b..example"}},
	} {
		good, bad := ParseAddressList(in)
		var addrs []string
		for _, a := range good {
			addrs = append(addrs, a.Addr)
		}
		if !reflect.DeepEqual(addrs, want.good) || !reflect.DeepEqual(bad, want.bad) {
			t.Errorf("%q\n got %q bad %q\nwant %q bad %q", in, addrs, bad, want.good, want.bad)
		}
	}
}

func TestAddressCaps(t *testing.T) {
	for _, s := range []string{"a@b.example,", "<\"a,", "(", "\"", "<a,", ":", "=?utf-8?q?", "a@b:", ";", "\\", "=?a?q?x?=,"} {
		within(t, time.Second, s, func() {
			if list := ParseAddresses(strings.Repeat(s, maxHeader/len(s))); len(list) > maxAddresses {
				t.Errorf("%s: %d addresses", s, len(list))
			}
		})
	}
}

func TestAddressFaces(t *testing.T) {
	for _, c := range []struct {
		a                Address
		str, label, init string
	}{
		{Address{"Katrin Wessel", "k@w.example"}, "Katrin Wessel <k@w.example>", "Katrin Wessel", "KW"},
		{Address{"Wessel, Katrin", "k@w.example"}, `"Wessel, Katrin" <k@w.example>`, "Wessel, Katrin", "KW"},
		{Address{"Jörg Öz", "j@w.example"}, "=?utf-8?B?SsO2cmcgw5Z6?= <j@w.example>", "Jörg Öz", "JÖ"},
		{Address{"", "info@w.example"}, "<info@w.example>", "info@w.example", "I"},
		{Address{"Dr. Max von Au (Firma)", "m@w.example"}, `"Dr. Max von Au (Firma)" <m@w.example>`, "Dr. Max von Au (Firma)", "DF"},
		{Address{"", ""}, "<>", "", "?"},
	} {
		if c.a.String() != c.str || c.a.Label() != c.label || c.a.Initials() != c.init {
			t.Errorf("%+v: %s %s %s", c.a, c.a.String(), c.a.Label(), c.a.Initials())
		}
	}
}
