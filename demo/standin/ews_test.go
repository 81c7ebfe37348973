package standin

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// asker speaks EWS by hand, with basic authentication.
type asker struct {
	t *testing.T
	e *Exchange
}

const (
	ewsOpen = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">` +
		`<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/><t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>%s</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body>`
	ewsShut   = `</s:Body></s:Envelope>`
	ewsShape  = `<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>`
	ewsParent = `<m:ParentFolderIds><t:DistinguishedFolderId Id="drafts"/></m:ParentFolderIds>`
	ewsView   = `<m:IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/>`
)

func newAsker(t *testing.T) asker {
	t.Helper()
	e, err := Start(Options{Mailboxes: []Mailbox{{Address: "a@x.test", Aliases: []string{"alias@x.test"}}}, Service: "svc", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return asker{t, e}
}

// ask answers the status and the answer's text.
func (a asker) ask(body string) (int, string) {
	a.t.Helper()
	return a.post(fmt.Sprintf(ewsOpen, "a@x.test") + body + ewsShut)
}

func (a asker) post(envelope string, header ...string) (int, string) {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+a.e.Addr("ews")+"/EWS/Exchange.asmx", strings.NewReader(envelope))
	if err != nil {
		a.t.Fatal(err)
	}
	r.SetBasicAuth(`X\svc`, "secret")
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func ewsCreate(extended string) string {
	mime := base64.StdEncoding.EncodeToString([]byte("Message-ID: <c@x.test>\r\nSubject: x\r\n\r\nText\r\n"))
	return `<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:DistinguishedFolderId Id="drafts"/></m:SavedItemFolderId><m:Items><t:Message>` +
		`<t:MimeContent CharacterSet="UTF-8">` + mime + `</t:MimeContent>` + extended + `</t:Message></m:Items></m:CreateItem>`
}

func integerProperty(tag, value string) string {
	return `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="` + tag + `" PropertyType="Integer"/><t:Value>` + value + `</t:Value></t:ExtendedProperty>`
}

// TestEWSKeepsToTheSchema: what real Exchange would refuse, a test of the product must not get through with.
func TestEWSKeepsToTheSchema(t *testing.T) {
	a := newAsker(t)
	find := func(inner string) string {
		return `<m:FindItem Traversal="Shallow">` + inner + `</m:FindItem>`
	}
	equal := `<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="message:InternetMessageId"/><t:FieldURIOrConstant><t:Constant Value="x"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>`
	sorted := `<m:SortOrder><t:FieldOrder Order="Ascending"><t:FieldURI FieldURI="item:DateTimeCreated"/></t:FieldOrder></m:SortOrder>`
	if status, text := a.ask(find(ewsShape + ewsView + equal + sorted + ewsParent)); status != 200 || !strings.Contains(text, "NoError") {
		t.Fatalf("the right request: %d %s", status, text)
	}
	for name, body := range map[string]string{
		"sort before restriction":     find(ewsShape + ewsView + sorted + equal + ewsParent),
		"view before shape":           find(ewsView + ewsShape + ewsParent),
		"no parent folder":            find(ewsShape + ewsView),
		"no traversal":                `<m:FindItem>` + ewsShape + ewsParent + `</m:FindItem>`,
		"an odd traversal":            `<m:FindItem Traversal="Deep">` + ewsShape + ewsParent + `</m:FindItem>`,
		"shape of the wrong space":    find(strings.ReplaceAll(ewsShape, "m:ItemShape", "t:ItemShape") + ewsParent),
		"an unknown element":          find(ewsShape + "<m:Hello/>" + ewsParent),
		"an unknown attribute":        `<m:FindItem Traversal="Shallow" Fast="true">` + ewsShape + ewsParent + `</m:FindItem>`,
		"an unknown folder word":      find(ewsShape + `<m:ParentFolderIds><t:DistinguishedFolderId Id="archive"/></m:ParentFolderIds>`),
		"property after read state":   ewsCreate(`<t:IsRead>true</t:IsRead>` + integerProperty("0x0E07", "1")),
		"a property without its type": ewsCreate(`<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x0E07"/><t:Value>1</t:Value></t:ExtendedProperty>`),
		"two operations":              find(ewsShape+ewsParent) + find(ewsShape+ewsParent),
		"no operation":                "",
		"a namespace of nobody":       `<x:FindItem xmlns:x="urn:x"/>`,
	} {
		if status, text := a.ask(body); status != 500 || !strings.Contains(text, "ErrorSchemaValidation") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, _ := a.post(fmt.Sprintf(ewsOpen, "a@x.test")+find(ewsShape+ewsParent)+ewsShut, "Content-Type", "application/soap+xml"); status != 415 {
		t.Errorf("another content type: %d", status)
	}
	for address, code := range map[string]string{"nobody@x.test": "ErrorNonExistentMailbox", "alias@x.test": "ErrorNonPrimarySmtpAddress"} {
		if status, text := a.post(fmt.Sprintf(ewsOpen, address) + find(ewsShape+ewsParent) + ewsShut); status != 500 || !strings.Contains(text, code) {
			t.Errorf("%s: %d %s", address, status, text)
		}
	}
	for _, header := range [][]string{{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("svc:wrong"))}, {"Authorization", "NTLM TlRMTVNTUAADAAAA"}} {
		if status, _ := a.post(fmt.Sprintf(ewsOpen, "a@x.test")+find(ewsShape+ewsParent)+ewsShut, header...); status != 401 {
			t.Errorf("%v: %d", header, status)
		}
	}
}

// TestEWSDecidesAtCreation: an item without 0x0E07 is a draft for ever; a later change of it is
// answered with success and does nothing.
func TestEWSDecidesAtCreation(t *testing.T) {
	a := newAsker(t)
	one := func() Message {
		all := a.e.Store().Messages("a@x.test", Drafts)
		return all[len(all)-1]
	}
	for _, c := range []struct {
		extended    string
		draft, read bool
	}{
		{"", true, false},
		{integerProperty("0x0E07", "0"), false, false},
		{integerProperty("0x0e07", "1"), false, true},
		{integerProperty("3591", "8"), true, false},
		{integerProperty("0x0E07", "9"), true, true},
	} {
		if _, text := a.ask(ewsCreate(c.extended)); !strings.Contains(text, "NoError") {
			t.Fatal(text)
		}
		if m := one(); m.Draft != c.draft || m.Seen != c.read {
			t.Errorf("%s: draft %t, read %t", c.extended, m.Draft, m.Seen)
		}
	}
	received := `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x0E06" PropertyType="SystemTime"/><t:Value>2026-11-20T13:05:00Z</t:Value></t:ExtendedProperty>`
	a.ask(ewsCreate(received))
	m := one()
	if !m.Received.Equal(time.Date(2026, 11, 20, 13, 5, 0, 0, time.UTC)) {
		t.Errorf("received %v", m.Received)
	}
	update := func(m Message, resolution, update string) string {
		_, text := a.ask(`<m:UpdateItem ConflictResolution="` + resolution + `" MessageDisposition="SaveOnly"><m:ItemChanges><t:ItemChange><t:ItemId Id="` + m.ItemID + `" ChangeKey="` + changeKey(m) + `"/>` +
			`<t:Updates>` + update + `</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`)
		return text
	}
	text := update(m, "AutoResolve", `<t:SetItemField><t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/><t:Message>`+integerProperty("0x0E07", "1")+`</t:Message></t:SetItemField>`)
	if after := one(); !strings.Contains(text, "NoError") || !after.Draft || after.Seen {
		t.Errorf("a later 0x0E07: %+v, %s", after, text)
	}
	read := `<t:SetItemField><t:FieldURI FieldURI="message:IsRead"/><t:Message><t:IsRead>true</t:IsRead></t:Message></t:SetItemField>`
	if text := update(m, "AutoResolve", read); !strings.Contains(text, "ErrorIrresolvableConflict") {
		t.Errorf("an old change key: %s", text)
	}
	if text := update(one(), "AutoResolve", read); !strings.Contains(text, "NoError") || !one().Seen {
		t.Errorf("the newest change key: %s", text)
	}
	if text := update(one(), "AutoResolve", strings.Replace(read, "message:IsRead", "item:Flag", 1)); !strings.Contains(text, "ErrorUpdatePropertyMismatch") {
		t.Errorf("one field named and another given: %s", text)
	}
}
