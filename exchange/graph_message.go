package exchange

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"holdover/email"
)

// graphMessage is a message as Graph shows it, as far as it concerns us.
type graphMessage struct {
	ID         string          `json:"id"`
	Parent     string          `json:"parentFolderId"`
	MessageID  string          `json:"internetMessageId"`
	Read       bool            `json:"isRead"`
	Draft      bool            `json:"isDraft"`
	Flag       graphFlag       `json:"flag"`
	Categories []string        `json:"categories"`
	Stamp      string          `json:"changeKey"`
	Properties []graphProperty `json:"singleValueExtendedProperties,omitempty"`
}

type graphFlag struct {
	Status string `json:"flagStatus"`
}

// graphProperty is a MAPI property by tag, e.g. "Integer 0x0E07".
type graphProperty struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// MAPI properties that Graph has no name for.
const (
	graphPropFlags    = "Integer 0x0E07"    // PidTagMessageFlags: 1 read, 8 draft; taken by the creating call only
	graphPropReceived = "SystemTime 0x0E06" // PidTagMessageDeliveryTime
	graphPropSent     = "SystemTime 0x0039" // PidTagClientSubmitTime
	graphPropParent   = "String 0x1042"     // PidTagInReplyToId
	graphPropThread   = "String 0x1039"     // PidTagInternetReferences
	graphPropHeader   = "String 0x007D"     // PidTagTransportMessageHeaders
	graphPropVerb     = "Integer 0x1081"    // PidTagLastVerbExecuted: 102 reply, 103 reply to all, 104 forward
	graphPropIcon     = "Integer 0x1080"    // PidTagIconIndex: 261 graphReplied, -1 none
	graphReplied      = "102"
	iconReplied       = "261"
	noIcon            = "-1"
	noVerb            = "0"
)

const messageFields = "id,parentFolderId,internetMessageId,isRead,isDraft,flag,categories,changeKey"

// expandProperties asks for what is not in messageFields.
func expandProperties() string {
	return "singleValueExtendedProperties($filter=id eq '" + graphPropVerb + "' or id eq '" + graphPropHeader + "')"
}

func (m graphMessage) property(id string) string {
	for _, p := range m.Properties {
		if sameProperty(p.ID, id) {
			return p.Value
		}
	}
	return ""
}

// sameProperty compares "Integer 0x0e07" and "Integer 0xe07": Graph writes tags back in its own way.
func sameProperty(a, b string) bool {
	kindA, tagA, _ := strings.Cut(a, " ")
	kindB, tagB, _ := strings.Cut(b, " ")
	numberA, errA := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(tagA), "0x"), 16, 32)
	numberB, errB := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(tagB), "0x"), 16, 32)
	return errA == nil && errB == nil && numberA == numberB && strings.EqualFold(kindA, kindB)
}

func (m graphMessage) flags() Flags {
	return Flags{Seen: m.Read, Draft: m.Draft, Flagged: strings.EqualFold(m.Flag.Status, "flagged"),
		Answered: slices.Contains([]string{"102", "103"}, m.property(graphPropVerb))}
}

func (m graphMessage) categories() email.Categories { return shownCategories(m.Categories) }

// bareID is the Message-ID without brackets.
func (m graphMessage) bareID() string { return strings.Trim(strings.TrimSpace(m.MessageID), "<>") }

// traces are the id clauses of its Received lines.
func (m graphMessage) traces() []string {
	_, traces := readFields([]byte(m.property(graphPropHeader)))
	return traces
}

// goodID says whether an id that Graph gave may go into an address again.
func goodID(id string) bool {
	if id == "" || len(id) > 1024 {
		return false
	}
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_=+/", c) {
			return false
		}
	}
	return true
}

func messagePath(id string) string { return "/messages/" + url.PathEscape(id) }
