package email

import "strings"

// unflow undoes format=flowed (RFC 3676): lines that end in a space go on in the next line of the
// same quote depth. Quotes come out as "> " per level. Lines end in LF.
func unflow(text string, delSp bool) string {
	var out strings.Builder
	out.Grow(len(text))
	openDepth := -1 // quote depth of a paragraph that goes on, or -1
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		line = strings.TrimPrefix(line[depth:], " ") // space-stuffing, 4.4
		if openDepth >= 0 && openDepth != depth {
			out.WriteByte('\n') // 4.5: a change of depth ends the paragraph
			openDepth = -1
		}
		if openDepth < 0 {
			out.WriteString(strings.Repeat("> ", min(depth, maxDepth)))
		}
		soft := strings.HasSuffix(line, " ") && line != "-- " // 4.3: signature separator
		if soft && delSp {
			line = line[:len(line)-1]
		}
		if line == "-- " && openDepth >= 0 {
			out.WriteByte('\n')
			out.WriteString(strings.Repeat("> ", min(depth, maxDepth)))
		}
		out.WriteString(line)
		openDepth = depth
		if !soft {
			out.WriteByte('\n')
			openDepth = -1
		}
	}
	return out.String()
}

const flowedWidth = 76

// flow writes one paragraph in lines of at most 76 characters where it has spaces to break at.
// Trailing spaces must be gone, else readers would join it to what follows.
func flow(paragraph string) []string {
	if paragraph == "-- " {
		return []string{paragraph}
	}
	var lines []string
	for len(paragraph) > flowedWidth {
		at := breakAt(paragraph)
		if at < 0 {
			break
		}
		lines = append(lines, stuff(paragraph[:at]))
		paragraph = paragraph[at:]
	}
	return append(lines, stuff(paragraph))
}

// breakAt finds the place behind the last space that fits, or the first one after; -1 if none is good.
func breakAt(s string) int {
	good := func(at int) bool {
		rest := strings.TrimLeft(s[at:], " ")
		return at > 0 && at < len(s) && s[at] != ' ' && s[:at] != "-- " && rest != "" && rest != "--"
	}
	for at := min(flowedWidth, len(s)); at > 1; at-- {
		if s[at-1] == ' ' && good(at) {
			return at
		}
	}
	for at := flowedWidth + 1; at < len(s); at++ {
		if s[at-1] == ' ' && good(at) {
			return at
		}
	}
	return -1
}

// stuff protects the start of a line from being taken for a quote or an mbox separator (4.4).
func stuff(line string) string {
	if strings.HasPrefix(line, " ") || strings.HasPrefix(line, ">") || strings.HasPrefix(line, "From ") {
		return " " + line
	}
	return line
}

// quoteLine puts one level of quoting before a line so that it can be taken off again exactly.
func quoteLine(line string) string {
	if line == "" || line[0] == '>' {
		return ">" + line
	}
	return "> " + line
}

// unquoteLine is the inverse of quoteLine.
func unquoteLine(line string) string {
	line = strings.TrimPrefix(line, ">")
	if strings.HasPrefix(line, ">") {
		return line
	}
	return strings.TrimPrefix(line, " ")
}
