package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// startEWS is the double's EWS face: a scripted double, not Exchange.
func startEWS(t testing.TB) (*exchangetest.Double, EWSOptions) {
	t.Helper()
	d := exchangetest.Standin(t, exchangetest.StandinOptions{})
	return d, EWSOptions{URL: "http://" + d.Addr("ews") + "/EWS/Exchange.asmx", Security: Security{Policy: None}, User: `FIRMA\` + d.Service, Password: d.Secret}
}

func ewsPut(t testing.TB, c *EWS, f Folder, item Item) Place {
	t.Helper()
	place, err := c.Append(contextOf(t), anna, f, item)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// TestEWSAtTheDouble is one double for many short tests: each has Message-IDs of its own.
func TestEWSAtTheDouble(t *testing.T) {
	d, options := startEWS(t)
	for name, run := range map[string]func(*testing.T, *exchangetest.Double, EWSOptions){
		"logs in by NTLM and by basic, and again after a cut": ewsLogsIn,
		"what an item is stands in the creating call":         ewsCreates,
		"each fault has its outcome in each call":             ewsFaults,
		"a change that may have happened is in doubt":         ewsDoubts,
		"short pages are followed to the end":                 ewsPages,
		"a part of a batch that failed proves nothing":        ewsBatches,
		"a conflict is resolved with the newest state":        ewsConflicts,
		"what has become of a mailbox":                        ewsFates,
		"IMAP and EWS see one mailbox":                        ewsBesideIMAP,
		"marks: answered and flagged, absolute":               ewsMarks,
		"many folders are asked in few calls":                 ewsManyFolders,
		"absent only while nothing moves":                     ewsMovedBehindUs,
		"people who move mail hide nothing":                   ewsAtWork,
	} {
		t.Run(name, func(t *testing.T) {
			defer d.NoFaults()
			run(t, d, options)
		})
	}
}

func ewsLogsIn(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	for _, auth := range []string{"ntlm", "basic"} {
		for _, user := range []string{`FIRMA\` + d.Service, d.Service + "@firma.test"} {
			o.Auth, o.User, o.Connections = auth, user, 1
			c := newEWS(t, o)
			for n := range 3 {
				ewsPut(t, c, Folder{Role: Sent}, Item{Octets: mail(fmt.Sprintf("%s%d%d@login.test", auth, len(user), n))})
			}
			d.Cut("ews")
			if _, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"x"}}); !errors.Is(err, ErrUnreachable) {
				t.Errorf("%s: cut: %v", auth, err)
			}
			d.Restore("ews")
			if _, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"x"}}); err != nil {
				t.Errorf("%s: restored: %v", auth, err)
			}
		}
		o.Password = "wrong"
		if _, err := newEWS(t, o).Find(contextOf(t), anna, Query{MessageIDs: []string{"x"}}); !errors.Is(err, ErrLogin) {
			t.Errorf("%s: wrong password: %v", auth, err)
		}
		o.Password = d.Secret
	}
}

func ewsCreates(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	date := time.Date(2026, 11, 20, 14, 5, 0, 0, time.FixedZone("", 3600))
	receipt := append([]byte("Disposition-Notification-To: a@b.test\r\n"), mail("created@x.test")...)
	long := append(mail("long@x.test"), strings.Repeat("x", 20_000)...)
	for _, w := range []struct {
		folder Folder
		name   string
		item   Item
	}{
		{Folder{Role: Sent}, "Gesendete Elemente", Item{Octets: receipt, Flags: Flags{Seen: true}, Date: date, Others: true}},
		{Folder{Role: Inbox}, "INBOX", Item{Octets: receipt, Date: date}},
		{Folder{Role: Drafts}, "Entwürfe", Item{Octets: receipt, Flags: Flags{Seen: true, Draft: true}, Date: date}},
		{Folder{Role: Archive}, "Archiv", Item{Octets: long, Flags: Flags{Seen: true, Answered: true}, Date: date}},
	} {
		place := ewsPut(t, c, w.folder, w.item)
		i := slices.IndexFunc(d.Messages(anna, w.name), func(m exchangetest.DoubleMessage) bool { return m.ItemID == place.ID })
		if i < 0 {
			t.Errorf("%s: not there", w.name)
			continue
		}
		m := d.Messages(anna, w.name)[i]
		if f := (Flags{Seen: m.Seen, Flagged: m.Flagged, Answered: m.Answered, Draft: m.Draft}); f != w.item.Flags || !m.Received.Equal(date) {
			t.Errorf("%s: %+v received %v", w.name, f, m.Received)
		}
		octets := string(d.Octets(anna, m.ID))
		if w.item.Others {
			if !strings.HasPrefix(octets, "X-Disposition-Notification-To: ") {
				t.Errorf("somebody else's request for a receipt would go out again: %.60q", octets)
			}
		} else if octets != string(w.item.Octets) {
			t.Errorf("%s: the octets were changed", w.name)
		}
	}
}

// ewsCalls are one call of each kind; each needs an item of its own.
func ewsCalls(t *testing.T, c *EWS, id string) map[string]func() error {
	at := func(n string) Place { return ewsPut(t, c, Folder{Role: Inbox}, Item{Octets: mail(n + id)}) }
	marked, moved, removed := at("marked"), at("moved"), at("removed")
	return map[string]func() error{
		"FindItem": func() error {
			_, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"marked" + id}, Folders: []Folder{{Role: Inbox}}})
			return err
		},
		"CreateItem": func() error {
			_, err := c.Append(contextOf(t), anna, Folder{Role: Inbox}, Item{Octets: mail("made" + id)})
			return err
		},
		"UpdateItem": func() error {
			_, err := c.SetFlags(contextOf(t), anna, marked, Flags{Seen: true})
			return err
		},
		"MoveItem":     func() error { return c.Move(contextOf(t), anna, moved, Folder{Role: Trash}) },
		"DeleteItem":   func() error { return c.Remove(contextOf(t), anna, removed) },
		"CreateFolder": func() error { return c.Create(contextOf(t), anna, Folder{Name: "Neu " + id}) },
	}
}

func ewsFaults(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	for i, f := range []struct {
		code  int
		text  string
		want  error
		after time.Duration
	}{
		{503, "", ErrThrottled, 30 * time.Second},
		{503, "12", ErrThrottled, 12 * time.Second},
		{500, "ErrorServerBusy 30000", ErrThrottled, 30 * time.Second},
		{200, "ErrorInternalServerError ErrorServerBusy 5000", ErrThrottled, 5 * time.Second},
		{200, "ErrorExceededConnectionCount", ErrThrottled, 30 * time.Second},
		{200, "ErrorMailboxMoveInProgress", ErrTemporary, 0},
		{200, "ErrorMailboxStoreUnavailable", ErrTemporary, 0},
		{200, "ErrorQuotaExceeded", ErrRefused, 0},
		{403, "", ErrRoute, 0}, // Online: EWS is off
	} {
		for op, call := range ewsCalls(t, c, fmt.Sprintf("%d@faults.test", i)) {
			d.Fault(exchangetest.DoubleFault{Face: "ews", Point: op, Do: "reply", Code: f.code, Text: f.text, Times: 1})
			checkOutcome(t, fmt.Sprintf("%s after %d %s", op, f.code, f.text), call(), f.want, f.after)
			if err := call(); err != nil { // nothing had happened: it can be done
				t.Errorf("%s afterwards: %v", op, err)
			}
		}
	}
	if m := d.Messages(anna, "INBOX"); slices.ContainsFunc(m, func(m exchangetest.DoubleMessage) bool { return strings.Contains(m.MessageID, "removed") }) {
		t.Error("what was to be removed is still there")
	}
}

func ewsDoubts(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	for i, f := range []exchangetest.DoubleFault{
		{Do: "reply", Code: 200, Text: "ErrorTimeoutExpired"},
		{Do: "reply", Code: 504},
		{Do: "drop"},
	} {
		f.Face, f.Times = "ews", 1
		for op, call := range ewsCalls(t, c, fmt.Sprintf("%d@doubt.test", i)) {
			if op == "FindItem" {
				continue
			}
			f.Point = op + " done"
			d.Fault(f)
			checkOutcome(t, op, call(), ErrDoubt, 0)
		}
		copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{fmt.Sprintf("made%d@doubt.test", i)}})
		if err != nil || len(copies) != 1 {
			t.Errorf("after %+v: %d copies, %v", f, len(copies), err)
		}
	}
}

func ewsPages(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	var ids []string
	for i := range 70 {
		ids = append(ids, fmt.Sprintf("page%d@x.test", i))
		d.Put(anna, "Archiv", mail(ids[i]), d.Now().Add(-time.Duration(i)*time.Minute))
	}
	for _, page := range []string{"60", "7", "2", "1"} {
		d.NoFaults()
		d.Fault(exchangetest.DoubleFault{Face: "ews", Point: "page", Do: "reply", Text: page})
		copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: ids, Folders: []Folder{{Role: Archive}}, Since: d.Now().Add(-24 * time.Hour)})
		seen := map[string]int{}
		for _, found := range copies {
			seen[found.MessageID]++
		}
		if err != nil || len(copies) != len(ids) || len(seen) != len(ids) {
			t.Errorf("pages of %s: %d copies of %d messages, %v", page, len(copies), len(seen), err)
		}
	}
	d.NoFaults()
	d.Fault(exchangetest.DoubleFault{Face: "ews", Point: "page", Do: "reply", Text: "0"})
	if _, err := c.Find(contextOf(t), anna, Query{MessageIDs: ids, Folders: []Folder{{Role: Archive}}}); !errors.Is(err, ErrTemporary) {
		t.Errorf("empty pages that say there is more: %v", err)
	}
}

func ewsBatches(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	ids := []string{"batch1@x.test", "batch2@x.test", "batch3@x.test"}
	for _, id := range ids {
		ewsPut(t, c, Folder{Role: Junk}, Item{Octets: mail(id)})
	}
	d.Fault(exchangetest.DoubleFault{Face: "ews", Point: "GetItem item", Do: "reply", Text: "ErrorQuotaExceeded", Skip: 1, Times: 1})
	copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: ids, Folders: []Folder{{Role: Junk}}})
	if err == nil || len(copies) != 0 {
		t.Errorf("one of three could not be read: %d copies, %v", len(copies), err)
	}
	if copies, err = c.Find(contextOf(t), anna, Query{MessageIDs: ids, Folders: []Folder{{Role: Junk}}}); err != nil || len(copies) != 3 {
		t.Errorf("%d copies, %v", len(copies), err)
	}
}

func ewsConflicts(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	at := ewsPut(t, c, Folder{Role: Inbox}, Item{Octets: mail("conflict@x.test")})
	d.Fault(exchangetest.DoubleFault{Face: "ews", Point: "UpdateItem", Do: "reply", Code: 200, Text: "ErrorIrresolvableConflict", Times: 2})
	now, err := c.SetFlags(contextOf(t), anna, at, Flags{Seen: true, Flagged: true})
	if err != nil || now != (Flags{Seen: true, Flagged: true}) {
		t.Errorf("%+v, %v", now, err)
	}
	d.Fault(exchangetest.DoubleFault{Face: "ews", Point: "UpdateItem", Do: "reply", Code: 200, Text: "ErrorIrresolvableConflict"})
	if _, err = c.SetFlags(contextOf(t), anna, at, Flags{}); !errors.Is(err, ErrTemporary) {
		t.Errorf("a conflict without an end: %v", err)
	}
}

func ewsFates(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	const bea = "bea@example.test"
	c := newEWS(t, o)
	o.Hybrid = true
	hybrid := newEWS(t, o)
	for _, f := range []struct {
		change       map[string]string
		want, hybrid error
	}{
		{map[string]string{"fate": "unknown"}, ErrUnknownMailbox, ErrElsewhere},
		{map[string]string{"side": "online"}, ErrUnknownMailbox, ErrElsewhere},
		{map[string]string{"fate": "moving"}, ErrTemporary, ErrTemporary},
		{map[string]string{"fate": "unavailable"}, ErrTemporary, ErrTemporary},
		{map[string]string{"fate": "full"}, ErrRefused, ErrRefused},
	} {
		d.SetMailbox(bea, f.change)
		for connector, want := range map[*EWS]error{c: f.want, hybrid: f.hybrid} {
			if _, err := connector.Append(contextOf(t), bea, Folder{Role: Inbox}, Item{Octets: mail("fate@x.test")}); !errors.Is(err, want) {
				t.Errorf("%v: %v, want %v", f.change, err, want)
			}
		}
		d.SetMailbox(bea, map[string]string{"fate": "", "side": ""})
	}
	if _, err := c.Append(contextOf(t), bea, Folder{Role: Inbox}, Item{Octets: mail("fate@x.test")}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if _, err := c.Find(contextOf(t), "nobody@example.test", Query{MessageIDs: []string{"x"}}); !errors.Is(err, ErrUnknownMailbox) {
		t.Errorf("nobody: %v", err)
	}
}

// ewsBesideIMAP: what one way makes the other finds; a flag given in APPEND is not visible here.
func ewsBesideIMAP(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	i := newIMAP(t, IMAPOptions{Address: d.Addr("imap"), Security: Security{Policy: None}, Password: d.Secret})
	for _, name := range []string{"Kunden", "Kunden/Nord & Süd"} {
		if err := i.Create(contextOf(t), anna, Folder{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	place, err := i.Append(contextOf(t), anna, Folder{Name: "Kunden"}, Item{Octets: mail("beside@x.test"), Flags: Flags{Seen: true, Flagged: true}})
	if err != nil {
		t.Fatal(err)
	}
	copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"beside@x.test"}})
	if err != nil || len(copies) != 1 || copies[0].Flags != (Flags{Seen: true}) || copies[0].Folder != "Kunden" {
		t.Fatalf("%+v, %v", copies, err)
	}
	if _, err := i.SetFlags(contextOf(t), anna, place, Flags{Seen: true, Flagged: true}); err != nil {
		t.Fatal(err)
	}
	if copies, err = c.Find(contextOf(t), anna, Query{MessageIDs: []string{"beside@x.test"}}); err != nil || !copies[0].Flags.Flagged {
		t.Errorf("after STORE: %+v, %v", copies, err)
	}
	if err := c.Move(contextOf(t), anna, copies[0].Place, Folder{Role: Trash}); err != nil {
		t.Fatal(err)
	}
	if err := c.Move(contextOf(t), anna, copies[0].Place, Folder{Role: Trash}); !errors.Is(err, ErrGone) {
		t.Errorf("its id has changed with the move: %v", err)
	}
	found, err := i.Find(contextOf(t), anna, Query{MessageIDs: []string{"beside@x.test"}})
	if err != nil || len(found) != 1 || found[0].Role != Trash {
		t.Errorf("over IMAP: %+v, %v", found, err)
	}
	if _, err := c.SetFlags(contextOf(t), anna, Place{ID: "of another way"}, Flags{}); !errors.Is(err, ErrGone) {
		t.Errorf("a place of another way: %v", err)
	}
}

func ewsMarks(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	c := newEWS(t, o)
	at := ewsPut(t, c, Folder{Role: Inbox}, Item{Octets: mail("marks@x.test")})
	for _, want := range []Flags{{Answered: true}, {Seen: true, Flagged: true}, {}, {Seen: true, Flagged: true, Answered: true}} {
		for range 2 {
			if now, err := c.SetFlags(contextOf(t), anna, at, want); err != nil || now != want {
				t.Errorf("%+v, %v; want %+v", now, err, want)
			}
		}
		i := slices.IndexFunc(d.Messages(anna, "INBOX"), func(m exchangetest.DoubleMessage) bool { return m.ItemID == at.ID })
		m := d.Messages(anna, "INBOX")[i]
		if m.Seen != want.Seen || m.Flagged != want.Flagged || m.Answered != want.Answered {
			t.Errorf("the mailbox shows %+v, want %+v", m, want)
		}
	}
}

// ewsAtWork: while users file and delete, every message is found at each look, and none twice.
func ewsAtWork(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	const carl = "carl@example.test"
	c := newEWS(t, o)
	var ids []string
	for i := range 70 {
		ids = append(ids, fmt.Sprintf("work%d@x.test", i))
		d.Put(carl, "INBOX", mail(ids[i]), d.Now())
	}
	d.Work(exchangetest.DoubleWork{Seed: 7, Every: 3 * time.Millisecond, Steps: 300, Mailboxes: []string{carl}, Deeds: []string{"move", "delete", "read"}})
	looks, vain := 0, 0
	for looks < 25 {
		copies, err := c.Find(contextOf(t), carl, Query{MessageIDs: ids, Since: d.Now().Add(-time.Hour)})
		if err != nil {
			if vain++; !errors.Is(err, ErrTemporary) {
				t.Fatal(err)
			}
			continue // an error proves nothing, and says so
		}
		looks++
		seen := map[string]int{}
		for _, found := range copies {
			seen[found.MessageID]++
		}
		for _, id := range ids {
			if seen[id] != 1 {
				t.Errorf("look %d: %s was found %d times", looks, id, seen[id])
			}
		}
	}
	if deeds := d.Rest(); len(deeds) == 0 {
		t.Errorf("%d deeds, %d looks, %d in vain", len(deeds), looks, vain)
	} else {
		t.Logf("%d deeds, %d looks, %d in vain", len(deeds), looks, vain)
	}
}

// ewsMovedBehindUs: twice somebody moves the message into a folder that was read just before.
func ewsMovedBehindUs(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	d.Put(anna, "Postausgang", mail("behind@x.test"), d.Now())
	all := d.Messages(anna, "Postausgang")
	id, looks := all[len(all)-1].ID, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		inbox := bytes.Contains(body, []byte("<m:FindItem")) && bytes.Contains(body, []byte(`Id="inbox"`))
		if inbox {
			if looks++; looks == 2 {
				d.Edit(anna, id, map[string]string{"folder": "Postausgang"})
			}
		}
		onward, _ := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+d.Addr("ews")+r.URL.Path, bytes.NewReader(body))
		onward.Header = r.Header
		answer, err := http.DefaultTransport.RoundTrip(onward)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer answer.Body.Close()
		if inbox && looks <= 2 {
			d.Edit(anna, id, map[string]string{"folder": "INBOX"})
		}
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	}))
	defer server.Close()
	o.URL, o.Auth = server.URL+"/EWS/Exchange.asmx", "basic"
	c := newEWS(t, o)
	copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"behind@x.test"}, Since: d.Now().Add(-time.Hour)})
	if err != nil || len(copies) != 1 || looks != 3 {
		t.Errorf("%d copies after %d looks, %v", len(copies), looks, err)
	}
}

func ewsManyFolders(t *testing.T, d *exchangetest.Double, o EWSOptions) {
	const box = "folders@example.test"
	d.AddMailbox(box)
	c, asked := newEWS(t, o), 0
	for i := range 45 {
		if err := c.Create(contextOf(t), box, Folder{Name: fmt.Sprintf("Ordner %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	ids := []string{"first@x.test", "middle@x.test", "last@x.test"}
	for i, folder := range []string{"INBOX", "Ordner 20", "Ordner 44"} {
		d.Put(box, folder, mail(ids[i]), d.Now())
	}
	for n := range 70 { // the middle one stands on a page of its own
		d.Put(box, "Ordner 20", mail(fmt.Sprintf("other%d@x.test", n)), d.Now().Add(-time.Minute))
	}
	copies, err := c.Find(contextOf(t), box, Query{MessageIDs: append(ids, "a", "b", "c"), Since: d.Now().Add(-time.Hour)})
	if err != nil || len(copies) != 3 {
		t.Fatalf("%+v, %v", copies, err)
	}
	d.Fault(exchangetest.DoubleFault{Face: "ews", Point: "FindItem", Mailbox: box, Do: "reply", Code: 503, Skip: 4})
	for asked = 0; asked < 3 && err == nil; asked++ {
		_, err = c.Find(contextOf(t), box, Query{MessageIDs: ids})
	}
	if !errors.Is(err, ErrThrottled) || asked != 2 {
		t.Errorf("%d look-ups at 52 folders before more than 4 calls were made, %v", asked, err)
	}
}
