package standin

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fields writes what the shape asks for, in the schema's order; cut shortens long values, as lists do.
func (c *ewsCall) fields(m Message, octets []byte, cut int) (string, *ewsError) {
	shape := c.body.kid("m:ItemShape")
	if shape.kid("t:BaseShape").value() != "IdOnly" {
		return "", &ewsError{code: "ErrorInvalidRequest", words: "The stand-in knows the shape IdOnly."}
	}
	asked := map[string]bool{}
	extended := []string{}
	for _, path := range shape.kid("t:AdditionalProperties").all() {
		if path.name == "t:ExtendedFieldURI" {
			extended = append(extended, extendedName(path))
			continue
		}
		asked[path.attr("FieldURI")] = true
	}
	shorten := func(text string) string {
		if runes := []rune(text); cut > 0 && len(runes) > cut {
			return string(runes[:cut])
		}
		return text
	}
	b := new(strings.Builder)
	write := func(uri, format string, args ...any) {
		if asked[uri] {
			delete(asked, uri)
			fmt.Fprintf(b, format, args...)
		}
	}
	if shape.kid("t:IncludeMimeContent").value() == "true" {
		fmt.Fprintf(b, `<t:MimeContent CharacterSet="UTF-8">%s</t:MimeContent>`, base64.StdEncoding.EncodeToString(octets))
	}
	write("item:ParentFolderId", `<t:ParentFolderId Id="%s" ChangeKey="AQAAAA=="/>`, m.FolderID)
	write("item:ItemClass", "<t:ItemClass>IPM.Note</t:ItemClass>")
	write("item:Subject", "<t:Subject>%s</t:Subject>", escaped(shorten(m.Subject)))
	write("item:DateTimeReceived", "<t:DateTimeReceived>%s</t:DateTimeReceived>", m.Received.UTC().Format(time.RFC3339))
	write("item:Size", "<t:Size>%d</t:Size>", m.Size)
	if asked["item:Categories"] {
		delete(asked, "item:Categories")
		if len(m.Categories) > 0 {
			b.WriteString("<t:Categories>")
			for _, name := range m.Categories {
				fmt.Fprintf(b, "<t:String>%s</t:String>", escaped(shorten(name)))
			}
			b.WriteString("</t:Categories>")
		}
	}
	write("item:IsDraft", "<t:IsDraft>%t</t:IsDraft>", m.Draft)
	write("item:DateTimeCreated", "<t:DateTimeCreated>%s</t:DateTimeCreated>", m.Received.UTC().Format(time.RFC3339))
	for _, name := range extended {
		if value, ok := extendedValue(m, octets, name); ok {
			kind, tag, _ := strings.Cut(name, " ")
			fmt.Fprintf(b, `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="%s" PropertyType="%s"/><t:Value>%s</t:Value></t:ExtendedProperty>`,
				strings.ToLower(strings.Replace(tag, "0x0", "0x", 1)), kind, escaped(shorten(value)))
		}
	}
	status := map[bool]string{true: "Flagged", false: "NotFlagged"}[m.Flagged]
	write("item:Flag", "<t:Flag><t:FlagStatus>%s</t:FlagStatus></t:Flag>", status)
	write("message:InternetMessageId", "<t:InternetMessageId>%s</t:InternetMessageId>", escaped(shorten(m.MessageID)))
	write("message:IsRead", "<t:IsRead>%t</t:IsRead>", m.Seen)
	for uri := range asked {
		return "", &ewsError{code: "ErrorInvalidPropertyRequest", words: "The stand-in does not know " + uri + "."}
	}
	return b.String(), nil
}

// extendedValue is a property as clients see it; absent ones are left out.
func extendedValue(m Message, octets []byte, name string) (string, bool) {
	value, ok := m.Extended[name]
	switch {
	case name == mapiFlags:
		bits := map[bool]int{true: 1}[m.Seen] + map[bool]int{true: 8}[m.Draft]
		return strconv.Itoa(bits), true
	case name == mapiReceived:
		return m.Received.UTC().Format(time.RFC3339), true
	case name == mapiVerb && !ok && m.Answered:
		return "102", true
	case name == "String 0x007D" && octets != nil:
		return string(octets[:readHeader(octets).end]), true
	}
	return value, ok
}
