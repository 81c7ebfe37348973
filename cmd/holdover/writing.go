package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"holdover/web"
)

// signatureFields are the places that a signature file may have.
var signatureFields = []string{"name", "title", "department", "phone", "address", "organisation"}

// proveWriting checks what people are given to write with.
func (c *config) proveWriting(p *proof) {
	for key, path := range c.signatureFiles() {
		p.file("writing."+key, path, false)
		text, err := os.ReadFile(path)
		if err != nil {
			continue // left out, or said above
		}
		p.that(len(text) <= 4096, "writing."+key, "it is over 4 KiB", "A signature is a few lines; link to the rest.")
		for _, place := range regexp.MustCompile(`\{[^}\n]*\}`).FindAllString(string(text), -1) {
			p.that(slices.Contains(signatureFields, strings.Trim(place, "{}")), "writing."+key, fmt.Sprintf("the place %s in %s is not known", place, path),
				"Use one of: {"+strings.Join(signatureFields, "} {")+"}.")
		}
	}
	if c.Writing.Marks != "" {
		p.oneOf("writing.marks", c.Writing.Marks, "de", "en")
	}
	for n, t := range c.Writing.Templates {
		p.that(t.NameDE != "" && t.NameEN != "" && t.TextDE != "" && t.TextEN != "", fmt.Sprintf("writing.template %d", n+1), "a name or a text is missing",
			"Give name_de, name_en, text_de and text_en: people write in both languages.")
	}
}

func (c *config) signatureFiles() map[string]string {
	return map[string]string{"signature_de": c.Writing.SignatureDE, "signature_en": c.Writing.SignatureEN}
}

// writingOf reads signatures and templates for the pages.
func writingOf(c *config) (signatures map[string]string, templates []web.Template, err error) {
	signatures = map[string]string{}
	for key, path := range c.signatureFiles() {
		if path == "" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		signatures[strings.TrimPrefix(key, "signature_")] = string(text)
	}
	for _, t := range c.Writing.Templates {
		templates = append(templates, web.Template{Name: map[string]string{"de": t.NameDE, "en": t.NameEN}, Text: map[string]string{"de": t.TextDE, "en": t.TextEN}})
	}
	return signatures, templates, nil
}
