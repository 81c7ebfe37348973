package static

import (
	"bytes"
	"fmt"

	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// language is the edition of ECMAScript that browsers from 2021 on understand: what is minified may use it.
const language = 2020

// minifiedScript takes out of a script of ours what is for its readers: remarks, indentation, long names of what is local.
// Names that other scripts see stay as they are.
func minifiedScript(code []byte) ([]byte, error) {
	var small bytes.Buffer
	if err := (&js.Minifier{Version: language}).Minify(nil, &small, bytes.NewReader(code), nil); err != nil {
		return nil, fmt.Errorf("minify: %w", err)
	}
	return small.Bytes(), nil
}

// minifiedStyle does the same with the style sheet.
func minifiedStyle(sheet []byte) ([]byte, error) {
	var small bytes.Buffer
	if err := css.Minify(nil, &small, bytes.NewReader(sheet), nil); err != nil {
		return nil, fmt.Errorf("minify: %w", err)
	}
	return small.Bytes(), nil
}
