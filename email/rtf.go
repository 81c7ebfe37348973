package email

// maxRTF caps rich text once it is expanded.
const maxRTF = 4 << 20

// rtfStart is what every compressed rich text may refer to ([MS-OXRTFCP], 2.1.3.1).
const rtfStart = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// expandRTF undoes the compression of rich text ([MS-OXRTFCP], 2.2): runs of literals and references
// into a window of 4,096 octets. ok is false when it is neither compressed nor plain in that form.
func expandRTF(octets []byte) (rtf []byte, ok bool) {
	r := &octetReader{rest: octets}
	r.u32() // size of what follows
	size := min(r.u32(), maxRTF)
	kind := r.u32()
	r.u32() // checksum
	switch {
	case r.bad:
		return nil, false
	case kind == 0x414C454D: // "MELA"
		return r.rest[:min(int(size), len(r.rest))], true
	case kind != 0x75465A4C: // "LZFu"
		return nil, false
	}
	var window [4096]byte
	at := copy(window[:], rtfStart)
	out := make([]byte, 0, min(int(size), 1<<16))
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) % len(window)
	}
	for len(out) < int(size) && len(r.rest) > 0 {
		flags := r.u8()
		for bit := 0; bit < 8 && len(r.rest) > 0 && len(out) < int(size); bit++ {
			if flags&(1<<bit) == 0 {
				put(r.u8())
				continue
			}
			reference := int(r.u8())<<8 | int(r.u8())
			from, length := reference>>4, reference&15+2
			if from == at || r.bad {
				return out, len(out) > 0 // the end says so by pointing at itself
			}
			for range length {
				put(window[from])
				from = (from + 1) % len(window)
			}
		}
	}
	return out, len(out) > 0
}
