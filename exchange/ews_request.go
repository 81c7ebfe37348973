package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"strconv"
)

// Namespaces of SOAP 1.1 and of EWS.
const (
	soapSpace  = "http://schemas.xmlsoap.org/soap/envelope/"
	typesSpace = "http://schemas.microsoft.com/exchange/services/2006/types"
	messSpace  = "http://schemas.microsoft.com/exchange/services/2006/messages"

	// ewsVersion is the schema that Exchange 2016, 2019 and SE all speak, and the oldest with flags
	// and SuppressReadReceipts.
	ewsVersion = "Exchange2013_SP1"
)

// MAPI properties that decide what a created item is, and what EWS has no element for.
const (
	propFlags    = "0x0E07" // Integer: 1 read, 8 draft; obeyed only by the call that creates the item
	propReceived = "0x0E06" // SystemTime
	propVerb     = "0x1081" // Integer: last verb executed, 102 reply, 103 reply to all
	propIcon     = "0x1080" // Integer: icon, 261 replied
	propChanged  = "0x670A" // SystemTime of a folder: when an item in it changed last, or came
	propHeader   = "0x007D" // String: header as it came by SMTP
)

// writer writes a request; every value is escaped, so that no input makes an element.
type writer struct{ bytes.Buffer }

func (w *writer) open(name string, attrs []string, end string) {
	w.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.WriteString(" " + attrs[i] + `="`)
		xml.EscapeText(w, []byte(attrs[i+1]))
		w.WriteString(`"`)
	}
	w.WriteString(end)
}

// in writes an element with what inner writes; attrs are names and values by turns.
func (w *writer) in(name string, inner func(), attrs ...string) {
	w.open(name, attrs, ">")
	inner()
	w.WriteString("</" + name + ">")
}

func (w *writer) text(name, value string, attrs ...string) {
	w.in(name, func() { xml.EscapeText(w, []byte(value)) }, attrs...)
}

func (w *writer) empty(name string, attrs ...string) { w.open(name, attrs, "/>") }

func (w *writer) base64(name string, octets []byte, attrs ...string) {
	w.in(name, func() {
		w.Grow(base64.StdEncoding.EncodedLen(len(octets)) + 1024)
		e := base64.NewEncoder(base64.StdEncoding, w)
		e.Write(octets) // writing into memory does not fail
		e.Close()
	}, attrs...)
}

// property writes an extended property with its value.
func (w *writer) property(tag, kind, value string) {
	w.in("t:ExtendedProperty", func() {
		w.propertyName(tag, kind)
		w.text("t:Value", value)
	})
}

func (w *writer) propertyName(tag, kind string) {
	w.empty("t:ExtendedFieldURI", "PropertyTag", tag, "PropertyType", kind)
}

func (w *writer) integer(tag string, value int) { w.property(tag, "Integer", strconv.Itoa(value)) }

func (w *writer) field(uri string) { w.empty("t:FieldURI", "FieldURI", uri) }

// folder names a folder: by what it is for where EWS has a word for that, so that its language
// does not matter, else by its id.
func (w *writer) folder(l listed) {
	if id := distinguished[l.role]; id != "" {
		w.empty("t:DistinguishedFolderId", "Id", id)
		return
	}
	w.empty("t:FolderId", "Id", l.id)
}

func (w *writer) items(ids ...string) {
	w.in("m:ItemIds", func() {
		for _, id := range ids {
			w.empty("t:ItemId", "Id", id)
		}
	})
}

// shape asks for ids and some more fields; the order of elements is the schema's.
func (w *writer) shape(element string, fields ...func()) {
	w.in(element, func() {
		w.text("t:BaseShape", "IdOnly")
		if len(fields) == 0 {
			return
		}
		w.in("t:AdditionalProperties", func() {
			for _, field := range fields {
				field()
			}
		})
	})
}

// envelope is a whole request on behalf of a mailbox.
func envelope(mailbox string, body func(*writer)) []byte {
	w := new(writer)
	w.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	w.in("s:Envelope", func() {
		w.in("s:Header", func() {
			w.empty("t:RequestServerVersion", "Version", ewsVersion)
			w.in("t:ExchangeImpersonation", func() {
				w.in("t:ConnectingSID", func() { w.text("t:PrimarySmtpAddress", mailbox) })
			})
		})
		w.in("s:Body", func() { body(w) })
	}, "xmlns:s", soapSpace, "xmlns:t", typesSpace, "xmlns:m", messSpace)
	return w.Bytes()
}
