package standin

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is made of it
)

// ewsDoor logs the service account in, by basic authentication or by NTLM ([MS-NLMP]), which logs a
// connection in: what was proven holds for it until it closes.
type ewsDoor struct {
	e  *Exchange
	mu sync.Mutex
	on map[*conn]*ntlmState
}

type ntlmState struct {
	challenge []byte
	in        bool
}

func newEWSDoor(e *Exchange) *ewsDoor { return &ewsDoor{e: e, on: map[*conn]*ntlmState{}} }

// open lets a request in or answers it with 401.
func (d *ewsDoor) open(w http.ResponseWriter, r *http.Request) bool {
	state := d.state(connOf(r))
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		user, secret, ok := r.BasicAuth()
		if ok && d.e.isService(user) && d.e.password(secret) {
			return true
		}
	case strings.EqualFold(scheme, "NTLM"):
		message, err := base64.StdEncoding.DecodeString(text)
		if err == nil && d.ntlm(state, message) {
			return true
		}
		if state.challenge != nil {
			w.Header().Add("WWW-Authenticate", "NTLM "+base64.StdEncoding.EncodeToString(challengeMessage(state.challenge)))
			w.WriteHeader(http.StatusUnauthorized)
			return false
		}
	case scheme == "" && state.in:
		return true
	}
	for _, offer := range []string{"Negotiate", "NTLM", `Basic realm="` + d.e.options.Host + `"`} {
		w.Header().Add("WWW-Authenticate", offer)
	}
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// isService knows DOMAIN\name and name@domain.
func (e *Exchange) isService(user string) bool {
	if _, name, ok := strings.Cut(user, `\`); ok {
		user = name
	}
	name, _, _ := strings.Cut(user, "@")
	service, _, _ := strings.Cut(e.options.Service, "@")
	return strings.EqualFold(name, service) && service != ""
}

func (d *ewsDoor) state(c *conn) *ntlmState {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.on[c] == nil {
		d.on[c] = &ntlmState{}
		go func() {
			<-c.gone
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.on, c)
		}()
	}
	return d.on[c]
}

// ntlm takes the first or the third message. A connection has one request at a time.
func (d *ewsDoor) ntlm(state *ntlmState, message []byte) bool {
	if len(message) < 12 || !bytes.HasPrefix(message, []byte("NTLMSSP\x00")) {
		return false
	}
	switch challenge := state.challenge; binary.LittleEndian.Uint32(message[8:]) {
	case 1:
		state.challenge, state.in = make([]byte, 8), false
		rand.Read(state.challenge)
	case 3:
		state.challenge = nil
		state.in = challenge != nil && d.proven(message, challenge)
		return state.in
	}
	return false
}

// proven checks the answer of NTLMv2 ([MS-NLMP] 3.3.2).
func (d *ewsDoor) proven(message, challenge []byte) bool {
	answer, domain, user := ntlmField(message, 20), ntlmField(message, 28), ntlmField(message, 36)
	if len(answer) < 16+28 || !d.e.isService(decodeUTF16(user)) {
		return false
	}
	hash := md4.New()
	hash.Write(encodeUTF16(d.e.options.Secret))
	key := hmacMD5(hash.Sum(nil), encodeUTF16(strings.ToUpper(decodeUTF16(user))+decodeUTF16(domain)))
	return hmac.Equal(answer[:16], hmacMD5(key, challenge, answer[16:]))
}

func hmacMD5(key []byte, data ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, d := range data {
		h.Write(d)
	}
	return h.Sum(nil)
}

// ntlmField reads a field of a message by its length and offset.
func ntlmField(message []byte, at int) []byte {
	if len(message) < at+8 {
		return nil
	}
	size, offset := int(binary.LittleEndian.Uint16(message[at:])), int(binary.LittleEndian.Uint32(message[at+4:]))
	if offset < 0 || offset+size > len(message) {
		return nil
	}
	return message[offset : offset+size]
}

// challengeMessage is the second message: Unicode, NTLM, always sign, extended session security, target information.
func challengeMessage(challenge []byte) []byte {
	name := encodeUTF16("STANDIN")
	var info []byte
	for _, id := range []uint16{2, 1} { // domain, computer
		info = binary.LittleEndian.AppendUint16(info, id)
		info = append(binary.LittleEndian.AppendUint16(info, uint16(len(name))), name...)
	}
	info = append(info, 0, 0, 0, 0)
	const flags = 0x1 | 0x4 | 0x200 | 0x8000 | 0x10000 | 0x80000 | 0x800000 | 0x20000000
	m := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	field := func(size, offset int) {
		m = binary.LittleEndian.AppendUint16(m, uint16(size))
		m = binary.LittleEndian.AppendUint16(m, uint16(size))
		m = binary.LittleEndian.AppendUint32(m, uint32(offset))
	}
	const head = 48
	field(len(name), head)
	m = binary.LittleEndian.AppendUint32(m, flags)
	m = append(append(m, challenge...), make([]byte, 8)...)
	field(len(info), head+len(name))
	return append(append(m, name...), info...)
}

func encodeUTF16(text string) (octets []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		octets = binary.LittleEndian.AppendUint16(octets, unit)
	}
	return octets
}

func decodeUTF16(octets []byte) string {
	var units []uint16
	for i := 0; i+1 < len(octets); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(octets[i:]))
	}
	return string(utf16.Decode(units))
}
