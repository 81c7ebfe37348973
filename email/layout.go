package email

import (
	"fmt"
	"strconv"
	"strings"
)

// stateField holds what OpenDraft needs to take a text apart again. It never leaves the house.
const stateField = "X-Holdover-Draft-State"

// privatePrefix begins all fields that stay in the house.
const privatePrefix = "x-holdover-draft-"

// layout is the plain text of a draft in lines as they are sent: text, lead and quote, with one
// empty line between text and the rest.
type layout struct {
	lines             []string
	text, lead, quote int   // lines of each
	spaces            []run // blanks that were cut off at line ends
	typed             int   // octets of typed HTML, in the HTML beside the text
}

// run is a number of blanks at the end of a line; lines are counted before they are folded.
type run struct{ line, blanks int }

func layOut(d Draft) layout {
	var l layout
	line := 0
	cut := func(s string) string {
		line++
		if s == "-- " {
			return s
		}
		short := strings.TrimRight(s, " ")
		if n := len(s) - len(short); n > 0 {
			l.spaces = append(l.spaces, run{line - 1, n}) // else the next line would be joined (RFC 3676, 4.2)
		}
		return short
	}
	for _, s := range strings.Split(d.Text, "\n") {
		l.lines = append(l.lines, flow(cut(s))...)
	}
	l.text = len(l.lines)
	if d.QuoteLead == "" && d.Quote == "" {
		return l
	}
	l.lines = append(l.lines, "")
	if d.QuoteLead != "" {
		for _, s := range strings.Split(d.QuoteLead, "\n") {
			l.lines = append(l.lines, flow(cut(s))...)
		}
		l.lead = len(l.lines) - l.text - 1
	}
	if d.Quote != "" {
		for _, s := range strings.Split(d.Quote, "\n") {
			l.lines = append(l.lines, quoteLine(cut(s)))
			l.quote++
		}
	}
	return l
}

func (l layout) state(typed int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "text=%d; lead=%d; quote=%d;", l.text, l.lead, l.quote)
	if typed > 0 {
		fmt.Fprintf(&out, " html=%d;", typed)
	}
	for _, r := range l.spaces {
		fmt.Fprintf(&out, " %d:%d", r.line, r.blanks)
	}
	return out.String()
}

// parseState reads what state has written. ok is false when it is not there or damaged.
func parseState(value string) (l layout, ok bool) {
	n, _ := fmt.Sscanf(value, "text=%d; lead=%d; quote=%d;", &l.text, &l.lead, &l.quote)
	if n != 3 || l.text < 1 || l.lead < 0 || l.quote < 0 {
		return l, false
	}
	_, list, _ := strings.Cut(value, "quote=")
	_, list, _ = strings.Cut(list, ";")
	for _, item := range strings.Fields(list) {
		if typed, ok := strings.CutPrefix(item, "html="); ok {
			l.typed, _ = strconv.Atoi(strings.TrimSuffix(typed, ";")) // what is damaged is plain text
			continue
		}
		line, blanks, _ := strings.Cut(item, ":")
		at, err1 := strconv.Atoi(line)
		count, err2 := strconv.Atoi(blanks)
		if err1 != nil || err2 != nil || count < 0 || count > maxText {
			return l, false
		}
		l.spaces = append(l.spaces, run{at, count})
	}
	return l, true
}

// takeApart is the inverse of layOut.
func (l layout) takeApart(lines []string) (text, lead, quote string, ok bool) {
	total := l.text
	if l.lead+l.quote > 0 {
		total += 1 + l.lead + l.quote
	}
	if l.text > len(lines) || l.lead > len(lines) || l.quote > len(lines) || total != len(lines) {
		return "", "", "", false
	}
	whole := joinFlowed(lines[:l.text])
	texts := len(whole)
	leads := texts
	if l.lead > 0 {
		whole = append(whole, joinFlowed(lines[l.text+1:l.text+1+l.lead])...)
		leads = len(whole)
	}
	if l.quote > 0 {
		for _, s := range lines[total-l.quote:] {
			whole = append(whole, unquoteLine(s))
		}
	}
	added := 0
	for _, r := range l.spaces {
		if r.line < 0 || r.line >= len(whole) || added+r.blanks > maxText {
			return "", "", "", false
		}
		added += r.blanks
		whole[r.line] += strings.Repeat(" ", r.blanks)
	}
	return strings.Join(whole[:texts], "\n"), strings.Join(whole[texts:leads], "\n"), strings.Join(whole[leads:], "\n"), true
}

// joinFlowed is the inverse of flow over several paragraphs.
func joinFlowed(lines []string) []string {
	var whole []string
	open := false
	for _, line := range lines {
		line = strings.TrimPrefix(line, " ")
		if open {
			whole[len(whole)-1] += line
		} else {
			whole = append(whole, line)
		}
		open = strings.HasSuffix(line, " ") && line != "-- "
	}
	return whole
}
