package directory

import (
	"slices"
	"strings"
	"testing"

	"holdover/database/databasetest"
	"holdover/email"
)

const boxes = shared +
	"anna@firma.example,Anna,user,,\n" +
	"bernd@firma.example,Bernd,user,,\n" +
	"carla@firma.example,Carla,user,,\n" +
	"zwei@firma.example,Zwei,group,bernd@firma.example info@firma.example,\n" +
	"info@firma.example,Zentrale,shared,ANNA@firma.example zwei@firma.example,*\n" +
	"presse@firma.example,Amt für Presse,shared,anna@firma.example,carla@firma.example zwei@firma.example\n" +
	"leer@firma.example,Leer,shared,,*\n"

// TestSharedMailboxes: members and senders are people, groups are expanded, and neither follows from the other.
func TestSharedMailboxes(t *testing.T) {
	s, err := snapshotOf(t, boxes)
	if err != nil {
		t.Fatal(err)
	}
	d := &Directory{}
	d.state.Store(s)
	for _, c := range []struct{ person, opens, sends string }{
		{"anna", "presse info", "info"},
		{"bernd", "info", "info presse"},
		{"carla", "", "presse"},
		{"info", "", ""},
		{"leer", "", ""},
		{"niemand", "", ""},
	} {
		id := email.MailboxID("id-" + c.person + "@firma.example")
		if got := locals(d.Opens(id)); got != c.opens {
			t.Errorf("%s opens %q, want %q", c.person, got, c.opens)
		}
		if got := locals(d.SendsAs(id)); got != c.sends {
			t.Errorf("%s sends as %q, want %q", c.person, got, c.sends)
		}
	}
	if d.Opens("") != nil || d.SendsAs("") != nil {
		t.Error("nobody opens something")
	}
	if m, _ := d.Mailbox("id-info@firma.example"); slices.Contains(m.Members, "id-info@firma.example") {
		t.Error("a shared mailbox is a member of itself")
	}
}

func locals(list []Mailbox) string {
	var all []string
	for _, m := range list {
		local, _, _ := strings.Cut(m.Address, "@")
		all = append(all, local)
	}
	return strings.Join(all, " ")
}

// TestMembersChangeAtOnce: with the next read of the file who was taken out opens it no more.
func TestMembersChangeAtOnce(t *testing.T) {
	p := newPlace(t, databasetest.Open(t), anna)
	p.write(trimmed(boxes))
	d := p.open()
	a := p.id(d, "anna@firma.example")
	if len(d.Opens(a)) != 2 {
		t.Fatal("anna opens not both")
	}
	p.write(strings.Replace(trimmed(boxes), "Presse,shared,,,anna@firma.example", "Presse,shared,,,", 1))
	p.refresh(d)
	if got := locals(d.Opens(a)); got != "info" {
		t.Errorf("anna still opens %q", got)
	}
}

// trimmed are the same lines under the columns of the other tests, which have no senders.
func trimmed(text string) string {
	var rows strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		cells := strings.Split(line, ",")
		rows.WriteString(cells[0] + "," + cells[1] + "," + cells[2] + ",,," + cells[3] + ",,\n")
	}
	return rows.String()
}
