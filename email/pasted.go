package email

import (
	"strings"
	"unicode"
)

// Lists of addresses are pasted from everywhere: out of Outlook with semicolons and "Surname, First name", out of
// tables with a space where a line ended, with marks between them. What is written so names everybody whom it shows;
// read as RFC 5322 has it, the second of two without a comma would swallow the first.

// unseen takes out what is pasted along and nobody sees.
var unseen = strings.NewReplacer("\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "")

// pasted writes a typed list with a comma between each two addresses, and quotes around names that hold one.
func pasted(typed string) string {
	var entries []string
	for _, entry := range outside(unseen.Replace(typed), ';') {
		pieces := outside(entry, ',')
		if len(pieces) == 2 && strings.Contains(typed, ";") && surname(pieces[0]) && strings.HasSuffix(strings.TrimSpace(pieces[1]), ">") && !strings.Contains(pieces[1], `"`) {
			given, address, _ := strings.Cut(pieces[1], "<")
			if !strings.Contains(given, "@") && strings.Count(address, ">") == 1 {
				entries = append(entries, `"`+strings.TrimSpace(pieces[0])+", "+strings.TrimSpace(given)+`" <`+address)
				continue
			}
		}
		for i, piece := range pieces {
			pieces[i] = apart(piece)
		}
		entries = append(entries, strings.Join(pieces, ","))
	}
	return strings.Join(entries, ";")
}

// surname says that a piece is nothing but words of letters.
func surname(piece string) bool {
	piece = strings.TrimSpace(piece)
	return piece != "" && strings.IndexFunc(piece, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune(" .-'", r) }) < 0
}

// apart puts commas between the addresses of one piece.
func apart(piece string) string {
	var before strings.Builder
	for end := angle(piece); end >= 0 && strings.Contains(piece[end:], "@"); end = angle(piece) {
		before.WriteString(piece[:end+1] + ",")
		piece = piece[end+1:]
	}
	return before.String() + apartPlain(piece)
}

// apartPlain is the same for a piece without brackets.
func apartPlain(piece string) string {
	if strings.ContainsAny(piece, `"(<`) {
		return piece
	}
	words := strings.Fields(piece)
	addresses := 0
	for _, word := range words {
		if isAddress(word) {
			addresses++
		}
	}
	if addresses < 2 {
		return piece
	}
	var list []string
	for _, word := range words {
		switch {
		case isAddress(word):
			list = append(list, word+",")
		case strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0: // else a mark between two
			list = append(list, word)
		}
	}
	return strings.TrimSuffix(strings.Join(list, " "), ",")
}

// angle is where the first angle bracket outside of quotes is closed, -1: nowhere.
func angle(piece string) int {
	quoted := false
	for i := 0; i < len(piece); i++ {
		switch {
		case piece[i] == '\\':
			i++
		case piece[i] == '"':
			quoted = !quoted
		case piece[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// isAddress says that a word looks like an address.
func isAddress(word string) bool {
	at := strings.IndexByte(word, '@')
	return at > 0 && at < len(word)-1
}

// outside cuts a text at a separator, not within quotes, angle brackets or comments. What is not closed is none.
func outside(text string, separator byte) (pieces []string) {
	from := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '<', '(':
			closing := map[byte]byte{'"': '"', '<': '>', '(': ')'}[c]
			end := i + 1
			for end < len(text) && text[end] != closing {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			if end < len(text) {
				i = end
			}
		case separator:
			pieces, from = append(pieces, text[from:i]), i+1
		}
	}
	return append(pieces, text[from:])
}
