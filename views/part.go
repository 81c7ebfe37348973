package views

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Parts are the pieces of one page that an open window may have already: the folders, each row, each message and its text.
// A page is drawn with a token in the place of each; Fill puts the pieces in, and leaves out those that the window has.
type Parts struct {
	marks  strings.Builder
	byMark map[string]part
}

type part struct {
	tag, id string
	html    []byte // with tokens in the place of the parts within
}

// markSize is the length of a mark, a checksum of 36 bits. Two versions of a piece with the same mark would show the older one.
const markSize = 6

// No text of a message can be a token: it is escaped, and tokens are comments.
const tokenStart, tokenEnd = "<!--part ", "-->"

// part makes a piece of what its children draw: one element with this tag and id, which siblings that are no parts lack.
// On pages that do not renew themselves it is just its children.
func (p Page) part(tag, id string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		children := templ.GetChildren(ctx)
		ctx = templ.ClearChildren(ctx)
		if !p.Live || p.Parts == nil {
			return children.Render(ctx, w)
		}
		var html bytes.Buffer
		if err := children.Render(ctx, &html); err != nil {
			return err
		}
		_, err := io.WriteString(w, tokenStart+p.Parts.add(part{tag, id, html.Bytes()})+tokenEnd)
		return err
	})
}

func (all *Parts) add(p part) (mark string) {
	sum := sha256.Sum256(p.html)
	mark = base64.RawURLEncoding.EncodeToString(sum[:])[:markSize]
	if all.byMark == nil {
		all.byMark = map[string]part{}
	}
	all.byMark[mark] = p
	all.marks.WriteString(mark)
	return mark
}

// Marks are the marks of all parts, in the order in which they were drawn.
func (all *Parts) Marks() string { return all.marks.String() }

// Fill puts the parts into a page that was drawn with them. known is what Marks gave for the page that the window shows, or
// "": neighbours that stand there side by side become one empty element with the first one's id and their number as
// data-same.
func (all *Parts) Fill(page []byte, known string) []byte {
	f := filling{all: all, at: map[string]int{}}
	for i := 0; i+markSize <= len(known); i += markSize {
		f.at[known[i:i+markSize]] = i
	}
	f.fill(page)
	return f.out.Bytes()
}

type filling struct {
	all *Parts
	at  map[string]int // where the window's page has a mark
	out bytes.Buffer

	run  part // the first of the neighbours that the window has
	many int
	last int // where the last of them stands there
}

func (f *filling) fill(html []byte) {
	for {
		before, after, found := bytes.Cut(html, []byte(tokenStart))
		if len(bytes.TrimSpace(before)) > 0 || !found {
			f.end()
			f.out.Write(before)
		}
		if !found {
			return
		}
		mark := string(after[:markSize])
		html = after[markSize+len(tokenEnd):]
		p := f.all.byMark[mark]
		if at, has := f.at[mark]; has {
			f.leave(p, at)
			continue
		}
		f.end()
		f.fill(p.html)
	}
}

func (f *filling) leave(p part, at int) {
	if f.many == 0 || at != f.last+markSize {
		f.end()
		f.run = p
	}
	f.many, f.last = f.many+1, at
}

func (f *filling) end() {
	if f.many > 0 {
		fmt.Fprintf(&f.out, `<%s id="%s" data-same="%d"></%s>`, f.run.tag, templ.EscapeString(f.run.id), f.many, f.run.tag)
	}
	f.many = 0
}
