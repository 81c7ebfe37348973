package main

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdover/archive"
)

// span is a length of time as people write it: "10s", "5m", "12h", "30d".
type span time.Duration

func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no length of time; write for example \"10s\", \"5m\", \"12h\" or \"30d\"", text)
	}
	*s = span(d)
	return nil
}

// size is a number of bytes as people write it: "50MiB", "1GiB", "4096".
type size int64

var (
	sizePattern   = regexp.MustCompile(`^([0-9]+) ?(B|KiB|MiB|GiB|)$`)
	colourPattern = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

func (s *size) UnmarshalText(text []byte) error {
	m := sizePattern.FindStringSubmatch(string(text))
	if m == nil {
		return fmt.Errorf("%q is no size; write for example \"25MiB\" or \"1GiB\"", text)
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return fmt.Errorf("%q is too large a number; use MiB or GiB", text)
	}
	*s = size(n << map[string]uint{"": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30}[m[2]])
	return nil
}

func defaults() *config {
	var c config
	c.Organisation.Language = "de"
	c.Organisation.Colour = "#1d6b45"
	c.Storage.WindowDays = 30
	c.Storage.Reserve = 256 << 20
	c.SMTP.MaxSize = 50 << 20
	c.SMTP.MaxRecipients = 200
	c.SMTP.MaxSessions = 300
	c.SMTP.MaxSessionsPerIP = 50
	c.SMTP.Idle = span(5 * time.Minute)
	c.SMTP.Session = span(30 * time.Minute)
	c.Sending.TLS = "required"
	c.Sending.Undo = span(10 * time.Second)
	c.Exchange.setDefaults()
	c.Exchange.PerBox = 1 // Exchange Online takes about 3,600 messages an hour for one mailbox
	c.Exchange.LookAgain = []span{span(time.Minute), span(5 * time.Minute), span(30 * time.Minute), span(time.Hour)}
	c.Exchange.Workers = 4
	c.Archive.When, c.Archive.SMTP.TLS = string(archive.AtOnce), "required"
	c.Signin.Scopes = []string{"openid", "profile", "email", "groups"}
	c.Signin.AdminClaim = "groups"
	c.Signin.Idle = span(30 * time.Minute)
	c.Signin.Absolute = span(12 * time.Hour)
	c.Web.MaxUpload = 25 << 20
	return &c
}

func goodAddress(a string) bool {
	_, port, err := net.SplitHostPort(a)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func goodURL(u string) bool {
	p, err := url.Parse(u)
	return err == nil && (p.Scheme == "http" || p.Scheme == "https") && p.Host != ""
}

func goodMailAddress(a string) bool {
	p, err := mail.ParseAddress(a)
	return err == nil && p.Address == a
}
