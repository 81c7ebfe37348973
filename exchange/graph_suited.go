package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"
)

// recreatable says why a message would not survive being read by Exchange and written anew: what is
// signed or encrypted, what Exchange would make something else of, and what we cannot read ourselves.
// textOnly: it has no HTML, and none should be made of it.
func recreatable(octets []byte) (textOnly bool, err error) {
	header, body := splitHeader(octets)
	parts := 0
	html, err := fragile(header, bytes.TrimPrefix(body, []byte("\r\n")), 0, &parts)
	return !html, err
}

var errFragile = errors.New("cannot be written anew unharmed")

const mostParts = 200

func fragile(header, body []byte, depth int, parts *int) (html bool, err error) {
	if *parts++; *parts > mostParts || depth > 20 {
		return false, fmt.Errorf("%w: too many parts", errFragile)
	}
	kind, params := contentType(header)
	switch {
	case slices.Contains([]string{"multipart/signed", "multipart/encrypted", "multipart/report", "application/pkcs7-mime", "application/x-pkcs7-mime",
		"application/pgp-encrypted", "application/ms-tnef", "text/calendar", "application/ics"}, kind):
		return false, fmt.Errorf("%w: it is %s", errFragile, kind)
	case strings.HasPrefix(kind, "message/"):
		return false, fmt.Errorf("%w: a message is attached to it", errFragile)
	case !strings.HasPrefix(kind, "multipart/"):
		return kind == "text/html", nil
	}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for n := 0; ; n++ {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) && n > 0 {
			return html, nil
		} else if err != nil {
			return false, fmt.Errorf("%w: its parts cannot be read", errFragile)
		}
		inner, err := io.ReadAll(part)
		if err != nil {
			return false, fmt.Errorf("%w: its parts cannot be read", errFragile)
		}
		isHTML, err := fragile(partHeader(part.Header), inner, depth+1, parts)
		if err != nil {
			return false, err
		}
		html = html || isHTML
	}
}

// partHeader writes the one field that is looked at.
func partHeader(h textproto.MIMEHeader) []byte {
	return []byte("Content-Type: " + strings.NewReplacer("\r", " ", "\n", " ").Replace(h.Get("Content-Type")) + "\r\n")
}
