package exchange

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// section is one table of docs/contract.md: behaviours by columns.
type section struct {
	heading string
	columns []string
	rows    []string

	mu    sync.Mutex
	cells map[string]string // by row and column
}

const committed = "../docs/contract.md"

func (s *section) note(row, column, note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if note == "" {
		note = "yes"
	}
	if s.cells == nil {
		s.cells = map[string]string{}
	}
	s.cells[row+"|"+column] = note
}

// write puts the table into the file that HOLDOVER_CONTRACT names, below its heading; it needs a
// run in which nothing failed and nothing was left out.
func (s *section) write(t *testing.T) {
	t.Helper()
	path := os.Getenv("HOLDOVER_CONTRACT")
	if path == "" || t.Failed() {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "## "+s.heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", path, s.heading)
	}
	body, after, more := strings.Cut(rest, "\n## ")
	prose, _, _ := strings.Cut(body, "\n|")
	text = []byte(before + "## " + s.heading + "\n" + strings.TrimRight(prose, "\n") + "\n\n" + s.table(t))
	if more {
		text = append(text, "\n## "+after...)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *section) table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "| behaviour | %s |\n|---|%s\n", strings.Join(s.columns, " | "), strings.Repeat("---|", len(s.columns)))
	for _, row := range s.rows {
		fmt.Fprintf(&b, "| %s |", row)
		for _, column := range s.columns {
			cell, ok := s.cells[row+"|"+column]
			if !ok {
				t.Fatalf("%q was not played on %s", row, column)
			}
			fmt.Fprintf(&b, " %s |", cell)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestContractTable: the committed table has the rows and columns that the suite has.
func TestContractTable(t *testing.T) {
	text, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*section{mailboxSection(), deliverySection(), badSection()} {
		_, rest, ok := strings.Cut(string(text), "## "+s.heading+"\n")
		if !ok {
			t.Errorf("%s has no heading %q", committed, s.heading)
			continue
		}
		rest, _, _ = strings.Cut(rest, "\n## ")
		var rows []string
		var columns []string
		for line := range strings.Lines(rest) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			switch {
			case !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---"):
			case columns == nil:
				columns = cells[1:]
			default:
				rows = append(rows, cells[0])
			}
		}
		if !slices.Equal(columns, s.columns) || !slices.Equal(rows, s.rows) {
			t.Errorf("%s, %q: run HOLDOVER_CONTRACT=$PWD/docs/contract.md go test ./exchange -run Contract -count=1\nit has  %v\n%q\nwant %v\n%q",
				committed, s.heading, columns, rows, s.columns, s.rows)
		}
	}
}
