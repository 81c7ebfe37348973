package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/web/page"
)

// bundle is GET /m/:id/files.zip: all files of a message in one, under the names the page shows.
func (s *server) bundle(c echo.Context) error {
	m, _, err := s.read(c)
	if err != nil {
		return err
	}
	w := s.WordsOf(c)
	var packed bytes.Buffer // a message is small enough to be stored whole, so are its files
	out, names := zip.NewWriter(&packed), map[string]bool{}
	for _, part := range m.Attachments {
		if isTechnical(part) || nothingOf(m, part) {
			continue // said in words, or the source has it
		}
		content, _ := m.Content(part.Index) // of a damaged one what there is
		file, err := out.Create(entryName(names, fileView(w, boxOf(c), c.Param("id"), "", part).Name))
		if err == nil {
			_, err = file.Write(content)
		}
		if err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return mailstore.ErrNotFound
	}
	if err := out.Close(); err != nil {
		return err
	}
	return s.file(c, "application/zip", "attachment", bundleName(m)+".zip", packed.Bytes())
}

// nothingOf says whether no octet of a file can be decoded.
func nothingOf(m *email.Message, part email.Part) bool {
	content, err := m.Content(part.Index)
	return err != nil && len(content) == 0
}

// entryName is a name that no other entry has and that leads out of no folder when it is unpacked.
func entryName(taken map[string]bool, name string) string {
	if name = strings.Trim(strings.Map(page.FileLetter, name), ". "); name == "" {
		name = "file"
	}
	end := path.Ext(name)
	for n, plain := 2, strings.TrimSuffix(name, end); taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s (%d)%s", plain, n, end)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// bundleName is the subject as a file's name.
func bundleName(m *email.Message) string {
	if name := strings.Trim(strings.Map(page.FileLetter, m.Subject), ". "); name != "" {
		return name
	}
	return "nachricht"
}
