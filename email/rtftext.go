package email

import (
	"strconv"
	"strings"
)

// rtfReader takes the text out of rich text, and the HTML that Outlook hides in it ([MS-OXRTFEX]).
type rtfReader struct {
	src  string
	at   int
	out  strings.Builder
	html bool // the text is HTML in disguise

	skip   int // depth of the group that is not text, 0: none
	depth  int
	mute   bool // between \htmlrtf and \htmlrtf0: for readers of rich text only
	muted  []bool
	after  int // characters to leave out after \uN
	bytes  []byte
	set    string
	unread int // \ucN
}

// rtfDestinations are groups that hold no text of the message.
var rtfDestinations = map[string]bool{
	"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true, "footer": true, "generator": true,
	"xmlnstbl": true, "listtable": true, "listoverridetable": true, "rsidtbl": true, "themedata": true, "datastore": true, "fldinst": true, "bkmkstart": true, "bkmkend": true,
}

// readRTF answers the text of rich text, and whether it is HTML. At most 4 MiB are read.
func readRTF(rtf []byte) (text string, html bool) {
	r := rtfReader{src: string(rtf[:min(len(rtf), maxRTF)]), set: "windows-1252", unread: 1}
	if !strings.HasPrefix(r.src, `{\rtf`) {
		return "", false
	}
	r.html = strings.Contains(r.src[:min(len(r.src), 4096)], `\fromhtml1`)
	for r.at < len(r.src) && r.out.Len() < maxText {
		r.step()
	}
	r.flush()
	return r.out.String(), r.html
}

func (r *rtfReader) step() {
	switch c := r.src[r.at]; c {
	case '{':
		r.at++
		r.depth++
		r.muted = append(r.muted, r.mute)
		if strings.HasPrefix(r.src[r.at:], `\*`) && r.skip == 0 && !(r.html && strings.HasPrefix(r.src[r.at:], `\*\htmltag`)) {
			r.skip = r.depth
		}
	case '}':
		r.at++
		if r.skip == r.depth {
			r.skip = 0
		}
		if r.depth > 0 {
			r.depth--
			r.mute, r.muted = r.muted[len(r.muted)-1], r.muted[:len(r.muted)-1]
		}
	case '\\':
		r.at++
		r.control()
	case '\r', '\n':
		r.at++
	default:
		r.at++
		r.octet(c)
	}
}

// control reads a control word or symbol behind its backslash.
func (r *rtfReader) control() {
	if r.at >= len(r.src) {
		return
	}
	start := r.at
	for r.at < len(r.src) && r.at-start < 32 && (r.src[r.at]|0x20 >= 'a' && r.src[r.at]|0x20 <= 'z') {
		r.at++
	}
	if r.at == start {
		r.symbol()
		return
	}
	word, number := r.src[start:r.at], r.number()
	if r.at < len(r.src) && r.src[r.at] == ' ' {
		r.at++
	}
	switch word {
	case "par", "line", "row":
		r.text("\n")
	case "tab", "cell":
		r.text("\t")
	case "emdash":
		r.text("—")
	case "endash":
		r.text("–")
	case "lquote", "rquote":
		r.text("'")
	case "bullet":
		r.text("•")
	case "uc":
		r.unread = min(max(number, 0), 8)
	case "u":
		r.text(string(rune(uint16(number))))
		r.after = r.unread
	case "ansicpg":
		r.set = codepage(uint32(number))
	case "htmlrtf":
		r.flush()
		r.mute = number != 0
	case "htmltag", "mhtmltag":
	default:
		if rtfDestinations[word] && r.skip == 0 {
			r.skip = r.depth
		}
	}
}

// number reads a control word's number; 1 when there is none.
func (r *rtfReader) number() int {
	start := r.at
	if r.at < len(r.src) && r.src[r.at] == '-' {
		r.at++
	}
	for r.at < len(r.src) && r.at-start < 10 && r.src[r.at] >= '0' && r.src[r.at] <= '9' {
		r.at++
	}
	if n, err := strconv.Atoi(r.src[start:r.at]); err == nil {
		return n
	}
	return 1
}

func (r *rtfReader) symbol() {
	c := r.src[r.at]
	r.at++
	switch c {
	case '\'':
		if r.at+2 <= len(r.src) {
			hi, lo := unhex(r.src[r.at]), unhex(r.src[r.at+1])
			r.at += 2
			if hi >= 0 && lo >= 0 {
				r.octet(byte(hi<<4 | lo))
			}
		}
	case '\\', '{', '}':
		r.octet(c)
	case '~':
		r.text(" ")
	case '\r', '\n':
		r.text("\n")
	}
}

// octet takes one of the text, in the set of the document.
func (r *rtfReader) octet(c byte) {
	switch {
	case r.skip > 0 || r.mute:
	case r.after > 0:
		r.after--
	default:
		r.bytes = append(r.bytes, c)
	}
}

func (r *rtfReader) text(s string) {
	if r.skip == 0 && !r.mute {
		r.flush()
		r.out.WriteString(s)
	}
}

func (r *rtfReader) flush() {
	if len(r.bytes) > 0 {
		r.out.WriteString(toUTF8(r.set, r.bytes))
		r.bytes = r.bytes[:0]
	}
}
