package mta

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdover/email"
)

func aHop() hop {
	return hop{
		helo: "mx.kunde.example", peer: netip.MustParseAddr("192.0.2.1"), host: host, with: "ESMTPS",
		at: time.Date(2026, 11, 21, 23, 0, 0, 0, time.FixedZone("CET", 3600)),
	}
}

func TestReceivedLine(t *testing.T) {
	got := string(traceBlock([]byte("Message-ID: <x@y>\r\nDate: today\r\n\r\n"), "id1", aHop()))
	want := "Received: from mx.kunde.example\r\n\t([192.0.2.1])\r\n\tby mx.holdover.example\r\n\twith ESMTPS id id1;\r\n\tSat, 21 Nov 2026 22:00:00 +0000\r\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTraceIsSafe(t *testing.T) {
	h := aHop()
	h.helo = "evil\r\nSubject: x (" + strings.Repeat("a", 2000)
	h.peer = netip.MustParseAddr("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff")
	block := string(traceBlock([]byte("x"), email.MessageID(strings.Repeat("i", 26)), h))
	for _, line := range strings.Split(strings.TrimSuffix(block, "\r\n"), "\r\n") {
		if len(line) > 78 {
			t.Errorf("%d characters: %q", len(line), line)
		}
		if name, _, _ := strings.Cut(line, ":"); line[0] != '\t' && name != "Received" && name != "Message-ID" && name != "Date" {
			t.Errorf("a line nobody asked for: %q", line)
		}
	}
}

// A retry of the same octets has the same id; without a Date two equal messages are two messages.
func TestMissingIdentity(t *testing.T) {
	id := func(octets, transaction string) string {
		return messageIDIn(traceBlock([]byte(octets), email.MessageID(transaction), aHop()))
	}
	dated, undated := "Date: x\r\nSubject: a\r\n\r\nx", "Subject: a\r\n\r\nx"
	if a, b := id(dated, "1"), id(dated, "2"); a != b || !strings.HasPrefix(a, "<h.") {
		t.Errorf("with Date: %s, then %s", a, b)
	}
	if a, b := id(dated, "1"), id(dated+"y", "1"); a == b {
		t.Errorf("other octets, same id %s", a)
	}
	if a, b := id(undated, "1"), id(undated, "2"); a == b || a != "<t.1@"+host+">" {
		t.Errorf("without Date: %s, then %s", a, b)
	}
	for octets, has := range map[string]bool{
		"message-id : <x@y>\r\n\r\n":             true,
		"Message-ID:\r\n <x@y>\r\n\r\n":          true,
		"Message-ID:\r\n\r\n":                    false,
		"Subject: x\r\n\r\nMessage-ID: <x@y>":    false,
		"no colon here\r\nMessage-ID: <x@y>\r\n": true,
	} {
		if added := id(octets, "1"); (added == "") != has {
			t.Errorf("%q: added %q", octets, added)
		}
	}
}

func TestOwnHops(t *testing.T) {
	own := "Received: from a ([192.0.2.1])\r\n\tby MX.holdover.example with ESMTP; x\r\n"
	foreign := "Received: from mx.holdover.example by other.example; x\r\n"
	if err := inspect([]byte(strings.Repeat(own, mostOwnHops)+strings.Repeat(foreign, 80)+"\r\n"), host); err != nil {
		t.Errorf("within the limits: %v", err)
	}
	err := inspect([]byte(strings.Repeat(own, mostOwnHops+1)+"\r\n"), host)
	if err == nil || !strings.HasPrefix(line(err), "554 5.4.6") {
		t.Errorf("%d times through us: %v", mostOwnHops+1, err)
	}
	if err := inspect([]byte("\r\n"+strings.Repeat(own, 200)), host); err != nil {
		t.Errorf("Received lines in the body: %v", err)
	}
}

func FuzzTrace(f *testing.F) {
	for _, seed := range []string{"", "A: b\r\n\r\nc", " x\r\n\r\n", "Received: by x\r\n y\r\n", "Message-ID:\r\n\t\r\nDate:x"} {
		f.Add([]byte(seed), "helo.example")
	}
	f.Fuzz(func(t *testing.T, octets []byte, helo string) {
		inspect(octets, host)
		h := aHop()
		h.helo = helo
		block := traceBlock(octets, "id1", h)
		if firstBare(block) >= 0 || strings.Count("\r\n"+string(block), "\r\nReceived:") != 1 || strings.Contains(string(block), "\r\n\r\n") {
			t.Fatalf("trace block %q", block)
		}
	})
}
