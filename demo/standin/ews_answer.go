package standin

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ewsError is what Exchange says instead of success.
type ewsError struct {
	code, words string
	inner       string // the true code inside of a general one
	backOff     int    // milliseconds, 0: not said
	warning     bool
}

// ewsResult is the answer to one thing asked for: XML, or an error.
type ewsResult struct {
	content string
	err     *ewsError
}

func tooLarge(err error) bool {
	var limit *http.MaxBytesError
	return errors.As(err, &limit)
}

// escaped writes text as Exchange does: what XML does not allow comes as a reference all the same.
func escaped(text string) string {
	b := new(strings.Builder)
	for _, r := range text {
		switch {
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			fmt.Fprintf(b, "&#x%X;", r)
		default:
			xml.EscapeText(b, []byte(string(r)))
		}
	}
	return b.String()
}

func (e ewsError) details() string {
	b := new(strings.Builder)
	value := func(name, text string) {
		fmt.Fprintf(b, `<t:Value xmlns:t="%s" Name="%s">%s</t:Value>`, ewsTypes, name, escaped(text))
	}
	if e.backOff > 0 {
		value("BackOffMilliseconds", fmt.Sprint(e.backOff))
	}
	if e.inner != "" {
		value("InnerErrorMessageText", e.words)
		value("InnerErrorResponseCode", e.inner)
	}
	return b.String()
}

const serverVersionInfo = `<h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1544" MinorBuildNumber="4" Version="V2017_07_11" xmlns:h="` + ewsTypes + `"/>`

// writeFault is a SOAP fault with HTTP 500.
func writeFault(w http.ResponseWriter, e ewsError) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	details := ""
	if d := e.details(); d != "" {
		details = fmt.Sprintf(`<t:MessageXml xmlns:t="%s">%s</t:MessageXml>`, ewsTypes, d)
	}
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="%s"><s:Body><s:Fault><faultcode xmlns:a="%s">a:%s</faultcode>`+
		`<faultstring xml:lang="en-US">%s</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">%s</e:ResponseCode>`+
		`<e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">%s</e:Message>%s</detail></s:Fault></s:Body></s:Envelope>`,
		soapSpace, ewsTypes, escaped(e.code), escaped(e.words), escaped(e.code), escaped(e.words), details)
}

// write is an answer with one part for each result; a single error stands for all that was asked.
func (c *ewsCall) write(w http.ResponseWriter, results []ewsResult) {
	if n := c.asked(); len(results) == 1 && results[0].err != nil {
		for len(results) < n {
			results = append(results, results[0])
		}
	}
	b := new(strings.Builder)
	fmt.Fprintf(b, `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="%s"><s:Header>%s</s:Header><s:Body><m:%sResponse xmlns:m="%s" xmlns:t="%s"><m:ResponseMessages>`,
		soapSpace, serverVersionInfo, c.op, ewsMessages, ewsTypes)
	for _, r := range results {
		r.write(b, c.op)
	}
	fmt.Fprintf(b, `</m:ResponseMessages></m:%sResponse></s:Body></s:Envelope>`, c.op)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	fmt.Fprint(w, b.String())
}

// asked counts the things that a request asks for.
func (c *ewsCall) asked() int {
	for _, name := range []string{"m:ItemIds", "m:Items", "m:ItemChanges", "m:ParentFolderIds", "m:FolderIds", "m:FolderChanges", "m:Folders"} {
		if list := c.body.kid(name); list != nil {
			return len(list.kids)
		}
	}
	return 1
}

func (r ewsResult) write(b *strings.Builder, op string) {
	class, code := "Success", "NoError"
	words, details := "", ""
	if r.err != nil {
		class, code = "Error", r.err.code
		if r.err.warning {
			class = "Warning"
		}
		words = "<m:MessageText>" + escaped(r.err.words) + "</m:MessageText>"
		details = "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
		if d := r.err.details(); d != "" {
			details += "<m:MessageXml>" + d + "</m:MessageXml>"
		}
	}
	content := r.content
	if r.err != nil {
		content = map[string]string{"CreateItem": "<m:Items/>", "GetItem": "<m:Items/>", "UpdateItem": "<m:Items/>", "MoveItem": "<m:Items/>", "GetFolder": "<m:Folders/>", "CreateFolder": "<m:Folders/>", "UpdateFolder": "<m:Folders/>"}[op]
	}
	fmt.Fprintf(b, `<m:%sResponseMessage ResponseClass="%s">%s<m:ResponseCode>%s</m:ResponseCode>%s%s</m:%sResponseMessage>`, op, class, words, code, details, content, op)
}
