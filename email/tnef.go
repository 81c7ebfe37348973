package email

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Reading of TNEF ([MS-OXTNEF]), the form in which Exchange wraps what MIME has no word for: winmail.dat.
// Octets from outside: every length is checked, what is cut off ends the reading, nothing is copied
// but text.

const (
	tnefSignature = 0x223E9F78
	maxTNEFFiles  = 200
	maxTNEFDepth  = 5
	maxTNEFProps  = 5000 // of one list
)

// tnefMessage is what a winmail.dat holds.
type tnefMessage struct {
	class, subject, from, fromAddr string
	text                           string
	html, rtf                      []byte // rtf as it stands, compressed
	charset                        string // of html and of all 8-bit text
	files                          []tnefFile
}

type tnefFile struct {
	name, kind, cid string
	octets          []byte
	inner           *tnefMessage // an attached message, instead of octets
}

// octetReader reads little-endian values until the octets end; then all it gives is empty.
type octetReader struct {
	rest []byte
	bad  bool
}

func (r *octetReader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *octetReader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *octetReader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *octetReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Attributes of the stream, without their type.
const (
	attFrom, attSubject, attClass, attBody           = 0x8000, 0x8004, 0x8008, 0x800C
	attAttachData, attAttachTitle, attAttachRend     = 0x800F, 0x8010, 0x9002
	attMAPIProps, attAttachmentProps, attOEMCodepage = 0x9003, 0x9005, 0x9007
)

// readTNEF reads a stream. ok is false when it is none.
func readTNEF(octets []byte, depth int) (m *tnefMessage, ok bool) {
	r := &octetReader{rest: octets}
	if r.u32() != tnefSignature || depth > maxTNEFDepth {
		return nil, false
	}
	r.u16() // key
	m = &tnefMessage{charset: "windows-1252"}
	for len(r.rest) > 0 && !r.bad {
		level, id, size := r.u8(), r.u32(), r.u32()
		data := r.take(size)
		if data == nil && size > 0 || level != 1 && level != 2 {
			break
		}
		r.u16() // checksum: what is damaged is shown as far as it goes
		m.attribute(uint16(id), data, depth)
	}
	return m, true
}

func (m *tnefMessage) attribute(id uint16, data []byte, depth int) {
	switch id {
	case attOEMCodepage:
		if len(data) >= 4 {
			m.charset = codepage(binary.LittleEndian.Uint32(data))
		}
	case attClass:
		m.class = m.word(data)
	case attSubject:
		m.subject = m.word(data)
	case attBody:
		m.text = m.word(data)
	case attMAPIProps:
		m.props(data, m.property)
	case attAttachRend:
		if len(m.files) < maxTNEFFiles {
			m.files = append(m.files, tnefFile{})
		}
	default:
		if len(m.files) > 0 {
			m.ofFile(&m.files[len(m.files)-1], id, data, depth)
		}
	}
}

func (m *tnefMessage) ofFile(f *tnefFile, id uint16, data []byte, depth int) {
	switch id {
	case attAttachTitle:
		if f.name == "" {
			f.name = m.word(data)
		}
	case attAttachData:
		f.octets = data
	case attAttachmentProps:
		m.props(data, func(id, kind uint16, value []byte) { m.fileProperty(f, id, kind, value, depth) })
	}
}

// MAPI properties that are read.
const (
	propSubject, propSender, propSenderAddr, propSenderSMTP = 0x0037, 0x0C1A, 0x0C1F, 0x5D01
	propClass, propBody, propRTF, propHTML, propCodepage    = 0x001A, 0x1000, 0x1009, 0x1013, 0x3FDE
	propFileData, propFileShort, propFileLong, propFileKind = 0x3701, 0x3704, 0x3707, 0x370E
	propDisplayName, propContentID                          = 0x3001, 0x3712
)

func (m *tnefMessage) property(id, kind uint16, value []byte) {
	text := func(into *string) {
		if s := m.mapiText(kind, value); s != "" {
			*into = s
		}
	}
	switch id {
	case propSubject:
		text(&m.subject)
	case propClass:
		text(&m.class)
	case propSender:
		text(&m.from)
	case propSenderAddr:
		if s := m.mapiText(kind, value); m.fromAddr == "" && strings.Contains(s, "@") {
			m.fromAddr = s
		}
	case propSenderSMTP:
		text(&m.fromAddr)
	case propBody:
		text(&m.text)
	case propHTML:
		m.html = value
		if kind == mapiUnicode {
			m.html = []byte(utf16Text(value))
		}
	case propRTF:
		m.rtf = value
	case propCodepage:
		if kind == 3 && len(value) >= 4 {
			m.charset = codepage(binary.LittleEndian.Uint32(value))
		}
	}
}

func (m *tnefMessage) fileProperty(f *tnefFile, id, kind uint16, value []byte, depth int) {
	switch id {
	case propFileLong:
		if s := m.mapiText(kind, value); s != "" {
			f.name = s
		}
	case propFileShort, propDisplayName:
		if s := m.mapiText(kind, value); f.name == "" {
			f.name = s
		}
	case propFileKind:
		f.kind = strings.ToLower(m.mapiText(kind, value))
	case propContentID:
		f.cid = m.mapiText(kind, value)
	case propFileData:
		if kind != mapiObject {
			f.octets = value
		} else if len(value) > 16 { // an interface's id stands first
			if inner, ok := readTNEF(value[16:], depth+1); ok {
				f.inner = inner
			} else if f.octets == nil {
				f.octets = value[16:]
			}
		}
	}
}

// Types of MAPI values ([MS-OXCDATA], 2.11.1).
const (
	mapiString8, mapiUnicode, mapiObject, mapiBinary = 0x1E, 0x1F, 0x0D, 0x102
	mapiMany                                         = 0x1000
)

// fixedSizes are the octets of values in a stream, padding included.
var fixedSizes = map[uint16]uint32{2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}

// props reads a list of properties; of several values the first is given.
func (m *tnefMessage) props(data []byte, take func(id, kind uint16, value []byte)) {
	r := &octetReader{rest: data}
	for n := min(r.u32(), maxTNEFProps); n > 0 && !r.bad; n-- {
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 {
			skipName(r)
		}
		count := uint32(1)
		size, fixed := fixedSizes[kind&^mapiMany]
		if !fixed || kind&mapiMany != 0 {
			count = r.u32()
		}
		for i := uint32(0); i < count && !r.bad; i++ {
			length := size
			if !fixed {
				length = r.u32()
			}
			value := r.take(length)
			if !fixed {
				r.take(-length & 3) // padding
			}
			if i == 0 && !r.bad && id < 0x8000 {
				take(id, kind&^mapiMany, value)
			}
			if length == 0 && !fixed && len(r.rest) == 0 {
				return
			}
		}
	}
}

// skipName passes over the name of a named property.
func skipName(r *octetReader) {
	r.take(16)
	if r.u32() == 0 {
		r.u32()
		return
	}
	length := r.u32()
	r.take(length)
	r.take(-length & 3)
}

func (m *tnefMessage) mapiText(kind uint16, value []byte) string {
	switch kind {
	case mapiUnicode:
		return utf16Text(value)
	case mapiString8:
		return m.word(value)
	}
	return ""
}

// word is 8-bit text up to its NUL.
func (m *tnefMessage) word(b []byte) string {
	text, _, _ := strings.Cut(toUTF8(m.charset, b[:min(len(b), maxText)]), "\x00")
	return text
}

func utf16Text(b []byte) string {
	b = b[:min(len(b), maxText)]
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// codepage names a code page of Windows as MIME does.
func codepage(n uint32) string {
	switch n {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 20866:
		return "koi8-r"
	case 20127:
		return "us-ascii"
	}
	if n > 28590 && n < 28606 {
		return "iso-8859-" + strconv.Itoa(int(n-28590))
	}
	return "windows-" + strconv.Itoa(int(n))
}
