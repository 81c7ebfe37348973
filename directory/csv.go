package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// row is one line of the file, with its cells split but not yet compared with other lines.
type row struct {
	line     int
	address  string
	name     string
	kind     Kind // or group
	aliases  []string
	groups   string // split when all group names are known
	members  []string
	sendAs   []string // of a shared mailbox: who may write with its address; "*" is every member
	admin    bool
	language string
	location string
	title    string
	office   string
	phone    string
}

const group Kind = "group"

var columns = [...]string{"address", "name", "kind", "aliases", "groups", "members", "role", "language", "title", "department", "phone", "location", "send_as"}

// maxProblems bounds the report about a file that is no directory at all.
const maxProblems = 1000

// readRows reads RFC 4180 CSV in UTF-8, with or without byte order mark, separated by commas or, as a
// German Excel writes it, by semicolons. Line numbers are those of the file.
func readRows(octets []byte, found *problems) []row {
	octets, ok := utf8Text(octets, found)
	if !ok {
		return nil
	}
	r := csv.NewReader(bytes.NewReader(octets))
	r.Comma = separator(octets)
	r.FieldsPerRecord = -1 // counted below, so that one bad line does not hide the next
	head, err := r.Read()
	if err != nil {
		found.add(1, "the first line must be: "+strings.Join(columns[:], ","), "there is no readable header line")
		return nil
	}
	at := headerOf(head, found)
	if at == nil {
		return nil
	}
	var rows []row
	for len(found.list) < maxProblems {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			found.add(syntax.StartLine, `put the whole field in double quotes and write a quote inside it twice ("")`, "quotes do not match (column %d)", syntax.Column)
			continue
		}
		line, _ := r.FieldPos(0)
		if blank(record) {
			continue
		}
		if len(record) > len(head) && !blank(record[len(head):]) {
			found.add(line, "put a field that contains the separator in double quotes", "%d fields where the header names %d columns", len(record), len(head))
			continue
		}
		rows = append(rows, rowOf(line, record, at, found))
	}
	return rows
}

// utf8Text takes off a byte order mark and refuses other encodings with the way out.
func utf8Text(octets []byte, found *problems) ([]byte, bool) {
	const remedy = `save the file as "CSV UTF-8"`
	if bytes.HasPrefix(octets, []byte{0xff, 0xfe}) || bytes.HasPrefix(octets, []byte{0xfe, 0xff}) || bytes.IndexByte(octets, 0) >= 0 {
		found.add(1, remedy, "the file is not UTF-8 text (UTF-16?)")
		return nil, false
	}
	octets = bytes.TrimPrefix(octets, []byte("\xef\xbb\xbf"))
	if utf8.Valid(octets) {
		return octets, true
	}
	line := 0
	for l := range bytes.Lines(octets) {
		line++
		if !utf8.Valid(l) {
			found.add(line, remedy, "the line is not UTF-8 (it looks like Windows-1252)")
		}
		if len(found.list) == maxProblems {
			break
		}
	}
	return nil, false
}

// separator is what the header line uses more often.
func separator(octets []byte) rune {
	head, _, _ := bytes.Cut(octets, []byte("\n"))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		return ';'
	}
	return ','
}

// headerOf says which field holds which column; nil when the file cannot be read by it.
func headerOf(head []string, found *problems) map[string]int {
	at := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		switch _, twice := at[name]; {
		case name == "" && i > 0: // Excel keeps empty columns at the end
		case strings.Contains(name, "@"):
			found.add(1, "put a line with the column names first: "+strings.Join(columns[:], ","), "the header line is missing")
			return nil
		case !known(name):
			found.add(1, "use these columns: "+strings.Join(columns[:], ","), "unknown column %q", name)
		case twice:
			found.add(1, "keep one of them", "column %q is there twice", name)
		default:
			at[name] = i
		}
	}
	if _, ok := at["address"]; !ok {
		found.add(1, "name a column \"address\"", "there is no column of addresses")
		return nil
	}
	return at
}

func known(column string) bool {
	for _, c := range columns {
		if c == column {
			return true
		}
	}
	return false
}

// rowOf takes one line apart and checks what can be checked without the others.
func rowOf(line int, record []string, at map[string]int, found *problems) row {
	cell := func(column string) string {
		i, ok := at[column]
		if !ok || i >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[i])
	}
	r := row{
		line: line, address: cell("address"), name: oneLine(cell("name")), kind: Kind(strings.ToLower(cell("kind"))),
		aliases: list(cell("aliases")), groups: cell("groups"), members: list(cell("members")), sendAs: list(cell("send_as")),
		language: strings.ToLower(cell("language")),
		location: strings.ToLower(cell("location")),
		title:    oneLine(cell("title")), office: oneLine(cell("department")), phone: oneLine(cell("phone")),
	}
	if r.address == "" {
		found.add(line, "give the primary address", "the address is missing")
	}
	for _, a := range append([]string{r.address}, r.aliases...) {
		if fault := faultOf(a); a != "" && fault != "" {
			found.add(line, "correct the address (several are separated by spaces)", "%q %s", a, fault)
		}
	}
	checkKind(&r, found)
	checkRole(&r, strings.ToLower(cell("role")), found)
	return r
}

func checkKind(r *row, found *problems) {
	switch r.kind {
	case "":
		r.kind = User
	case User, Shared, group:
	default:
		found.add(r.line, "write user, shared or group", "unknown kind %q", r.kind)
	}
	if r.kind == User && len(r.members) > 0 {
		found.add(r.line, "set kind to group or shared, or empty the field members", "members are given for one person's mailbox")
	}
	if r.kind != Shared && len(r.sendAs) > 0 {
		found.add(r.line, "set kind to shared, or empty the field send_as", "send_as is given for what is no shared mailbox")
	}
	if r.kind == group && r.groups != "" {
		found.add(r.line, "list this group among the members of the other one", "groups are given for a group")
	}
	if r.name == "" {
		r.name, _, _ = cutAddress(r.address)
	}
}

// languageCode is a language as BCP 47 writes it, without scripts and variants.
var languageCode = regexp.MustCompile(`^[a-z]{2}(-[a-z]{2})?$`)

func checkRole(r *row, role string, found *problems) {
	switch role {
	case "", "employee":
	case "admin":
		r.admin = true
	default:
		found.add(r.line, "write employee or admin", "unknown role %q", role)
	}
	if r.admin && r.kind == group {
		found.add(r.line, "give the role to each person", "a group cannot have a role")
	}
	if r.language != "" && !languageCode.MatchString(r.language) { // which ones there are, the pages know
		found.add(r.line, "write de or en, or leave it empty", "unknown language %q", r.language)
	}
	if r.location != "" && r.location != "on-premises" && r.location != "online" {
		found.add(r.line, "write on-premises or online, or leave it empty", "unknown location %q", r.location)
	}
}

// list splits a cell at spaces, bars, commas and semicolons: none of them can be part of an address here.
func list(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r <= ' ' || strings.ContainsRune("|,;\u00a0", r) })
}

// oneLine keeps line breaks out of names, which go into mail headers.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func blank(record []string) bool {
	for _, f := range record {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}
