package standin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// online is a client of the faces of Exchange Online.
type online struct {
	*testing.T
	e     *Exchange
	token string
}

func newOnline(t *testing.T, o Options) *online {
	t.Helper()
	o.Mailboxes, o.Service, o.Secret = []Mailbox{{Address: "anna@firma.test"}}, "holdover", "secret"
	e, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	c := &online{T: t, e: e}
	status, answer := c.ask("secret", forGraph)
	if c.token, _ = answer["access_token"].(string); status != 200 || c.token == "" {
		t.Fatalf("no token: %d %v", status, answer)
	}
	return c
}

func (c *online) ask(secret, scope string) (status int, answer map[string]any) {
	c.Helper()
	r, err := http.PostForm("http://"+c.e.Addr("token")+"/t/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"holdover"}, "client_secret": {secret}, "scope": {scope}})
	if err != nil {
		c.Fatal(err)
	}
	return c.read(r)
}

func (c *online) read(r *http.Response) (status int, answer map[string]any) {
	c.Helper()
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		c.Fatal(err)
	}
	json.Unmarshal(text, &answer)
	return r.StatusCode, answer
}

// call speaks to Graph; headers are names and values by turns.
func (c *online) call(method, path, body string, headers ...string) (status int, answer map[string]any) {
	c.Helper()
	r, err := http.NewRequest(method, "http://"+c.e.Addr("graph")+"/v1.0/users/anna@firma.test"+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	return c.read(a)
}

// code is Graph's own word for an error.
func code(answer map[string]any) string {
	e, _ := answer["error"].(map[string]any)
	word, _ := e["code"].(string)
	return word
}

func (c *online) mime(octets string) (int, map[string]any) {
	c.Helper()
	return c.call("POST", "/messages", base64.StdEncoding.EncodeToString([]byte(octets)), "Content-Type", "text/plain")
}

const plainMail = "Message-ID: <m@x>\r\nX-Odd: 1\r\nFrom: a@x.test\r\nSubject: s\r\n\r\nText\r\n"

func TestTokenFace(t *testing.T) {
	c := newOnline(t, Options{})
	if status, answer := c.ask("wrong", forGraph); status != 401 || !strings.Contains(fmt.Sprint(answer), "AADSTS7000215") {
		t.Errorf("wrong secret: %d %v", status, answer)
	}
	if status, answer := c.ask("secret", "Mail.ReadWrite"); status != 400 || answer["error"] != "invalid_scope" {
		t.Errorf("a scope that is none: %d %v", status, answer)
	}
	get := func() int { status, _ := c.call("GET", "/mailFolders/inbox", ""); return status }
	if get() != 200 {
		t.Error("a fresh token does not open")
	}
	_, other := c.ask("secret", forIMAP)
	mine := c.token
	if c.token = fmt.Sprint(other["access_token"]); get() != 401 {
		t.Error("a token for IMAP opens Graph")
	}
	c.token = mine
	c.e.Clock().Advance(2 * time.Hour)
	if get() != 401 {
		t.Error("a token outlives its hour")
	}
	c.e.Tokens().Live(5 * time.Hour)
	_, again := c.ask("secret", forGraph)
	c.token = fmt.Sprint(again["access_token"])
	c.e.Clock().Advance(2 * time.Hour)
	if get() != 200 {
		t.Error("a longer life is not given")
	}
	c.e.Tokens().Revoke()
	if get() != 401 {
		t.Error("a revoked token opens")
	}
}

// TestGraphMakesDraftsOfMIME: row 15 of the behaviours.
func TestGraphMakesDraftsOfMIME(t *testing.T) {
	c := newOnline(t, Options{Graph: GraphLimits{Lie: 1000, Request: 4000}})
	status, made := c.mime(plainMail)
	if status != 201 || made["isDraft"] != true {
		t.Errorf("%d %v", status, made)
	}
	all := c.e.Store().Messages("anna@firma.test", "")
	if len(all) != 1 || all[0].Folder != Drafts || !all[0].Draft {
		t.Errorf("%+v", all)
	}
	if octets, _ := c.e.Store().Octets("anna@firma.test", Drafts, 1); strings.Contains(string(octets), "X-Odd") {
		t.Error("an unknown X- header was kept")
	}
	if status, answer := c.mime(plainMail + strings.Repeat("x\r\n", 500)); status != 200 || answer["id"] != nil {
		t.Errorf("above the size that is lied about: %d %v", status, answer)
	}
	if status, answer := c.mime(plainMail + strings.Repeat("x\r\n", 1500)); status != 413 {
		t.Errorf("above a request: %d %v", status, answer)
	}
	if status, answer := c.call("POST", "/messages", "no base64!", "Content-Type", "text/plain"); status != 400 || code(answer) != "UnableToDeserializePostBody" {
		t.Errorf("%d %v", status, answer)
	}
	if n := len(c.e.Store().Messages("anna@firma.test", "")); n != 1 {
		t.Errorf("%d messages are stored", n)
	}
}

// TestGraphTakesMAPIProperties: row 16: dates in JSON are ignored, properties obeyed, 0x0E07 in the creating call only.
func TestGraphTakesMAPIProperties(t *testing.T) {
	c := newOnline(t, Options{})
	post := func(more string) (int, map[string]any) {
		return c.call("POST", "/mailFolders/sentitems/messages", `{"subject":"s","internetMessageId":"<j@x>","receivedDateTime":"2020-01-01T00:00:00Z"`+more+`}`, "Prefer", `IdType="ImmutableId"`)
	}
	if _, made := post(""); made["isDraft"] != true || strings.HasPrefix(fmt.Sprint(made["receivedDateTime"]), "2020") {
		t.Errorf("without 0x0E07: %v", made)
	}
	status, made := post(`,"singleValueExtendedProperties":[{"id":"Integer 0x0E07","value":"1"},{"id":"SystemTime 0x0E06","value":"2021-02-03T04:05:06Z"},{"id":"SystemTime 0x0039","value":"2021-02-03T04:05:00Z"}]`)
	if status != 201 || made["isDraft"] != false || made["isRead"] != true || made["receivedDateTime"] != "2021-02-03T04:05:06Z" || made["sentDateTime"] != "2021-02-03T04:05:00Z" {
		t.Errorf("with properties: %d %v", status, made)
	}
	id := fmt.Sprint(made["id"])
	if status, later := c.call("PATCH", "/messages/"+id, `{"singleValueExtendedProperties":[{"id":"Integer 0x0E07","value":"8"}]}`); status != 200 || later["isDraft"] != false {
		t.Errorf("0x0E07 later: %d %v", status, later)
	}
	header := func(n int, name string) string {
		return `,"internetMessageHeaders":[` + strings.TrimSuffix(strings.Repeat(`{"name":"`+name+`","value":"1"},`, n), ",") + `]`
	}
	for more, want := range map[string]string{header(1, "Received"): "InvalidInternetMessageHeader", header(6, "x-a"): "InvalidInternetMessageHeaderCollection",
		`,"singleValueExtendedProperties":[{"id":"0x0E07","value":"1"}]`: "ErrorInvalidArgument", `,"unheard":1`: "UnableToDeserializePostBody"} {
		if status, answer := post(more); status != 400 || code(answer) != want {
			t.Errorf("%s: %d %v", more, status, answer)
		}
	}
	// The plain id changes with a move, the immutable one stays.
	_, plain := c.call("GET", "/messages/"+id, "")
	if plain["id"] == id {
		t.Error("both ids are the same")
	}
	c.call("POST", "/messages/"+id+"/move", `{"destinationId":"archive"}`)
	if status, answer := c.call("GET", "/messages/"+fmt.Sprint(plain["id"]), ""); status != 404 || code(answer) != "ErrorItemNotFound" {
		t.Errorf("the plain id holds after a move: %d %v", status, answer)
	}
	if status, _ := c.call("GET", "/messages/"+id, ""); status != 200 {
		t.Errorf("the immutable id does not hold: %d", status)
	}
}

// TestGraphRefuses: rows 14 and 17, and what a strict server does not know.
func TestGraphRefuses(t *testing.T) {
	c := newOnline(t, Options{})
	for path, want := range map[string]int{
		"/messages?$filter=subject%20eq%20's'": 400, "/messages?$filter=internetMessageId+eq+'x'": 400, "/messages?$select=nothing": 400, "/messages?$top=5000": 400,
		"/messages?$orderby=subject": 400, "/mailFolders/Posteingang": 404, "/mailFolders/inbox": 200, "/unheard": 400,
	} {
		c.mime(plainMail)
		if status, answer := c.call("GET", path, ""); status != want {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	before := len(c.e.Store().Messages("anna@firma.test", ""))
	c.e.Faults().Add(Fault{Face: "graph", Point: "created", Do: "reply", Code: 504, Text: "x", Times: 1})
	if status, _ := c.mime(plainMail); status != 504 || len(c.e.Store().Messages("anna@firma.test", "")) != before+1 {
		t.Errorf("504 after storing: %d", status)
	}
	c.e.Faults().Add(Fault{Face: "graph", Point: "request", Do: "hang", Times: 4})
	for range 4 {
		go func() {
			r, _ := http.NewRequest("GET", "http://"+c.e.Addr("graph")+"/v1.0/users/anna@firma.test/mailFolders/inbox", nil)
			r.Header.Set("Authorization", "Bearer "+c.token)
			if a, err := http.DefaultClient.Do(r); err == nil {
				a.Body.Close()
			}
		}()
	}
	for end := time.Now().Add(20 * time.Second); c.e.Faults().Hits() < 5; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the four requests did not arrive")
		}
	}
	if status, answer := c.call("GET", "/mailFolders/inbox", ""); status != 429 || code(answer) != "ApplicationThrottled" {
		t.Errorf("a fifth request: %d %v", status, answer)
	}
	c.e.Cut("graph")
	if err := c.e.Restore("graph"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) { // until the four are gone
		if status, answer := c.call("GET", "/mailFolders/inbox", ""); status == 200 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("still %d %v", status, answer)
		}
	}
	for fate, want := range map[Fate]string{Unknown: "ErrorInvalidUser", Moving: "ErrorMailboxMoveInProgress", Unavailable: "ErrorMailboxStoreUnavailable"} {
		c.e.Store().SetFate("anna@firma.test", fate)
		if _, answer := c.call("GET", "/messages", ""); code(answer) != want {
			t.Errorf("%s: %v", fate, answer)
		}
	}
	c.e.Store().SetFate("anna@firma.test", Well)
	c.e.Store().SetSide("anna@firma.test", OnPremises)
	if status, answer := c.call("GET", "/messages", ""); status != 404 || code(answer) != "MailboxNotEnabledForRESTAPI" {
		t.Errorf("on-premises: %d %v", status, answer)
	}
}

// TestHealthLags: row 19: all is well for hours into an outage, and the health itself may be silent.
func TestHealthLags(t *testing.T) {
	c := newOnline(t, Options{})
	c.e.Tokens().Live(24 * time.Hour)
	_, answer := c.ask("secret", forGraph)
	health := func() any {
		r, _ := http.NewRequest("GET", "http://"+c.e.Addr("health")+"/v1.0/admin/serviceAnnouncement/healthOverviews/Exchange%20Online?$expand=issues", nil)
		r.Header.Set("Authorization", "Bearer "+fmt.Sprint(answer["access_token"]))
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		_, said := c.read(a)
		return said["status"]
	}
	c.e.Health().Announce("serviceDegradation", "Users may be unable to access their mailbox", 3*time.Hour)
	if got := health(); got != "serviceOperational" {
		t.Errorf("at once: %v", got)
	}
	c.e.Clock().Advance(3 * time.Hour)
	if got := health(); got != "serviceDegradation" {
		t.Errorf("after its lag: %v", got)
	}
	c.e.Cut("health")
	if _, silent := health().(error); !silent {
		t.Error("the health answers while it is cut")
	}
}
