package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

// made finds a folder made by hand by its name.
func (h *house) made(owner, name string) mailstore.Folder {
	h.t.Helper()
	all, err := h.mail.Folders(context.Background(), h.box(owner))
	must(h.t, err)
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	return mailstore.Folder{}
}

// undone presses the undo button of the page.
func (v *visitor) undone(path string) string {
	v.h.t.Helper()
	form := v.page(path).Find(".toast form")
	action, _ := form.Attr("action")
	var fields []string
	form.Find("input").Each(func(_ int, in *goquery.Selection) {
		fields = append(fields, in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return v.post(action, fields...)
}

// TestFoldersPage: made, made within another, renamed, deleted, each undone, with the state on the way to Exchange.
func TestFoldersPage(t *testing.T) {
	for _, base := range []string{"", "/shared/" + info} {
		h := newHouse(t)
		h.share(katrin, "")
		owner := map[bool]string{true: katrin, false: info}[base == ""]
		v := h.as(katrin)
		if link, _ := v.page(base + "/mail/inbox").Find(".folders a[href='" + base + "/folders']").Attr("href"); link == "" {
			t.Fatal("nothing leads to the page")
		}
		at := v.post(base+"/folders", "action", "create", "name", " Kunden ", "parent", "")
		top := h.made(owner, "Kunden")
		if top.ID == "" || !strings.Contains(said(v.page(at).Find(".toast")), "angelegt") {
			t.Fatalf("made %+v", top)
		}
		v.post(base+"/folders", "action", "create", "name", "Nord", "parent", string(top.ID))
		v.post(base+"/folders", "action", "create", "name", "Angebote", "parent", "inbox")
		in := h.made(owner, "Nord")
		if in.Parent != top.ID || h.made(owner, "Angebote").Parent != mailstore.Inbox {
			t.Fatalf("made in %q", in.Parent)
		}
		h.sync.ByID = map[email.MessageID]syncback.State{folderState(string(top.ID)): syncback.Waiting, folderState(string(in.ID)): syncback.Verified}
		page := v.page(base + "/folders")
		if got := said(page.Find(".made")); !strings.Contains(got, "wartet") || !strings.Contains(got, "In Exchange") {
			t.Errorf("the badges are not there: %q", got)
		}
		at = v.post(base+"/folders", "action", "rename", "folder", string(in.ID), "name", "Süd")
		if h.made(owner, "Süd").ID != in.ID {
			t.Error("not renamed")
		}
		if back := v.undone(at); h.made(owner, "Nord").ID != in.ID || !strings.HasPrefix(back, base+"/folders?") {
			t.Errorf("renaming was not undone, or leads to %s", back)
		}
		at = v.post(base+"/folders", "action", "delete", "folder", string(in.ID))
		if h.made(owner, "Nord").ID != "" {
			t.Error("not deleted")
		}
		if v.undone(at); h.made(owner, "Nord").ID != in.ID {
			t.Error("deleting was not undone")
		}
		if got := page.Find("#made-" + string(top.ID) + " button[value=delete]").Length(); got != 0 {
			t.Error("a folder with a folder in it can be deleted")
		}
	}
}

// TestFolderFaults: what cannot be is said in words beside the field, and what was typed stays.
func TestFolderFaults(t *testing.T) {
	h := newHouse(t)
	v := h.as(katrin)
	v.post("/folders", "action", "create", "name", "Kunden")
	kunden := string(h.made(katrin, "Kunden").ID)
	h.deliver(katrin, letter{subject: "A", folder: mailstore.FolderID(kunden)})
	v.post("/folders", "action", "create", "name", "Leer")
	for _, c := range []struct {
		form url.Values
		says string
	}{
		{url.Values{"action": {"create"}, "name": {"  "}}, "Geben Sie einen Namen ein"},
		{url.Values{"action": {"create"}, "name": {"kunden"}}, "schon einen Ordner mit diesem Namen"},
		{url.Values{"action": {"create"}, "name": {"Posteingang"}}, "zu Exchange selbst gehört"},
		{url.Values{"action": {"create"}, "name": {"a/b"}}, "Schrägstriche"},
		{url.Values{"action": {"create"}, "name": {strings.Repeat("x", 101)}}, "zu lang"},
		{url.Values{"action": {"create"}, "name": {"x"}, "parent": {"trash"}}, "gehört zu jedem Postfach"},
		{url.Values{"action": {"rename"}, "folder": {string(h.made(katrin, "Leer").ID)}, "name": {"<i>/"}}, "Schrägstriche"},
		{url.Values{"action": {"delete"}, "folder": {kunden}}, "nicht leer"},
	} {
		w := v.do("POST", "/folders", c.form)
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", c.form, w.Code)
			continue
		}
		page := document(t, w)
		if got := said(page.Find("[role=alert]")); !strings.Contains(got, c.says) {
			t.Errorf("%v: says %q", c.form, got)
		}
		if name := c.form.Get("name"); name != "" && page.Find("input[aria-invalid=true]").AttrOr("value", "") != name {
			t.Errorf("%v: the field holds %q", c.form, page.Find("input[aria-invalid=true]").AttrOr("value", ""))
		}
		if page.Find(".read i").Length() > 0 {
			t.Error("a name became markup")
		}
	}
	for form, status := range map[string]int{"action=rename&folder=nonesuch&name=x": 404, "action=delete&folder=inbox": 422, "action=delete&folder=nonesuch": 404, "action=create&name=x&parent=nonesuch": 404, "action=paint": 400} {
		values, _ := url.ParseQuery(form)
		if w := v.do("POST", "/folders", values); w.Code != status {
			t.Errorf("%s: %d, want %d", form, w.Code, status)
		}
	}
}

// TestMoveMenu: typed, chosen, or into a new folder; without a script.
func TestMoveMenu(t *testing.T) {
	h := newHouse(t)
	v := h.as(katrin)
	for _, name := range []string{"Kunden Nord", "Kunden Süd", "Technik"} {
		v.post("/folders", "action", "create", "name", name)
	}
	letter1 := h.deliver(katrin, letter{subject: "Angebot"})
	thread := string(h.message(katrin, letter1).Thread)
	home := func() { // back into the inbox
		must(t, h.mail.Move(context.Background(), mailstore.FromPortal, h.box(katrin), idsOf([]mailstore.Message{h.message(katrin, letter1)}), mailstore.Inbox))
	}
	list := v.page("/mail/inbox")
	if first := list.Find(".list form[action$='/act'] button").First().AttrOr("value", ""); first != "find" {
		t.Errorf("the Enter key presses %q", first)
	}
	if got := list.Find("#move-list input[name=find]").Length(); got != 1 {
		t.Errorf("%d fields to type in", got)
	}
	v.post("/mail/inbox/act", "action", "find", "find", "", "pick", thread)
	if f := h.message(katrin, letter1).Folder; f != mailstore.Inbox {
		t.Errorf("Enter in a tick moved it to %s", f)
	}
	for typed, want := range map[string]string{"technik": "Technik", "süd": "Kunden Süd", "KUNDEN nord": "Kunden Nord", "arch": ""} {
		at := v.post("/mail/inbox/act", "action", "find", "find", typed, "pick", thread)
		folder := mailstore.Archive
		if want != "" {
			folder = h.made(katrin, want).ID
		}
		if f := h.message(katrin, letter1).Folder; f != folder {
			t.Errorf("%q moved it to %s", typed, f)
		}
		if v.undone(at); h.message(katrin, letter1).Folder != mailstore.Inbox {
			t.Errorf("%q was not undone", typed)
			home()
		}
	}
	page := document(t, v.do("POST", "/mail/inbox/act", url.Values{"action": {"find"}, "find": {"kunden"}, "pick": {thread}}))
	if n := page.Find(".targets button[name=to]").Length(); n != 2 || page.Find("input[name=pick]").First().AttrOr("value", "") != thread {
		t.Errorf("%d folders are offered", n)
	}
	page = document(t, v.do("POST", "/mail/inbox/act", url.Values{"action": {"find"}, "find": {"Neues <Haus>"}, "pick": {thread}}))
	if got := said(page.Find(".read")); !strings.Contains(got, "Kein Ordner passt") || page.Find("#folder-name").AttrOr("value", "") != "Neues <Haus>" {
		t.Errorf("what fits nothing: %q", got)
	}
	if w := v.do("POST", "/mail/inbox/act", url.Values{"to": {"new"}, "name": {"technik"}, "parent": {""}, "pick": {thread}}); w.Code != http.StatusUnprocessableEntity || h.message(katrin, letter1).Folder != mailstore.Inbox {
		t.Errorf("a name that is taken: %d", w.Code)
	}
	if w := v.do("POST", "/mail/inbox/act", url.Values{"to": {"new"}, "pick": {thread}}); w.Code != http.StatusOK || document(t, w).Find("#folder-name").Length() != 1 {
		t.Errorf("the menu's button: %d", w.Code)
	}
	at := v.post("/mail/inbox/act", "to", "new", "name", "Messe", "parent", "inbox", "pick", thread)
	if f := h.made(katrin, "Messe"); f.ID == "" || h.message(katrin, letter1).Folder != f.ID || f.Parent != mailstore.Inbox {
		t.Fatalf("moved to %s, made %+v", h.message(katrin, letter1).Folder, f)
	}
	if v.undone(at); h.message(katrin, letter1).Folder != mailstore.Inbox || h.made(katrin, "Messe").ID != "" {
		t.Error("one undo takes back the move and the folder")
	}
}

// TestFolderChangesHaveNames: a change of a folder is listed under the folder's name.
func TestFolderChangesHaveNames(t *testing.T) {
	h := newHouse(t)
	h.sync.Entries = []syncback.Line{{Mailbox: h.box(katrin), Seq: 2, Name: "Hochwasser", Kind: mailstore.NewFolder, State: syncback.Waiting, At: h.clock.Now()}}
	if got := said(h.as(katrin).page("/waiting").Find("main")); !strings.Contains(got, "Ordner angelegt") || !strings.Contains(got, "Hochwasser") {
		t.Errorf("the page says %q", got)
	}
}
