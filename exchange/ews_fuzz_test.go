package exchange

import (
	"strings"
	"testing"
)

// FuzzEWSAnswer: whatever comes as an answer costs an error at most, never a crash, and what is
// read of it fits into a log line.
func FuzzEWSAnswer(f *testing.F) {
	for op, answer := range cannedEWS {
		f.Add(op, []byte(soapXML(op, answer)))
	}
	f.Add("FindItem", []byte(faultOf("ErrorServerBusy", `<t:MessageXml xmlns:t="x"><t:Value Name="BackOffMilliseconds">99999999999999999999</t:Value></t:MessageXml>`)))
	f.Add("GetItem", []byte(soapXML("GetItem", partXML("GetItem", "Success", "NoError", `<m:Items><t:Message><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0xzz"/><t:Value>1</t:Value></t:ExtendedProperty><t:Flag/></t:Message></m:Items>`))))
	f.Add("CreateItem", []byte(soapXML("CreateItem", partXML("CreateItem", "Warning", "", `<m:MessageText>&#x0;&#99999999999;&unknown;</m:MessageText>`))))
	f.Add("DeleteItem", []byte("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-16\"?><a xmlns=\"&#xD800;\"/>"))
	f.Add("", []byte("<s:Envelope xmlns:s='"+soapSpace+"'><s:Body/></s:Envelope>"))
	f.Fuzz(func(t *testing.T, op string, octets []byte) {
		c := &EWS{}
		a, fault, err := readAnswer(octets, op, 1)
		if err != nil {
			return
		}
		if fault != nil {
			checkWords(t, c.failure(op, readFault(fault), true))
			return
		}
		part := a.parts[0]
		if s := readError(part); s.code != "" {
			checkWords(t, c.failure(op, s, true))
		}
		for _, item := range part.kid("Items").all() {
			readItem(item)
		}
		folderID(part.kid("Folders").first())
		root := part.kid("RootFolder")
		for _, item := range append(root.kid("Items").all(), root.kid("Folders").all()...) {
			mayBe(readItem(item).messageID, map[string]bool{"x": true})
		}
	})
}

func checkWords(t *testing.T, err error) {
	t.Helper()
	f, ok := err.(*Failure)
	if !ok || f.Kind == nil || strings.ContainsAny(f.Answer(), "\r\n\x00") || len(f.Words) > 300 || f.After < 0 {
		t.Errorf("%#v", err)
	}
}
