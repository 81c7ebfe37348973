package plug_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/demo/outside"
	"holdover/demo/plug"
	"holdover/demo/standin"
)

const anna = "anna@firma.test"

func start(t *testing.T) (*standin.Exchange, string) {
	t.Helper()
	e, err := standin.Start(standin.Options{Mailboxes: []standin.Mailbox{{Address: anna}}})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := outside.Start("127.0.0.1:0", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(plug.Handler(plug.Options{Exchange: e, Outside: sink, Web: "http://localhost:1",
		People: []plug.Person{{Address: anna, Name: "Anna <b>", Role: "employee"}}}))
	t.Cleanup(func() { page.Close(); sink.Close(); e.Close() })
	return e, page.URL
}

func do(t *testing.T, method, address, accept, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

func TestPlug(t *testing.T) {
	e, page := start(t)
	for _, step := range []struct {
		path, state, button string
		up                  bool
	}{{"/off", "off", `id="on"`, false}, {"/on", "on", `id="off"`, true}} {
		code, text := do(t, "POST", page+step.path, "*/*", "")
		if code != 200 || !strings.Contains(text, `"`+step.state+`"`) {
			t.Errorf("POST %s: %d %s", step.path, code, text)
		}
		conn, err := net.Dial("tcp", e.SMTPAddr())
		if (err == nil) != step.up {
			t.Errorf("after %s a connection gives %v", step.path, err)
		}
		if err == nil {
			conn.Close()
		}
		if code, text := do(t, "GET", page+"/", "text/html", ""); code != 200 || !strings.Contains(text, step.button) || strings.Contains(text, "<b>") {
			t.Errorf("after %s the page is %d %s", step.path, code, text)
		}
	}
	if code, _ := do(t, "POST", page+"/off", "text/html", ""); code != 200 { // through the redirect
		t.Errorf("a browser gets %d", code)
	}
}

func TestMessagesAndOctets(t *testing.T) {
	e, page := start(t)
	if _, err := e.Store().Put(anna, standin.Sent, []byte("Message-ID: <1@x>\r\n\r\nHallo\r\n"), time.Now(), `\Seen`); err != nil {
		t.Fatal(err)
	}
	_, text := do(t, "GET", page+"/messages?mailbox="+anna, "", "")
	var got []standin.Message
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got) != 1 || got[0].MessageID != "<1@x>" || !got[0].Seen {
		t.Errorf("messages: %s, %v", text, err)
	}
	query := url.Values{"mailbox": {anna}, "folder": {standin.Sent}, "uid": {"1"}}
	if _, text := do(t, "GET", page+"/octets?"+query.Encode(), "", ""); !strings.HasSuffix(text, "Hallo\r\n") {
		t.Errorf("octets: %q", text)
	}
	for path, want := range map[string]int{"/messages?mailbox=niemand@firma.test": 404, "/octets?mailbox=" + anna + "&folder=INBOX&uid=7": 404, "/octets?uid=x": 400, "/outside/9": 404} {
		if code, _ := do(t, "GET", page+path, "", ""); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
}

func TestFaultsByHTTP(t *testing.T) {
	e, page := start(t)
	if code, text := do(t, "POST", page+"/faults", "", `{"face":"smtp","point":"mail","do":"drop","times":1}`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := do(t, "POST", page+"/faults", "", `{"gesicht":"smtp"}`); code != 400 {
		t.Errorf("an unknown key gives %d", code)
	}
	c, err := net.Dial("tcp", e.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, "EHLO x\r\nMAIL FROM:<a@b.test>\r\n")
	if text, _ := io.ReadAll(c); strings.Contains(string(text), "Roger") || e.Faults().Hits() != 1 {
		t.Errorf("the rule was not met: %q", text)
	}
}

// TestTroubleByHand: each scenario can be played and ended on the page, which says what is in force.
func TestTroubleByHand(t *testing.T) {
	e, page := start(t)
	for _, s := range e.Scenarios() {
		for _, on := range []bool{true, false} {
			form := url.Values{"name": {s.Name}, "on": {fmt.Sprint(on)}}
			if code, text := do(t, "POST", page+"/scenario?"+form.Encode(), "*/*", ""); code != 200 {
				t.Fatalf("%s %v: %d %s", s.Name, on, code, text)
			}
			_, text := do(t, "GET", page+"/", "text/html", "")
			text = html.UnescapeString(text)
			if !strings.Contains(text, s.Sentence) || strings.Contains(text, `id="end-`+s.Name) != on || strings.Contains(text, "All is normal") == on {
				t.Errorf("%s, on %v: the page is %s", s.Name, on, text)
			}
		}
		if len(e.Faults().Rules()) != 0 || e.AtWork() || !e.Up("imap", "smtp") || e.Ahead().Abs() > time.Second {
			t.Errorf("%s left something behind", s.Name)
		}
	}
	for _, name := range []string{"lossy", "half-gone", "imap-down", "clock", "users"} {
		do(t, "POST", page+"/scenario?name="+name+"&on=true", "*/*", "")
	}
	if code, _ := do(t, "POST", page+"/scenario?name=nonsense&on=true", "*/*", ""); code != 400 {
		t.Errorf("an unknown scenario gives %d", code)
	}
	if do(t, "POST", page+"/forward?by=10m", "*/*", ""); e.Ahead() < 14*time.Minute {
		t.Errorf("the clock is %v ahead, want 15 min", e.Ahead())
	}
	do(t, "POST", page+"/all-normal", "text/html", "")
	if len(e.Faults().Rules()) != 0 || e.AtWork() || !e.Up("imap") || e.Ahead().Abs() > time.Second || e.Store().Fate(anna, "") != "" {
		t.Error("back to normal is not normal")
	}
}
