package views

import (
	"slices"
	"strconv"
)

// Preview is a page about one file of a message. One of Sheet, Rows, Text and Frame is what it holds, or Problem says why nothing is
// shown.
type Preview struct {
	Name, Kind, Size string
	Back, Save       string // URLs: of the message; to keep the file
	Again            string // URL of this page
	Problem          string // word of preview.problem, "" none
	Sheet            *Sheet
	Rows             [][]string // of a table, the first one being its head
	Text             string
	Cut              bool   // the file goes on
	Frame            string // URL of a document of its own
}

// Sheet is a page of a PDF file, as a picture.
type Sheet struct {
	Number, Count  int
	More           bool   // the file has more than Count pages
	Picture        string // as data: URL
	Text           string // what can be read on it
	Path           string // of the page without its query
	Previous, Next string // URLs, "" at the ends
	Zoom           int    // in hundredths
	Zooms          []Zoom
}

// Zoom is a width in which a page can be shown.
type Zoom struct {
	Text, URL string
	Here      bool
}

// Title is what the window is called.
func (v Preview) Title(w *Words) string {
	if v.Sheet == nil {
		return v.Name
	}
	return v.Name + ", " + v.Sheet.place(w)
}

// place is "Page 2 of 5".
func (s Sheet) place(w *Words) string {
	return w.T("preview.place", "N", strconv.Itoa(s.Number), "Count", strconv.Itoa(s.Count))
}

// alt says what the picture is; its text stands below.
func (s Sheet) alt(w *Words, file string) string {
	return w.T("preview.alt", "N", strconv.Itoa(s.Number), "Count", strconv.Itoa(s.Count), "Name", file)
}

// width is the class of a picture at a zoom.
func (s Sheet) width() string { return "zoom-" + strconv.Itoa(s.Zoom) }

// head and lines are the first row and the others.
func (v Preview) head() []string { return slices.Concat(v.Rows[:min(1, len(v.Rows))]...) }

func (v Preview) lines() [][]string { return v.Rows[min(1, len(v.Rows)):] }

// columns is how many columns the longest row has.
func (v Preview) columns() (n int) {
	for _, row := range v.Rows {
		n = max(n, len(row))
	}
	return n
}

// cell is the value in a column, "" where a row is short.
func cell(row []string, at int) string {
	if at < len(row) {
		return row[at]
	}
	return ""
}
