package standin

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The namespaces of SOAP 1.1 and of EWS, and the prefixes by which the schema below calls them.
const (
	ewsTypes    = "http://schemas.microsoft.com/exchange/services/2006/types"
	ewsMessages = "http://schemas.microsoft.com/exchange/services/2006/messages"
	soapSpace   = "http://schemas.xmlsoap.org/soap/envelope/"
)

func prefixes() map[string]string {
	return map[string]string{soapSpace: "s:", ewsTypes: "t:", ewsMessages: "m:"}
}

// element is one element of a request, its name with the schema's prefix.
type element struct {
	name  string
	attrs map[string]string
	text  string
	kids  []*element
}

func (e *element) kid(names ...string) *element {
	for _, name := range names {
		if e == nil {
			return nil
		}
		i := slices.IndexFunc(e.kids, func(k *element) bool { return k.name == name })
		if i < 0 {
			return nil
		}
		e = e.kids[i]
	}
	return e
}

func (e *element) attr(name string) string {
	if e == nil {
		return ""
	}
	return e.attrs[name]
}

func (e *element) value() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.text)
}

func (e *element) all() []*element {
	if e == nil {
		return nil
	}
	return e.kids
}

// readXML reads a request; elements of unknown namespaces are refused.
func readXML(r io.Reader) (*element, error) {
	d := xml.NewDecoder(r)
	root := &element{}
	open := []*element{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 1 && len(root.kids) == 1 {
			return root.kids[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e, err := readElement(t)
			if err != nil {
				return nil, err
			}
			top.kids, open = append(top.kids, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
}

func readElement(t xml.StartElement) (*element, error) {
	prefix, ok := prefixes()[t.Name.Space]
	if !ok {
		return nil, fmt.Errorf("the element '%s' in namespace '%s' is unknown", t.Name.Local, t.Name.Space)
	}
	e := &element{name: prefix + t.Name.Local, attrs: map[string]string{}}
	for _, a := range t.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			if a.Name.Space != "" {
				return nil, fmt.Errorf("the attribute '%s' is qualified", a.Name.Local)
			}
			e.attrs[a.Name.Local] = a.Value
		}
	}
	return e, nil
}

// rule is what the schema says of an element: its attributes ("Name" must, "Name?" may, with
// ":a|b" for the values allowed) and its elements in their order ("a" once, "a?", "a*", "a+",
// "a|b" one of them). An element without kids may have text, unless it is empty.
type rule struct{ attrs, kids string }

const (
	folderIDs = "t:FolderId|t:DistinguishedFolderId"
	paths     = "t:FieldURI|t:IndexedFieldURI|t:ExtendedFieldURI"
	searches  = "t:Exists|t:Excludes|t:IsEqualTo|t:IsNotEqualTo|t:IsGreaterThan|t:IsGreaterThanOrEqualTo|t:IsLessThan|t:IsLessThanOrEqualTo|t:Contains|t:Not|t:And|t:Or"
	wellKnown = "calendar|contacts|deleteditems|drafts|inbox|journal|notes|outbox|sentitems|tasks|msgfolderroot|publicfoldersroot|root|junkemail|searchfolders|voicemail|recoverableitemsdeletions|archivemsgfolderroot"
	mapiTypes = "Binary|Boolean|Double|Float|Integer|Long|Short|String|SystemTime"
)

// ewsSchema is the part of Exchange2013_SP1 that clients like ours speak. The order of elements is
// the published one; what is missing here is refused as if it were wrong.
func ewsSchema() map[string]rule {
	compare := rule{kids: paths + " t:FieldURIOrConstant"}
	one, several := rule{kids: searches}, rule{kids: "(" + searches + ")+"}
	return map[string]rule{
		"s:Envelope": {kids: "s:Header? s:Body"}, "s:Header": {kids: "t:RequestServerVersion t:ExchangeImpersonation?"},
		"s:Body":                 {kids: "m:CreateItem|m:GetItem|m:FindItem|m:UpdateItem|m:MoveItem|m:DeleteItem|m:GetFolder|m:FindFolder|m:CreateFolder|m:UpdateFolder|m:DeleteFolder"},
		"t:RequestServerVersion": {attrs: "Version:Exchange2007|Exchange2007_SP1|Exchange2010|Exchange2010_SP1|Exchange2010_SP2|Exchange2013|Exchange2013_SP1|Exchange2015|Exchange2016"},

		"t:ExchangeImpersonation": {kids: "t:ConnectingSID"},
		"t:ConnectingSID":         {kids: "t:PrincipalName|t:SID|t:PrimarySmtpAddress|t:SmtpAddress"},
		"t:PrimarySmtpAddress":    {}, "t:SmtpAddress": {}, "t:PrincipalName": {}, "t:SID": {},

		"m:CreateItem":        {attrs: "MessageDisposition?:SaveOnly|SendOnly|SendAndSaveCopy SendMeetingInvitations?", kids: "m:SavedItemFolderId? m:Items"},
		"m:SavedItemFolderId": {kids: folderIDs}, "m:Items": {kids: "t:Message+"},
		"t:Message": {kids: "t:MimeContent? t:ItemId? t:ParentFolderId? t:ItemClass? t:Subject? t:Body? t:DateTimeReceived? t:Categories? t:Importance? t:InReplyTo? " +
			"t:IsDraft? t:DateTimeSent? t:DateTimeCreated? t:ExtendedProperty* t:Culture? t:Flag? t:InternetMessageId? t:IsRead?"},
		"t:MimeContent": {attrs: "CharacterSet?"}, "t:Subject": {}, "t:ItemClass": {}, "t:IsRead": {}, "t:Flag": {kids: "t:FlagStatus t:StartDate? t:DueDate? t:CompleteDate?"},
		"t:FlagStatus": {}, "t:Categories": {kids: "t:String*"}, "t:String": {},
		"t:ExtendedProperty": {kids: "t:ExtendedFieldURI t:Value|t:Values"}, "t:Value": {},
		"t:ExtendedFieldURI": {attrs: "DistinguishedPropertySetId? PropertySetId? PropertyTag? PropertyName? PropertyId? PropertyType:" + mapiTypes},
		"t:FieldURI":         {attrs: "FieldURI"}, "t:IndexedFieldURI": {attrs: "FieldURI FieldIndex"},

		"m:GetItem": {kids: "m:ItemShape m:ItemIds"}, "m:ItemIds": {kids: "t:ItemId+"}, "t:ItemId": {attrs: "Id ChangeKey?"},
		"m:ItemShape":   {kids: "t:BaseShape t:IncludeMimeContent? t:BodyType? t:AdditionalProperties?"},
		"m:FolderShape": {kids: "t:BaseShape t:AdditionalProperties?"},
		"t:BaseShape":   {}, "t:IncludeMimeContent": {}, "t:AdditionalProperties": {kids: "(" + paths + ")+"},

		"m:FindItem": {attrs: "Traversal:Shallow|SoftDeleted|Associated",
			kids: "m:ItemShape m:IndexedPageItemView? m:Restriction? m:SortOrder? m:ParentFolderIds m:QueryString?"},
		"m:IndexedPageItemView": {attrs: "MaxEntriesReturned? Offset BasePoint:Beginning|End"},
		"m:Restriction":         one, "t:And": several, "t:Or": several, "t:Not": one,
		"t:IsEqualTo": compare, "t:IsGreaterThan": compare, "t:IsGreaterThanOrEqualTo": compare, "t:IsLessThan": compare, "t:IsLessThanOrEqualTo": compare,
		"t:FieldURIOrConstant": {kids: "t:Constant|" + paths}, "t:Constant": {attrs: "Value"},
		"m:SortOrder": {kids: "t:FieldOrder+"}, "t:FieldOrder": {attrs: "Order:Ascending|Descending", kids: paths},
		"m:ParentFolderIds": {kids: "(" + folderIDs + ")+"}, "t:FolderId": {attrs: "Id ChangeKey?"}, "t:DistinguishedFolderId": {attrs: "Id:" + wellKnown + " ChangeKey?"},

		"m:UpdateItem": {attrs: "ConflictResolution:NeverOverwrite|AutoResolve|AlwaysOverwrite MessageDisposition?:SaveOnly|SendOnly|SendAndSaveCopy SendMeetingInvitationsOrCancellations? SuppressReadReceipts?:true|false",
			kids: "m:SavedItemFolderId? m:ItemChanges"},
		"m:ItemChanges": {kids: "t:ItemChange+"}, "t:ItemChange": {kids: "t:ItemId t:Updates"},
		"t:Updates": {kids: "(t:AppendToItemField|t:SetItemField|t:DeleteItemField|t:SetFolderField)*"}, "t:SetItemField": {kids: paths + " t:Message"}, "t:DeleteItemField": {kids: paths},

		"m:MoveItem": {kids: "m:ToFolderId m:ItemIds m:ReturnNewItemIds?"}, "m:ToFolderId": {kids: folderIDs}, "m:ReturnNewItemIds": {},
		"m:DeleteItem": {attrs: "DeleteType:HardDelete|SoftDelete|MoveToDeletedItems SendMeetingCancellations? AffectedTaskOccurrences? SuppressReadReceipts?:true|false", kids: "m:ItemIds"},

		"m:GetFolder": {kids: "m:FolderShape m:FolderIds"}, "m:FolderIds": {kids: "(" + folderIDs + ")+"},
		"m:FindFolder":            {attrs: "Traversal:Shallow|Deep|SoftDeleted", kids: "m:FolderShape m:IndexedPageFolderView? m:Restriction? m:ParentFolderIds"},
		"m:IndexedPageFolderView": {attrs: "MaxEntriesReturned? Offset BasePoint:Beginning|End"},
		"m:CreateFolder":          {kids: "m:ParentFolderId m:Folders"}, "m:ParentFolderId": {kids: folderIDs}, "m:Folders": {kids: "t:Folder+"},
		"m:UpdateFolder": {kids: "m:FolderChanges"}, "m:FolderChanges": {kids: "t:FolderChange+"}, "t:FolderChange": {kids: folderIDs + " t:Updates"},
		"t:SetFolderField": {kids: paths + " t:Folder"}, "m:DeleteFolder": {attrs: "DeleteType:HardDelete|SoftDelete|MoveToDeletedItems", kids: "m:FolderIds"},
		"t:Folder": {kids: "t:FolderClass? t:DisplayName"}, "t:FolderClass": {}, "t:DisplayName": {},
	}
}

// check holds a request to the schema; the error is in a server's words.
func (e *element) check(schema map[string]rule) error {
	r, ok := schema[e.name]
	if !ok {
		return fmt.Errorf("the element '%s' is not expected here", e.name)
	}
	if err := e.checkAttrs(r.attrs); err != nil {
		return err
	}
	rest := e.kids
	for _, particle := range strings.Fields(r.kids) {
		var err error
		if rest, err = match(e.name, particle, rest); err != nil {
			return err
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("the element '%s' has invalid child element '%s'", e.name, rest[0].name)
	}
	if len(e.kids) > 0 && strings.TrimSpace(e.text) != "" {
		return fmt.Errorf("the element '%s' cannot contain text", e.name)
	}
	for _, k := range e.kids {
		if err := k.check(schema); err != nil {
			return err
		}
	}
	return nil
}

// match takes what one particle allows off the beginning of the list.
func match(parent, particle string, list []*element) ([]*element, error) {
	least, most := 1, 1
	switch particle[len(particle)-1] {
	case '?':
		least = 0
	case '*':
		least, most = 0, len(list)
	case '+':
		most = max(1, len(list))
	}
	names := strings.Split(strings.Trim(particle, "()?*+"), "|")
	n := 0
	for n < most && n < len(list) && slices.Contains(names, list[n].name) {
		n++
	}
	if n < least {
		return nil, fmt.Errorf("the element '%s' has incomplete content: '%s' is expected", parent, strings.Join(names, "', '"))
	}
	return list[n:], nil
}

func (e *element) checkAttrs(spec string) error {
	known := map[string]bool{}
	for _, attribute := range strings.Fields(spec) {
		name, values, _ := strings.Cut(attribute, ":")
		name, optional := strings.CutSuffix(name, "?")
		known[name] = true
		value, given := e.attrs[name]
		switch {
		case !given && !optional:
			return fmt.Errorf("the required attribute '%s' of '%s' is missing", name, e.name)
		case given && values != "" && !slices.Contains(strings.Split(values, "|"), value):
			return fmt.Errorf("the '%s' attribute of '%s' is invalid: '%s'", name, e.name, value)
		}
	}
	for name := range e.attrs {
		if !known[name] {
			return fmt.Errorf("the '%s' attribute of '%s' is not declared", name, e.name)
		}
	}
	return nil
}
