package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// cannedEWS are the right answers of a mailbox with one item in its Inbox.
var cannedEWS = map[string]string{
	"GetFolder": strings.Repeat(partXML("GetFolder", "Success", "NoError", `<m:Folders><t:Folder><t:FolderId Id="FI"/></t:Folder></m:Folders>`), 1) +
		strings.Repeat(partXML("GetFolder", "Error", "ErrorFolderNotFound", ""), 4),
	"FindFolder": partXML("FindFolder", "Success", "NoError", `<m:RootFolder TotalItemsInView="1" IncludesLastItemInRange="true"><t:Folders>`+
		`<t:Folder><t:FolderId Id="FI"/><t:ParentFolderId Id="R"/><t:DisplayName>Posteingang</t:DisplayName></t:Folder></t:Folders></m:RootFolder>`),
	"FindItem": partXML("FindItem", "Success", "NoError", `<m:RootFolder TotalItemsInView="1" IncludesLastItemInRange="true"><t:Items>`+itemXML("I1", "FI", "x@y")+`</t:Items></m:RootFolder>`),
	"GetItem":  partXML("GetItem", "Success", "NoError", `<m:Items>`+itemXML("I1", "FI", "x@y")+`</m:Items>`),
	"CreateItem": partXML("CreateItem", "Success", "NoError",
		`<m:Items><t:Message><t:ItemId Id="I2" ChangeKey="C"/></t:Message></m:Items>`),
}

func itemXML(id, folder, messageID string) string {
	return fmt.Sprintf(`<t:Message><t:ItemId Id="%s" ChangeKey="C"/><t:ParentFolderId Id="%s"/><t:InternetMessageId>&lt;%s&gt;</t:InternetMessageId><t:IsRead>true</t:IsRead></t:Message>`, id, folder, messageID)
}

func partXML(op, class, code, content string) string {
	return fmt.Sprintf(`<m:%sResponseMessage ResponseClass="%s"><m:ResponseCode>%s</m:ResponseCode>%s</m:%sResponseMessage>`, op, class, code, content, op)
}

func soapXML(op, parts string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="%s"><s:Body><m:%sResponse xmlns:m="%s" xmlns:t="%s"><m:ResponseMessages>%s</m:ResponseMessages></m:%sResponse></s:Body></s:Envelope>`,
		soapSpace, op, messSpace, typesSpace, parts, op)
}

func faultOf(code, more string) string {
	return fmt.Sprintf(`<s:Envelope xmlns:s="%s"><s:Body><s:Fault><faultcode>a:%s</faultcode><faultstring>Please wait.</faultstring><detail><e:ResponseCode xmlns:e="x">%s</e:ResponseCode>%s</detail></s:Fault></s:Body></s:Envelope>`, soapSpace, code, code, more)
}

var operationEWS = regexp.MustCompile(`<s:Body><m:(\w+)`)

// ewsScript answers rightly but for the operation named, which gets what answer writes.
func ewsScript(t testing.TB, op string, answer http.HandlerFunc) *EWS {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m := operationEWS.FindSubmatch(body)
		if m == nil {
			t.Errorf("a request without an operation: %s", body)
			return
		}
		if got := string(m[1]); got != op {
			fmt.Fprint(w, soapXML(got, cannedEWS[got]))
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return newEWS(t, EWSOptions{URL: server.URL + "/EWS/Exchange.asmx", Auth: "basic", User: "svc", Password: "secret", Security: Security{Policy: None}})
}

func newEWS(t testing.TB, o EWSOptions) *EWS {
	t.Helper()
	c, err := NewEWS(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func saysHTTP(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, text)
	}
}

func cutEWS(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

func endlessEWS(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, strings.Repeat("<a>", 10_000)); err != nil {
			return
		}
	}
}

// wrapped is a 200 around an error; inner is MessageXml.
func wrapped200(op, code, inner string) http.HandlerFunc {
	return saysHTTP(200, soapXML(op, partXML(op, "Error", code, inner)))
}

// stuffed is the right answer with more inside.
func stuffed(op, more string) string {
	return soapXML(op, strings.Replace(cannedEWS[op], "</m:ResponseCode>", "</m:ResponseCode>"+more, 1))
}

const backOff7 = `<m:MessageXml><t:Value Name="BackOffMilliseconds">7000</t:Value></m:MessageXml>`

// TestEWSAnswers: each odd answer has its outcome, for a call that only looks and for one that
// changes something; none is a crash, a hang or a false "absent".
func TestEWSAnswers(t *testing.T) {
	busyFault := strings.NewReplacer("m:", "", "t:", "").Replace(backOff7)
	for _, c := range []struct {
		name       string
		answer     func(op string) http.HandlerFunc
		look, make error
		after      time.Duration
	}{
		{"cut", func(string) http.HandlerFunc { return cutEWS }, ErrUnreachable, ErrDoubt, 0},
		{"endless", func(string) http.HandlerFunc { return endlessEWS }, ErrTemporary, ErrDoubt, 0},
		{"garbage", func(string) http.HandlerFunc { return saysHTTP(200, "\x00\xff<<<") }, ErrTemporary, ErrDoubt, 0},
		{"a login page", func(string) http.HandlerFunc { return saysHTTP(200, "<html><body>Outlook<br></body></html>") }, ErrTemporary, ErrDoubt, 0},
		{"nothing", func(string) http.HandlerFunc { return saysHTTP(200, "") }, ErrTemporary, ErrDoubt, 0},
		{"a document type", func(op string) http.HandlerFunc {
			return saysHTTP(200, `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>`+soapXML(op, "&b;"))
		}, ErrTemporary, ErrDoubt, 0},
		{"too deep", func(op string) http.HandlerFunc {
			return saysHTTP(200, stuffed(op, strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)))
		}, ErrTemporary, ErrDoubt, 0},
		{"too many elements", func(op string) http.HandlerFunc { return saysHTTP(200, stuffed(op, strings.Repeat("<a/>", 500_000))) }, ErrTemporary, ErrDoubt, 0},
		{"another operation's answer", func(string) http.HandlerFunc {
			return saysHTTP(200, soapXML("SendItem", partXML("SendItem", "Success", "NoError", "")))
		}, ErrTemporary, ErrDoubt, 0},
		{"two answers to one question", func(op string) http.HandlerFunc { return saysHTTP(200, soapXML(op, cannedEWS[op]+cannedEWS[op])) }, ErrTemporary, ErrDoubt, 0},
		{"success without content", func(op string) http.HandlerFunc {
			return saysHTTP(200, soapXML(op, partXML(op, "Success", "NoError", "")))
		}, ErrTemporary, ErrDoubt, 0},
		{"another namespace", func(op string) http.HandlerFunc {
			return saysHTTP(200, strings.ReplaceAll(soapXML(op, cannedEWS[op]), messSpace, "urn:x"))
		}, ErrTemporary, ErrDoubt, 0},
		{"500 without a fault", func(string) http.HandlerFunc { return saysHTTP(500, "Runtime Error") }, ErrTemporary, ErrDoubt, 0},
		{"401", func(string) http.HandlerFunc { return saysHTTP(401, "") }, ErrLogin, ErrLogin, 0},
		{"403: EWS is off", func(string) http.HandlerFunc { return saysHTTP(403, "") }, ErrRoute, ErrRoute, 0},
		{"404", func(string) http.HandlerFunc { return saysHTTP(404, "") }, ErrRoute, ErrRoute, 0},
		{"413", func(string) http.HandlerFunc { return saysHTTP(413, "") }, ErrUnsuited, ErrUnsuited, 0},
		{"503", func(string) http.HandlerFunc { return saysHTTP(503, "") }, ErrThrottled, ErrThrottled, 30 * time.Second},
		{"504 of a proxy", func(string) http.HandlerFunc { return saysHTTP(504, "") }, ErrUnreachable, ErrDoubt, 0},
		{"busy", func(string) http.HandlerFunc { return saysHTTP(500, faultOf("ErrorServerBusy", busyFault)) }, ErrThrottled, ErrThrottled, 7 * time.Second},
		{"busy inside of a general error", func(op string) http.HandlerFunc {
			return wrapped200(op, "ErrorInternalServerError", strings.Replace(backOff7, "<t:Value ", `<t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value><t:Value `, 1))
		}, ErrThrottled, ErrThrottled, 7 * time.Second},
		{"too many connections", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorExceededConnectionCount", "") }, ErrThrottled, ErrThrottled, 30 * time.Second},
		{"a general error", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorInternalServerError", "") }, ErrTemporary, ErrDoubt, 0},
		{"its time was over", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorTimeoutExpired", "") }, ErrTemporary, ErrDoubt, 0},
		{"being moved", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorMailboxMoveInProgress", "") }, ErrTemporary, ErrTemporary, 0},
		{"database down", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorMailboxStoreUnavailable", "") }, ErrTemporary, ErrTemporary, 0},
		{"batch stopped", func(op string) http.HandlerFunc {
			return saysHTTP(200, soapXML(op, partXML(op, "Warning", "ErrorBatchProcessingStopped", "")))
		}, ErrTemporary, ErrTemporary, 0},
		{"full", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorQuotaExceeded", "") }, ErrRefused, ErrRefused, 0},
		{"no such mailbox", func(string) http.HandlerFunc { return saysHTTP(500, faultOf("ErrorNonExistentMailbox", "")) }, ErrUnknownMailbox, ErrUnknownMailbox, 0},
		{"not allowed", func(string) http.HandlerFunc { return saysHTTP(500, faultOf("ErrorImpersonateUserDenied", "")) }, ErrLogin, ErrLogin, 0},
		{"a code nobody knows", func(op string) http.HandlerFunc { return wrapped200(op, "ErrorOfTheDay", "") }, ErrTemporary, ErrTemporary, 0},
		{"an error called success", func(op string) http.HandlerFunc {
			return saysHTTP(200, soapXML(op, partXML(op, "Success", "ErrorOfTheDay", "")))
		}, ErrTemporary, ErrTemporary, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			finder := ewsScript(t, "FindItem", c.answer("FindItem"))
			copies, err := finder.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
			checkOutcome(t, "Find", err, c.look, c.after)
			if len(copies) != 0 {
				t.Errorf("found %v", copies)
			}
			maker := ewsScript(t, "CreateItem", c.answer("CreateItem"))
			_, err = maker.Append(contextOf(t), anna, Folder{Role: Inbox}, Item{Octets: mail("x@y")})
			checkOutcome(t, "Append", err, c.make, c.after)
		})
	}
}

// TestEWSSilence: a call ends with its time, and what was asked to change is in doubt then.
func TestEWSSilence(t *testing.T) {
	for op, want := range map[string]error{"FindItem": ErrUnreachable, "CreateItem": ErrDoubt} {
		ctx, cancel := context.WithCancel(contextOf(t))
		c := ewsScript(t, op, func(_ http.ResponseWriter, r *http.Request) {
			cancel() // as the end of its time does
			<-r.Context().Done()
		})
		var err error
		if op == "FindItem" {
			_, err = c.Find(ctx, anna, Query{MessageIDs: []string{"x@y"}})
		} else {
			_, err = c.Append(ctx, anna, Folder{Role: Inbox}, Item{Octets: mail("x@y")})
		}
		checkOutcome(t, op, err, want, 0)
	}
}

func checkOutcome(t *testing.T, what string, err, want error, after time.Duration) {
	t.Helper()
	var f *Failure
	if !errors.Is(err, want) || !errors.As(err, &f) {
		t.Errorf("%s: %v; want %v", what, err, want)
		return
	}
	if after != 0 && f.After != after {
		t.Errorf("%s: back off %v, want %v", what, f.After, after)
	}
	if strings.ContainsAny(f.Answer(), "\r\n\x00") || len(f.Words) > 300 {
		t.Errorf("%s: words not fit for a page: %q", what, f.Words)
	}
}

// TestEWSOtherPeoplesItems: an answer about something else than what was asked is not believed, and
// neither proves absence.
func TestEWSOtherPeoplesItems(t *testing.T) {
	for name, c := range map[string]struct{ op, content string }{
		"an item of another folder in the list": {"FindItem", `<m:RootFolder IncludesLastItemInRange="true"><t:Items>` + itemXML("I9", "F9", "other@y") + `</t:Items></m:RootFolder>`},
		"an item without an id":                 {"FindItem", `<m:RootFolder IncludesLastItemInRange="true"><t:Items><t:Message/></t:Items></m:RootFolder>`},
		"an empty page that is not the last":    {"FindItem", `<m:RootFolder IncludesLastItemInRange="false"><t:Items/></m:RootFolder>`},
		"the same page for ever":                {"FindItem", `<m:RootFolder IncludesLastItemInRange="false"><t:Items>` + itemXML("I1", "FI", "x@y") + itemXML("I3", "FI", "z@y") + `</t:Items></m:RootFolder>`},
		"another item than asked for":           {"GetItem", `<m:Items>` + itemXML("I9", "FI", "x@y") + `</m:Items>`},
		"an item of another folder":             {"GetItem", `<m:Items>` + itemXML("I1", "F9", "x@y") + `</m:Items>`},
		"a folder without an id":                {"FindFolder", `<m:RootFolder IncludesLastItemInRange="true"><t:Folders><t:Folder/></t:Folders></m:RootFolder>`},
		"fewer folders than it counts":          {"FindFolder", `<m:RootFolder TotalItemsInView="2" IncludesLastItemInRange="true"><t:Folders><t:Folder><t:FolderId Id="FI"/></t:Folder></t:Folders></m:RootFolder>`},
	} {
		t.Run(name, func(t *testing.T) {
			c2 := ewsScript(t, c.op, saysHTTP(200, soapXML(c.op, partXML(c.op, "Success", "NoError", c.content))))
			copies, err := c2.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
			if !errors.Is(err, ErrTemporary) || len(copies) != 0 {
				t.Errorf("%v, %v", copies, err)
			}
		})
	}
	t.Run("another message of the folder", func(t *testing.T) {
		other := ewsScript(t, "GetItem", saysHTTP(200, soapXML("GetItem", partXML("GetItem", "Success", "NoError", `<m:Items>`+itemXML("I1", "FI", "other@y")+`</m:Items>`))))
		if copies, err := other.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}}); err != nil || len(copies) != 0 {
			t.Errorf("%v, %v: its Message-ID is another", copies, err)
		}
	})
	t.Run("control characters in a header", func(t *testing.T) {
		header := `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x7d" PropertyType="String"/><t:Value>Subject: &#x1;&#0;&#xD800; x&#xD;&#xA;Received: by a with ESMTPS id T1; now&#xD;&#xA;</t:Value></t:ExtendedProperty>`
		odd := ewsScript(t, "GetItem", saysHTTP(200, soapXML("GetItem", partXML("GetItem", "Success", "NoError", `<m:Items>`+strings.Replace(itemXML("I1", "FI", "x@y"), "<t:Internet", header+"<t:Internet", 1)+`</m:Items>`))))
		copies, err := odd.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
		if err != nil || len(copies) != 1 || len(copies[0].Traces) != 1 || copies[0].Traces[0] != "T1" {
			t.Errorf("%+v, %v", copies, err)
		}
	})
}

// TestEWSCredentialsStayHere: no redirect is followed, no other scheme of authentication is served
// and nothing is sent in clear beyond this machine.
func TestEWSCredentialsStayHere(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := ewsScript(t, "GetFolder", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		_, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
		if !errors.Is(err, ErrRoute) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d calls went to another host", n)
	}

	var authorizations []string
	tempting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorizations = append(authorizations, r.Header.Get("Authorization"))
		w.Header().Set("WWW-Authenticate", `Basic realm="give me"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer tempting.Close()
	c := newEWS(t, EWSOptions{URL: tempting.URL, User: "svc", Password: "secret", Security: Security{Policy: None}})
	_, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
	if !errors.Is(err, ErrLogin) || len(authorizations) != 1 || !strings.HasPrefix(authorizations[0], "NTLM ") {
		t.Errorf("%v; it was told %q", err, authorizations)
	}
	for _, o := range []EWSOptions{
		{URL: "http://mail.example.test/EWS/Exchange.asmx", Security: Security{Policy: None}},
		{URL: "http://127.0.0.1/EWS/Exchange.asmx"},
		{URL: "https://127.0.0.1/", Security: Security{Policy: None}},
		{URL: "https://user:secret@mail.example.test/EWS/Exchange.asmx"},
		{URL: "mail.example.test"}, {URL: ""}, {URL: "https://mail.example.test/", Auth: "digest"},
	} {
		if _, err := NewEWS(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// TestEWSSendsNothingTooLarge: what Exchange cannot take does not leave.
func TestEWSSendsNothingTooLarge(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	c := newEWS(t, EWSOptions{URL: server.URL, Auth: "basic", Security: Security{Policy: None}, Largest: 1000})
	_, err := c.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: []byte(strings.Repeat("x", 1001))})
	if !errors.Is(err, ErrUnsuited) || calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// TestEWSRequestsAreEscaped: no address, name or Message-ID makes an element of its own.
func TestEWSRequestsAreEscaped(t *testing.T) {
	evil := `"/><t:X a='&amp;'>]]>` + "\x00\n"
	text := envelope(evil, func(w *writer) {
		findItems(w, []listed{{id: evil}}, idsOnly([]string{evil, evil}), 0)
		w.text("t:DisplayName", evil)
	})
	root, err := parseXML(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	root.each(func(n *node) {
		if n.Local == "X" {
			t.Errorf("an element was smuggled in: %s", text)
		}
	})
	if got := root.kid("Header", "ExchangeImpersonation", "ConnectingSID", "PrimarySmtpAddress").value(); !strings.Contains(got, "<t:X") {
		t.Errorf("address became %q", got)
	}
}

// TestEWSFoldersAreReadAgain: people rename folders, so a list of them is not believed for long.
func TestEWSFoldersAreReadAgain(t *testing.T) {
	lists, now := 0, time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	c := ewsScript(t, "FindFolder", func(w http.ResponseWriter, _ *http.Request) {
		lists++
		fmt.Fprint(w, soapXML("FindFolder", cannedEWS["FindFolder"]))
	})
	c.o.Now = func() time.Time { return now }
	for _, step := range []struct {
		passes time.Duration
		want   int
	}{{0, 1}, {foldersKept - time.Second, 1}, {2 * time.Second, 2}} {
		now = now.Add(step.passes)
		if _, err := c.Append(contextOf(t), anna, Folder{Name: "posteingang"}, Item{Octets: mail("x@y")}); err != nil || lists != step.want {
			t.Errorf("after %v more: the folders were read %d times, want %d; %v", step.passes, lists, step.want, err)
		}
	}
}
