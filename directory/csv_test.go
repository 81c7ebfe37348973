package directory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/email"
)

const header = "address,name,kind,aliases,groups,members,role,language\n"

const shared = "address,name,kind,members,send_as\n"

const good = header +
	"katrin.wessel@firma.example,Katrin Weßel,user,k.wessel@firma.example kw@firma.test,vertrieb leitung,,admin,de\n" +
	"jürgen.möller@bücher.example,\"Möller, Jürgen\",,,Technik Nord,,employee,de\n" +
	"info@firma.example,Zentrale,shared,,,,,\n" +
	"nord@firma.example,Technik Nord,group,,,jean@partner.example,,\n" +
	"alle@firma.example,Alle,group,everybody@firma.example,,nord@firma.example INFO@firma.example alle@firma.example,,\n" +
	"vertrieb@firma.example,Vertrieb,group,,,kw@firma.test,,\n"

// snapshotOf reads text as a file, with ids made from addresses.
func snapshotOf(t *testing.T, text string) (*snapshot, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "directory.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := readPlan(file)
	if err != nil {
		return nil, err
	}
	ids := map[string]email.MailboxID{}
	for _, r := range p.mailboxes {
		ids[key(r.address)] = email.MailboxID("id-" + key(r.address))
	}
	return p.snapshot(time.Time{}, ids), nil
}

func TestFormsOfTheFile(t *testing.T) {
	semicolons := strings.NewReplacer("\"Möller, Jürgen\"", "\x00", ",", ";").Replace(good)
	semicolons = strings.ReplaceAll(semicolons, "\x00", "Möller, Jürgen")
	want, err := snapshotOf(t, good)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"byte order mark":  "\ufeff" + good,
		"CRLF":             strings.ReplaceAll(good, "\n", "\r\n"),
		"semicolons":       semicolons,
		"empty lines":      strings.ReplaceAll(good, "\n", "\n\n,,,,,,,\n"),
		"columns in upper": strings.ToUpper(header) + strings.TrimPrefix(good, header),
		"trailing columns": strings.ReplaceAll(good, "\n", ",,\n"),
	} {
		got, err := snapshotOf(t, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := fmt.Sprint(want.mailboxes, want.groups), fmt.Sprint(got.mailboxes, got.groups); a != b {
			t.Errorf("%s: read as\n%s\nnot\n%s", name, b, a)
		}
	}
}

func TestResolving(t *testing.T) {
	s, err := snapshotOf(t, good)
	if err != nil {
		t.Fatal(err)
	}
	d := &Directory{}
	d.state.Store(s)
	for _, c := range []struct{ address, want, group string }{
		{"katrin.wessel@firma.example", "katrin.wessel@firma.example", ""},
		{"Katrin.Wessel@FIRMA.Example", "katrin.wessel@firma.example", ""},
		{"KW@firma.TEST", "katrin.wessel@firma.example", ""},
		{"JÜRGEN.möller@BÜCHER.example", "jürgen.möller@bücher.example", ""},
		{"jürgen.möller@xn--bcher-kva.example", "jürgen.möller@bücher.example", ""},
		{"nord@firma.example", "jürgen.möller@bücher.example", "Technik Nord"},
		{"everybody@firma.example", "jürgen.möller@bücher.example info@firma.example", "Alle"},
		{"vertrieb@firma.example", "katrin.wessel@firma.example", "Vertrieb"},
		{"niemand@firma.example", "", ""},
		{"postmaster", "", ""},
		{"", "", ""},
	} {
		got, err := d.Resolve(c.address)
		if c.want == "" {
			if !errors.Is(err, ErrUnknown) {
				t.Errorf("%q: %v, want ErrUnknown", c.address, err)
			}
			continue
		}
		var addresses []string
		for _, m := range got.Mailboxes {
			addresses = append(addresses, m.Address)
		}
		if strings.Join(addresses, " ") != c.want {
			t.Errorf("%q means %v, want %s", c.address, addresses, c.want)
		}
		if (got.Group == nil) != (c.group == "") || got.Group != nil && got.Group.Name != c.group {
			t.Errorf("%q: group %+v, want %q", c.address, got.Group, c.group)
		}
	}
	if alle, _ := d.Resolve("alle@firma.example"); !slices.Equal(alle.Group.Outside, []string{"jean@partner.example"}) {
		t.Errorf("members elsewhere: %v", alle.Group.Outside)
	}
	if !slices.Equal(d.Domains(), []string{"firma.example", "firma.test", "xn--bcher-kva.example"}) {
		t.Errorf("domains: %v", d.Domains())
	}
	if !d.Local("x@Bücher.example") || d.Local("x@partner.example") || d.Local("x") {
		t.Error("Local does not know our domains")
	}
	m, _ := d.Resolve("kw@firma.test")
	domains, groups, ok := d.Place(m.Mailboxes[0].ID)
	if !ok || !slices.Equal(domains, []string{"firma.example", "firma.test"}) || !slices.Equal(groups, []string{"leitung", "Vertrieb"}) {
		t.Errorf("place: %v %v %v", domains, groups, ok)
	}
	if !m.Mailboxes[0].Admin || m.Mailboxes[0].Language != "de" || m.Mailboxes[0].Name != "Katrin Weßel" {
		t.Errorf("mailbox read as %+v", m.Mailboxes[0])
	}
	if _, _, ok := d.Place("nobody"); ok {
		t.Error("an unknown mailbox has a place")
	}
}

// TestBadLines: each mistake is named with its line, and all of them at once.
func TestBadLines(t *testing.T) {
	const person = "a@firma.example,A,user,,,,,\n"
	for _, c := range []struct{ name, text, want string }{
		{"no header", person, "1: the header line is missing; put a line with the column names first"},
		{"empty", "", "1: there is no readable header line; "},
		{"only a header", header, "directory.csv: the file names no mailbox; "},
		{"unknown column", "address,nmae\na@firma.example,A\n", `1: unknown column "nmae"; use these columns: address,name`},
		{"double column", "address,name,Name\na@firma.example,A,B\n", `1: column "name" is there twice`},
		{"no address column", "name\nA\n", "1: there is no column of addresses"},
		{"no address", header + person + ",B,user,,,,,\n", "3: the address is missing; "},
		{"bad address", header + "a.firma.example,A,user,,,,,\n", `2: "a.firma.example" needs exactly one @; `},
		{"bad domain", header + "a@firma,A,user,,,,,\n", `2: "a@firma" has no valid domain after the @; `},
		{"bad local part", header + "a..b@firma.example,A,user,,,,,\n", `2: "a..b@firma.example" has a dot too many`},
		{"duplicate", header + person + "A@FIRMA.example,B,user,,,,,\n", "3: A@FIRMA.example is used on line 2 already; "},
		{"alias of another", header + person + "b@firma.example,B,user,a@firma.example,,,,\n", "3: the alias a@firma.example is used on line 2 already; take the alias away from one of them"},
		{"kind", header + "a@firma.example,A,robot,,,,,\n", `2: unknown kind "robot"; write user, shared or group`},
		{"role", header + "a@firma.example,A,user,,,,boss,\n", `2: unknown role "boss"; write employee or admin`},
		{"language", header + "a@firma.example,A,user,,,,,german\n", `2: unknown language "german"; write de or en`},
		{"location", "address,location\na@firma.example,cellar\n", `2: unknown location "cellar"; write on-premises or online`},
		{"members of a person", header + "a@firma.example,A,user,,,b@firma.example,,\n", "2: members are given for one person's mailbox"},
		{"senders of a person", shared + "a@firma.example,A,user,,\n" + "b@firma.example,B,user,,a@firma.example\n", "3: send_as is given for what is no shared mailbox; set kind to shared"},
		{"unknown member of a shared mailbox", shared + "i@firma.example,I,shared,x@firma.example,\n", "2: x@firma.example in members is not in this file; add a line for this person or group"},
		{"member from elsewhere", shared + "i@firma.example,I,shared,x@partner.example,\n", "2: x@partner.example in members is not in this file"},
		{"shared member", shared + "i@firma.example,I,shared,,\nk@firma.example,K,shared,i@firma.example,\n", "3: i@firma.example in members is a shared mailbox: nobody signs in as it; name people and groups in members"},
		{"unknown sender", shared + "i@firma.example,I,shared,,x@firma.example\n", "2: x@firma.example in send_as is not in this file"},
		{"bad sender", shared + "i@firma.example,I,shared,,all\n", `2: "all" in send_as needs exactly one @`},
		{"everybody a member", shared + "i@firma.example,I,shared,*,\n", `2: "*" in members needs exactly one @`},
		{"groups of a group", header + person + "g@firma.example,G,group,,x,a@firma.example,,\n", "3: groups are given for a group"},
		{"role of a group", header + person + "g@firma.example,G,group,,,a@firma.example,admin,\n", "3: a group cannot have a role"},
		{"unknown member", header + person + "g@firma.example,G,group,,,b@firma.example,,\n", "3: the member b@firma.example is in our domain firma.example but not in this file; add a line for it"},
		{"bad member", header + person + "g@firma.example,G,group,,,b,,\n", `3: the member "b" needs exactly one @`},
		{"empty group", header + person + "g@firma.example,G,group,,,,,\n", `3: the group "G" has no members: mail to it would reach nobody`},
		{"groups of each other only", header + person + "g@firma.example,G,group,,,h@firma.example,,\nh@firma.example,H,group,,,g@firma.example,,\n", `3: the group "G" has no members`},
		{"same group name", header + person + "g@firma.example,G,group,,,a@firma.example,,\nh@firma.example,g,group,,,a@firma.example,,\n", `4: the group name "g" is used on line 3 already`},
		{"unknown group address", header + "a@firma.example,A,user,,g@firma.example,,,\n", "2: there is no group with the address g@firma.example"},
		{"too many fields", header + "a@firma.example,A, B,user,,,,,admin\n", "2: 9 fields where the header names 8 columns; put a field that contains the separator in double quotes"},
		{"quotes", header + "a@firma.example,\"A\" B,user,,,,,\n" + "b@firma.example,B,what,,,,,\n", `2: quotes do not match (column`},
		{"after bad quotes", header + "a@firma.example,\"A\" B,user,,,,,\n" + "b@firma.example,B,what,,,,,\n", `3: unknown kind "what"`},
		{"open quote", header + person + "b@firma.example,\"B,user,,,,,\nc@firma.example,C,user,,,,,\n", "3: quotes do not match"},
		{"Windows-1252", header + person + "m@firma.example,M\xfcller,user,,,,,\n", `3: the line is not UTF-8 (it looks like Windows-1252); save the file as "CSV UTF-8"`},
		{"UTF-16", "\xff\xfea\x00d\x00", `1: the file is not UTF-8 text (UTF-16?); save`},
	} {
		_, err := snapshotOf(t, c.text)
		var bad *FileError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v, want a FileError", c.name, err)
			continue
		}
		if !strings.Contains(err.Error(), "directory.csv:"+c.want) && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", c.name, err, c.want)
		}
		for _, p := range bad.Problems {
			if p.File == "" || p.Reason == "" || p.Remedy == "" {
				t.Errorf("%s: incomplete problem %+v", c.name, p)
			}
		}
	}
	_, err := snapshotOf(t, header+"x,A,user,,,,,\n"+person+"b@firma.example,B,what,,,,boss,german\n"+person)
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 5 {
		t.Errorf("%d problems reported, want all 5:\n%v", lines, err)
	}
}

func TestSuggestions(t *testing.T) {
	s, err := snapshotOf(t, good)
	if err != nil {
		t.Fatal(err)
	}
	d := &Directory{}
	d.state.Store(s)
	for typed, want := range map[string]string{
		"kat":             "katrin.wessel@firma.example",
		"WESS":            "katrin.wessel@firma.example",
		"wessel kat":      "katrin.wessel@firma.example",
		"juergen":         "jürgen.möller@bücher.example",
		"Moller":          "jürgen.möller@bücher.example",
		"info@f":          "info@firma.example",
		"tech":            "nord@firma.example",
		"xyz":             "",
		" ":               "",
		"katrin nirgends": "",
	} {
		var got []string
		for _, a := range d.Suggest(typed, 10) {
			got = append(got, a.Addr)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q suggests %v, want %q", typed, got, want)
		}
	}
	if n := len(d.Suggest("a", 1)); n != 1 {
		t.Errorf("limit 1 gave %d", n)
	}
}

func FuzzReadRows(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("address;kind\n\"a@b.example;group\n"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		found := &problems{file: "f"}
		p := planOf(readRows(octets, found), found)
		if found.err() == nil {
			ids := map[string]email.MailboxID{}
			for _, r := range p.mailboxes {
				ids[key(r.address)] = email.MailboxID(key(r.address))
			}
			for _, target := range p.snapshot(time.Time{}, ids).targets {
				if len(target.Mailboxes) == 0 && (target.Group == nil || len(target.Group.Outside) == 0) {
					t.Fatal("an address reaches nobody")
				}
			}
		}
	})
}
