package pictures

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/gif" // their sizes are read, nothing is decoded
	_ "image/jpeg"
	_ "image/png"
	"net/http"
)

const maxPixels = 25_000_000

// judge answers the media type of a picture that may be shown.
func judge(octets []byte) (string, error) {
	kind := http.DetectContentType(octets)
	var width, height int
	switch kind {
	case "image/png", "image/jpeg", "image/gif":
		size, _, err := image.DecodeConfig(bytes.NewReader(octets))
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoPicture, err)
		}
		width, height = size.Width, size.Height
	case "image/webp":
		width, height = webpSize(octets)
	default:
		return "", fmt.Errorf("%w: %s", ErrNoPicture, kind)
	}
	if width <= 0 || height <= 0 || int64(width)*int64(height) > maxPixels {
		return "", fmt.Errorf("%w: %d by %d points", ErrNoPicture, width, height)
	}
	return kind, nil
}

// webpSize reads the size of a WebP image (RFC 9649, 2): 0 by 0 when it has none.
func webpSize(b []byte) (width, height int) {
	if len(b) < 30 {
		return 0, 0
	}
	three := func(at int) int { return int(b[at]) | int(b[at+1])<<8 | int(b[at+2])<<16 }
	switch string(b[12:16]) {
	case "VP8X":
		return three(24) + 1, three(27) + 1
	case "VP8L":
		bits := binary.LittleEndian.Uint32(b[21:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(b[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[28:]) & 0x3fff)
	}
	return 0, 0
}
