package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdover/database"
	"holdover/directory"
)

type checkCommand struct{ withConfig }

// grade of a finding.
type grade string

const (
	good grade = "ok"
	warn grade = "warning"
	bad  grade = "problem"
)

// finding is one line of the check: what was seen and, unless it is good, what to do.
type finding struct {
	grade        grade
	about        string
	seen, remedy string
}

// Run prints every finding; the exit code is 1 when there is a problem.
func (c checkCommand) Run(s *session) error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	list := inspect(ctx, c.Config)
	problems := 0
	for _, f := range list {
		fmt.Fprintf(s.out, "%-8s %s: %s\n", f.grade, f.about, f.seen)
		if f.grade != good {
			fmt.Fprintf(s.out, "         -> %s\n", f.remedy)
		}
		if f.grade == bad {
			problems++
		}
	}
	fmt.Fprintf(s.out, "\n%d findings, %d of them problems.\n", len(list), problems)
	if problems > 0 {
		return errFindings
	}
	return nil
}

func inspect(ctx context.Context, file string) []finding {
	c, err := readConfig(file)
	if err != nil {
		return configFindings(err)
	}
	list := []finding{{good, "configuration", file + " is complete and every key is known", ""}}
	list = append(list, inspectLegal(c)...)
	list = append(list, inspectStorage(c)...)
	list = append(list, inspectDatabase(ctx, c), inspectDirectory(c))
	list = append(list, inspectCertificates(c)...)
	list = append(list, inspectNetwork(ctx, c)...)
	return append(list, inspectShared(ctx, c)...)
}

func configFindings(err error) (list []finding) {
	broken := (*configError)(nil)
	if !errors.As(err, &broken) {
		return []finding{{bad, "configuration", err.Error(), "Correct the file."}}
	}
	for _, p := range broken.problems {
		list = append(list, finding{bad, broken.file + ", " + p.key, p.reason, p.remedy})
	}
	return list
}

func inspectDatabase(ctx context.Context, c *config) finding {
	const about = "database"
	if !strings.HasPrefix(c.databaseURL(), "postgres:") {
		return finding{good, about, "SQLite in " + c.Storage.Dir, ""}
	}
	db, err := database.Open(ctx, database.Options{URL: c.databaseURL()})
	if err != nil {
		return finding{bad, about, "PostgreSQL cannot be used: " + err.Error(), "Start the server, and let the user of storage.database in."}
	}
	defer db.Close()
	return finding{good, about, "PostgreSQL answers", ""}
}

// inspectLegal tells what the public pages lack.
func inspectLegal(c *config) (list []finding) {
	for _, one := range []struct{ key, address, what string }{{"imprint", c.Organisation.Imprint, "legal notice"}, {"privacy", c.Organisation.Privacy, "privacy policy"}} {
		if one.address == "" {
			list = append(list, finding{warn, "organisation." + one.key, "the sign-in page, which strangers see, has no link to a " + one.what, "Write its address; a server that does not fail together with Exchange is best."})
		}
	}
	return list
}

func inspectDirectory(c *config) finding {
	const about = "directory"
	mailboxes, groups, err := directory.Read(c.Directory.CSV)
	if err != nil {
		return finding{bad, about, err.Error(), "Correct these lines; docs/directory.md describes the file."}
	}
	return finding{good, about, fmt.Sprintf("%d mailboxes, %d groups", mailboxes, groups), ""}
}
