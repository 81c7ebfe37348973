package page

import (
	"mime"
	"path"
	"strings"
)

// FilePolicy disarms whatever a browser makes of a file that is no page of ours.
const FilePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// Disposition writes the header with the name in every spelling that browsers read (RFC 6266).
// show is "attachment" or "inline".
func Disposition(show, name string) string {
	if name = strings.Map(FileLetter, path.Base("/"+name)); name == "" || name == "/" {
		return show
	}
	if text := mime.FormatMediaType(show, map[string]string{"filename": name}); text != "" {
		return text
	}
	return show
}

// FileLetter drops what no file name holds; it is for strings.Map.
func FileLetter(r rune) rune {
	if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return -1 // control characters, separators, and those that turn the direction of text round
	}
	return r
}
