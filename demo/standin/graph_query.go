package standin

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// odata reads the options of a request. Graph refuses what it does not know, and a "+" is a plus
// sign to some of its parts: the stand-in takes %20 only.
func odata(raw string) (map[string]string, error) {
	options := map[string]string{}
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.PathUnescape(name)
		if err != nil {
			return nil, fmt.Errorf("the query is not escaped well")
		}
		if value, err = url.PathUnescape(value); err != nil {
			return nil, fmt.Errorf("the query is not escaped well")
		}
		if !slices.Contains([]string{"$select", "$filter", "$expand", "$top", "$skip", "$count"}, name) {
			return nil, fmt.Errorf("query option '%s' is not known here", name)
		}
		options[name] = value
	}
	return options, nil
}

var (
	filterID    = regexp.MustCompile(`^internetMessageId eq '((?:[^']|'')*)'$`)
	filterSince = regexp.MustCompile(`^receivedDateTime ge ([0-9TZ:.-]+)$`)
	expandProps = regexp.MustCompile(`^singleValueExtendedProperties\(\$filter=(id eq '[^']+'(?: or id eq '[^']+')*)\)$`)
	quoted      = regexp.MustCompile(`'([^']+)'`)
	propertyID  = regexp.MustCompile(`^(Integer|String|SystemTime|Boolean|Long|Binary) 0x([0-9A-Fa-f]{1,8})$`)
)

// filtered answers whether a message passes $filter. A Message-ID with odd characters is there and
// not found, as by IMAP's SEARCH.
func filtered(filter string) (pass func(Message) bool, err error) {
	if filter == "" {
		return func(Message) bool { return true }, nil
	}
	if m := filterID.FindStringSubmatch(filter); m != nil {
		want := strings.ReplaceAll(m[1], "''", "'")
		return func(one Message) bool {
			return !odd(want) && strings.TrimSpace(one.MessageID) == want
		}, nil
	}
	if m := filterSince.FindStringSubmatch(filter); m != nil {
		since, err := time.Parse(time.RFC3339, m[1])
		if err != nil {
			return nil, fmt.Errorf("Invalid filter clause: %w", err)
		}
		return func(one Message) bool { return !one.Received.Before(since) }, nil
	}
	return nil, fmt.Errorf("Invalid filter clause: %s", filter)
}

// paging reads $top and $skip.
func paging(options map[string]string) (top, skip int, err error) {
	top = 10
	for name, value := range map[string]*int{"$top": &top, "$skip": &skip} {
		if text, ok := options[name]; ok {
			if *value, err = strconv.Atoi(text); err != nil || *value < 0 {
				return 0, 0, fmt.Errorf("Invalid value for %s", name)
			}
		}
	}
	if top < 1 || top > 1000 {
		return 0, 0, fmt.Errorf("Invalid value for $top: 1 to 1000")
	}
	return top, skip, nil
}

// expanded reads which MAPI properties are asked for.
func expanded(expand string) (ids []string, err error) {
	if expand == "" {
		return nil, nil
	}
	m := expandProps.FindStringSubmatch(expand)
	if m == nil {
		return nil, fmt.Errorf("Could not find a property named '%s'", expand)
	}
	for _, id := range quoted.FindAllStringSubmatch(m[1], -1) {
		known, err := canonical(id[1])
		if err != nil {
			return nil, err
		}
		ids = append(ids, known)
	}
	return ids, nil
}

// canonical is a MAPI property's name as the store keeps it, with four digits.
func canonical(id string) (string, error) {
	m := propertyID.FindStringSubmatch(id)
	if m == nil {
		return "", fmt.Errorf("The property id '%s' is not valid", id)
	}
	tag, err := strconv.ParseUint(m[2], 16, 32)
	return fmt.Sprintf("%s 0x%04X", m[1], tag), err
}

// selected leaves of an object what $select names; id stays always.
func selected(object map[string]any, fields string) (map[string]any, error) {
	if fields == "" {
		return object, nil
	}
	kept := map[string]any{"id": object["id"]}
	for _, name := range strings.Split(fields, ",") {
		value, ok := object[name]
		if !ok {
			return nil, fmt.Errorf("Could not find a property named '%s' on type 'microsoft.graph.message'", name)
		}
		kept[name] = value
	}
	if properties, ok := object["singleValueExtendedProperties"]; ok {
		kept["singleValueExtendedProperties"] = properties
	}
	return kept, nil
}

// short is a MAPI property's name as Graph writes it back: in small letters, without leading zeros.
func short(id string) string {
	kind, tag, _ := strings.Cut(id, " 0x")
	return kind + " 0x" + strings.TrimLeft(strings.ToLower(tag), "0")
}
