// Package e2e walks through the demo as a person would: real Chromium against bin/holdover-demo.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"holdover/demo/outside"
	"holdover/demo/stage"
	"holdover/demo/standin"
)

// demo is one running bin/holdover-demo, seen from outside.
type demo struct {
	stage.Description
	dir string
}

// startDemo starts the binary on free ports in a directory of its own, and ends it with SIGTERM,
// which must be clean.
func startDemo(t *testing.T) *demo {
	t.Helper()
	binary := filepath.Join("..", "..", "bin", "holdover-demo")
	if _, err := os.Stat(binary); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the demo is not built: %v", err)
		}
		t.Skipf("the demo is not built (make build): %v", err)
	}
	d := &demo{dir: t.TempDir()}
	var said bytes.Buffer
	cmd := exec.Command(binary, "--dir", d.dir, "--ports", "0")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the demo ended with %v after SIGTERM:\n%s", err, &said)
			}
		case <-time.After(40 * time.Second):
			cmd.Process.Kill()
			t.Errorf("the demo did not end after SIGTERM")
		}
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(d.dir, "holdover.log"))
			t.Logf("the end of the product's log:\n%s", log[max(0, len(log)-8000):])
		}
	})
	eventually(t, time.Minute, "demo.json is written", func() error {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the demo ended at start: %v\n%s", err, &said)
		default:
		}
		text, err := os.ReadFile(filepath.Join(d.dir, "demo.json"))
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &d.Description)
	})
	return d
}

// eventually polls until check is content.
func eventually(t *testing.T, patience time.Duration, what string, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("after %v it is still not true that %s: %v", patience, what, err)
}

// press presses a button of the plug's page.
func (d *demo) press(t *testing.T, path string) {
	t.Helper()
	answer, err := http.Post(d.Plug+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, answer.Status)
	}
}

// get asks as a browser without cookies does, and follows no redirect.
func (d *demo) get(address string) (code int, text string, err error) {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Accept-Language", "de")
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	octets, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(octets), err
}

// send sends a message into the product as any mail server would.
func (d *demo) send(t *testing.T, to, id, subject, text string) {
	t.Helper()
	c, err := smtp.Dial(d.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := fmt.Sprintf("From: Erika Sommer <erika.sommer@postkasten.example>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@postkasten.example>\r\n"+
		"Date: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", to, subject, id, time.Now().Format(time.RFC1123Z), text)
	if err := c.SendMail("erika.sommer@postkasten.example", []string{to}, bytes.NewReader([]byte(body))); err != nil {
		t.Fatalf("sending to the product: %v", err)
	}
}

// messages lists what lies in the stand-in.
func (d *demo) messages(t *testing.T, mailbox, folder string) (all []standin.Message) {
	t.Helper()
	d.json(t, d.Plug+"/messages?"+url.Values{"mailbox": {mailbox}, "folder": {folder}}.Encode(), &all)
	return all
}

// received lists what the outside world got.
func (d *demo) received(t *testing.T) (all []outside.Message) {
	t.Helper()
	d.json(t, d.Plug+"/outside/messages", &all)
	return all
}

func (d *demo) json(t *testing.T, address string, into any) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %s", address, r.Status, err, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v in %s", address, err, text)
	}
}

func (d *demo) person(t *testing.T, role, language string) (address, password string) {
	t.Helper()
	for _, p := range d.People {
		if p.Role == role && p.Language == language {
			return p.Address, p.Password
		}
	}
	t.Fatalf("demo.json has no %s who speaks %s", role, language)
	return "", ""
}

// within gives a step its time.
func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d, errors.New("step took longer than "+d.String()))
	defer cancel()
	if err := f(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}
