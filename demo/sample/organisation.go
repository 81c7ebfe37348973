// Package sample invents an organisation and thirty days of its mail: the Stadt Ahrenfeld, with
// twelve people who write German and English, a shared mailbox and groups. Everything in it is made
// up; the same seed and the same now give the same octets.
package sample

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/csv"
	"io"
	"strings"
)

// The organisation.
const (
	Name   = "Stadt Ahrenfeld"
	Domain = "ahrenfeld.example"
	Phone  = "+49 30 23125-110"

	// Password opens every account of the demo.
	Password = "ahrenfeld"
	// AdminGroup is the group whose members administer the portal.
	AdminGroup = "holdover-admins"
)

// Person is an employee, or a shared mailbox when Shared is set (nobody signs in there).
type Person struct {
	Local    string // part before the @
	Name     string
	Office   string
	Aliases  []string // local parts
	Groups   []string
	Admin    bool
	Shared   bool
	Members  []string // local parts of those who open a shared mailbox
	SendAs   []string // and of those who write with its address
	Language string   // "de", "en"
}

// Address is the primary address.
func (p Person) Address() string { return p.Local + "@" + Domain }

// Mailbox is the id of the mailbox: it looks random and is the same at every start.
func (p Person) Mailbox() string {
	sum := sha256.Sum256([]byte("mailbox " + p.Address()))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// Role is "admin" or "employee".
func (p Person) Role() string {
	if p.Admin {
		return "admin"
	}
	return "employee"
}

// People is everybody; employees first, then administrators, then shared mailboxes.
func People() []Person {
	return []Person{
		{Local: "katharina.brandt", Name: "Katharina Brandt", Office: "Bauamt", Aliases: []string{"k.brandt"}, Groups: []string{"bauamt", "leitung"}, Language: "de"},
		{Local: "juergen.mueller", Name: "Jürgen Müller", Office: "Kämmerei", Aliases: []string{"j.mueller"}, Groups: []string{"kaemmerei", "leitung"}, Language: "de"},
		{Local: "hannah.clarke", Name: "Hannah Clarke", Office: "International Relations", Groups: []string{"kultur"}, Language: "en"},
		{Local: "miriam.oezdemir", Name: "Miriam Özdemir", Office: "Ordnungsamt", Groups: []string{"buergerdienste"}, Language: "de"},
		{Local: "tobias.weiss", Name: "Tobias Weiß", Office: "Bauamt", Groups: []string{"bauamt"}, Language: "de"},
		{Local: "sophie.lange", Name: "Sophie Lange", Office: "Büro der Bürgermeisterin", Groups: []string{"leitung"}, Language: "de"},
		{Local: "ines.schaefer", Name: "Ines Schäfer", Office: "Stadtbibliothek", Groups: []string{"kultur"}, Language: "de"},
		{Local: "emma.walsh", Name: "Emma Walsh", Office: "Tourism", Groups: []string{"kultur"}, Language: "en"},
		{Local: "lukas.gross", Name: "Lukas Groß", Office: "Personalamt", Aliases: []string{"personal"}, Groups: []string{"leitung"}, Language: "de"},
		{Local: "elena.petrova", Name: "Elena Petrova", Office: "Bürgerbüro", Groups: []string{"buergerdienste"}, Language: "de"},
		{Local: "jonas.kessler", Name: "Jonas Keßler", Office: "IT", Aliases: []string{"it-hilfe"}, Groups: []string{"it", AdminGroup}, Admin: true, Language: "de"},
		{Local: "daniel.okafor", Name: "Daniel Okafor", Office: "IT", Groups: []string{"it", AdminGroup}, Admin: true, Language: "en"},
		{Local: "buergerbuero", Name: "Bürgerbüro", Office: "Bürgerbüro", Aliases: []string{"info"}, Groups: []string{"buergerdienste"}, Shared: true, Language: "de",
			Members: []string{"katharina.brandt", "hannah.clarke", "elena.petrova"}, SendAs: []string{"katharina.brandt", "elena.petrova"}},
	}
}

// Group is a group with an address of its own.
type Group struct {
	Local, Name string
	Members     []string // local parts
}

// Address is the group's address.
func (g Group) Address() string { return g.Local + "@" + Domain }

// MailGroups are the groups one can write to.
func MailGroups() []Group {
	var all, office []string
	for _, p := range People() {
		if !p.Shared {
			all = append(all, p.Local)
		}
		for _, group := range p.Groups {
			if group == "bauamt" {
				office = append(office, p.Local)
			}
		}
	}
	return []Group{{"bauamt", "Bauamt", office}, {"alle", "Alle Beschäftigten", all}}
}

// WriteDirectory writes the portal's directory file.
func WriteDirectory(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"address", "name", "kind", "aliases", "groups", "members", "role", "language", "department", "send_as"}}
	for _, p := range People() {
		kind := "user"
		if p.Shared {
			kind = "shared"
		}
		rows = append(rows, []string{p.Address(), p.Name, kind, addresses(p.Aliases), strings.Join(p.Groups, " "), addresses(p.Members), p.Role(), p.Language, p.Office, addresses(p.SendAs)})
	}
	for _, g := range MailGroups() {
		rows = append(rows, []string{g.Address(), g.Name, "group", "", "", addresses(g.Members), "", "", "", ""})
	}
	return out.WriteAll(rows)
}

// Signature is what stands below the organisation's mail, with places for the directory's fields.
func Signature(language string) string {
	if language == "en" {
		return "{name}\n{department}\n\nStadt Ahrenfeld, Marktplatz 1, 12345 Ahrenfeld, Germany\nPhone " + Phone + "\n"
	}
	return "{name}\n{department}\n\nStadt Ahrenfeld, Marktplatz 1, 12345 Ahrenfeld\nTelefon " + Phone + "\n"
}

func addresses(locals []string) string {
	all := make([]string, len(locals))
	for i, local := range locals {
		all[i] = local + "@" + Domain
	}
	return strings.Join(all, " ")
}
