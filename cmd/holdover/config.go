package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// config is the one documented file (docs/holdover.toml.example). Paths in it are relative to it.
type config struct {
	Organisation struct {
		Name          string `toml:"name"`
		Logo          string `toml:"logo"`
		Phone         string `toml:"phone"`
		Colour        string `toml:"colour"`
		Imprint       string `toml:"imprint"`
		Privacy       string `toml:"privacy"`
		Accessibility string `toml:"accessibility"`
		Language      string `toml:"language"`
	} `toml:"organisation"`
	Storage struct {
		Dir          string `toml:"dir"`
		Database     string `toml:"database"`
		DeskDatabase string `toml:"desk_database"`
		WindowDays   int    `toml:"window_days"`
		Reserve      size   `toml:"reserve"`
	} `toml:"storage"`
	Directory struct {
		CSV      string `toml:"csv"`
		Complete bool   `toml:"complete"`
	} `toml:"directory"`
	SMTP struct {
		Host             string   `toml:"host"`
		Listen           []string `toml:"listen"`
		Certificate      string   `toml:"certificate"`
		Key              string   `toml:"key"`
		MaxSize          size     `toml:"max_size"`
		MaxRecipients    int      `toml:"max_recipients"`
		MaxSessions      int      `toml:"max_sessions"`
		MaxSessionsPerIP int      `toml:"max_sessions_per_ip"`
		Idle             span     `toml:"idle"`
		Session          span     `toml:"session"`
	} `toml:"smtp"`
	Sending struct {
		SmartHost    string `toml:"smart_host"`
		TLS          string `toml:"tls"`
		CA           string `toml:"ca"`
		User         string `toml:"user"`
		PasswordFile string `toml:"password_file"`
		Postmaster   string `toml:"postmaster"`
		Undo         span   `toml:"undo"`
	} `toml:"sending"`
	Writing struct {
		SignatureDE string     `toml:"signature_de"`
		SignatureEN string     `toml:"signature_en"`
		Marks       string     `toml:"marks"`
		Templates   []template `toml:"template"`
	} `toml:"writing"`
	Exchange exchangeConfig `toml:"exchange"`
	Archive  archiveConfig  `toml:"archive"`
	Signin   struct {
		Issuer           string   `toml:"issuer"`
		ClientID         string   `toml:"client_id"`
		ClientSecretFile string   `toml:"client_secret_file"`
		CA               string   `toml:"ca"`
		Scopes           []string `toml:"scopes"`
		AdminClaim       string   `toml:"admin_claim"`
		AdminValues      []string `toml:"admin_values"`
		Idle             span     `toml:"idle"`
		Absolute         span     `toml:"absolute"`
	} `toml:"signin"`
	Web struct {
		URL            string   `toml:"url"`
		Also           []string `toml:"also"`
		Listen         []string `toml:"listen"`
		ListenTLS      []string `toml:"listen_tls"`
		Certificate    string   `toml:"certificate"`
		Key            string   `toml:"key"`
		AdminTokenFile string   `toml:"admin_token_file"`
		MaxUpload      size     `toml:"max_upload"`
		Storybook      bool     `toml:"storybook"`
		Push           bool     `toml:"push"`
		TrustedResults []string `toml:"trusted_results"`
		RemoteImages   *bool    `toml:"remote_images"`
		PDFPreview     *bool    `toml:"pdf_preview"`
		Outside        string   `toml:"outside_event"` // "write" or "read"
		Outlook        string   `toml:"outlook"`
	} `toml:"web"`
}

// template is a text that people may insert.
type template struct {
	NameDE string `toml:"name_de"`
	NameEN string `toml:"name_en"`
	TextDE string `toml:"text_de"`
	TextEN string `toml:"text_en"`
}

// problem is one thing wrong with the configuration.
type problem struct{ key, reason, remedy string }

// configError names the file, and for each problem the key, the reason and the remedy.
type configError struct {
	file     string
	problems []problem
}

func (e *configError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration %s cannot be used:", e.file)
	for _, p := range e.problems {
		fmt.Fprintf(&b, "\n  %s: %s. %s", p.key, p.reason, p.remedy)
	}
	return b.String()
}

const example = "docs/holdover.toml.example shows each key with its form."

// readConfig reads and proves the whole file: an unknown key or a bad value stops the start.
func readConfig(file string) (*config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &configError{file, []problem{{"file", "it cannot be read: " + cause(err), "Give an existing, readable file with --config; " + example}}}
	}
	c := defaults()
	meta, err := toml.Decode(string(text), c)
	if err != nil {
		return nil, &configError{file, []problem{syntaxProblem(string(text), err)}}
	}
	var found []problem
	for _, key := range meta.Undecoded() {
		found = append(found, problem{key.String(), "there is no such key", nearest(key.String())})
	}
	c.resolvePaths(filepath.Dir(file))
	if found = append(found, c.prove()...); len(found) > 0 {
		return nil, &configError{file, found}
	}
	return c, nil
}

func syntaxProblem(text string, err error) problem {
	p := problem{"syntax", strings.TrimPrefix(err.Error(), "toml: "), "Correct the value; " + example}
	if at := (toml.ParseError{}); errors.As(err, &at) {
		p.key = fmt.Sprintf("line %d", at.Position.Line)
		// The parser names the last key that it read, which may stand above the bad line.
		if key := at.LastKey[strings.LastIndex(at.LastKey, ".")+1:]; key != "" && strings.Contains(lineOf(text, at.Position.Line), key) {
			p.key += ", " + at.LastKey
		}
		if at.Message != "" {
			p.reason = at.Message
		}
	}
	p.reason = strings.TrimSuffix(p.reason, ".")
	return p
}

func lineOf(text string, n int) string {
	lines := strings.Split(text, "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// cause strips operation and path, which the sentence around it already names.
func cause(err error) string {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (c *config) resolvePaths(base string) {
	for _, p := range append(c.Exchange.files(), &c.Organisation.Logo, &c.Storage.Dir, &c.Directory.CSV, &c.SMTP.Certificate, &c.SMTP.Key,
		&c.Sending.CA, &c.Sending.PasswordFile, &c.Writing.SignatureDE, &c.Writing.SignatureEN, &c.Signin.ClientSecretFile, &c.Signin.CA,
		&c.Archive.SMTP.CA, &c.Archive.SMTP.PasswordFile, &c.Archive.SMTP.Certificate, &c.Archive.SMTP.Key,
		&c.Web.Certificate, &c.Web.Key, &c.Web.AdminTokenFile) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
}

// databaseURL is where mail metadata, log, directory and events are kept.
func (c *config) databaseURL() string {
	if c.Storage.Database != "" {
		return c.Storage.Database
	}
	return "sqlite:" + filepath.Join(c.Storage.Dir, "mail.db")
}

// deskURL is where sessions are kept: apart, so that a session touch never waits for a delivery.
func (c *config) deskURL() string {
	switch {
	case c.Storage.DeskDatabase != "":
		return c.Storage.DeskDatabase
	case c.Storage.Database != "":
		return c.Storage.Database
	}
	return "sqlite:" + filepath.Join(c.Storage.Dir, "desk.db")
}
