package email

import (
	"bytes"
	"strings"
)

// Caps on the structure of a message.
const (
	maxDepth = 50
	maxParts = 1000
)

// Problem values.
const (
	ProblemDepth  = "too-deep"
	ProblemParts  = "too-many-parts"
	ProblemBudget = "over-budget"
)

// node is an entity of the MIME tree (RFC 2046, 5.1).
type node struct {
	header   header
	kind     string            // media type in lower case
	params   map[string]string // of Content-Type
	body     []byte            // octets of a leaf, still encoded
	children []*node
	index    int // among the leaves
	start    int // offset of the body
}

func (n *node) isMultipart() bool { return strings.HasPrefix(n.kind, "multipart/") }

// walker finds the tree in one pass over the octets, jumping from one line that begins with "--" to
// the next and looking the line up among the boundaries that are open: linear however deep the
// message is nested.
type walker struct {
	octets  []byte
	open    []frame
	marks   map[string]int // boundary -> index in open of the innermost multipart with it
	leaves  []*node
	current *node // leaf whose end is not yet seen
	problem string
}

// frame is a multipart whose end is not yet seen.
type frame struct {
	node    *node
	mark    string
	outer   int // the entry of marks that mark has covered, or -1
	guessed bool
}

// readStructure returns the root and all leaves in reading order.
func readStructure(octets []byte) (root *node, leaves []*node, problem string) {
	w := &walker{octets: octets, marks: map[string]int{}}
	root = w.walk("")
	if root.isMultipart() && len(root.children) == 0 {
		// The boundary named is nowhere: take the first line that looks like one.
		second := &walker{octets: octets, marks: map[string]int{}}
		if again := second.walk("guess"); len(again.children) > 0 {
			w, root = second, again
		}
	}
	w.adopt(root)
	for i, leaf := range w.leaves {
		leaf.index = i
	}
	return root, w.leaves, w.problem
}

func (w *walker) walk(guess string) *node {
	root, pos := w.begin(0, nil, guess != "")
	for pos < len(w.octets) && len(w.open) > 0 {
		at := w.nextMark(pos)
		if at < 0 {
			break
		}
		line, next := nextLine(w.octets, at)
		depth, closing, ok := w.match(line, next)
		if !ok {
			pos = next
			continue
		}
		w.closeDownTo(depth+1, at)
		if closing {
			w.closeDownTo(depth, at)
			pos = next
			continue
		}
		if len(w.leaves) >= maxParts {
			w.problem = ProblemParts
			break
		}
		var child *node
		child, pos = w.begin(next, w.open[depth].node, false)
		parent := w.open[depth].node
		parent.children = append(parent.children, child)
	}
	w.closeDownTo(0, len(w.octets))
	return root
}

// begin reads the header of an entity at pos and opens it. It returns where its body starts.
func (w *walker) begin(pos int, parent *node, guess bool) (*node, int) {
	stop := func(line []byte) bool { _, _, ok := w.match(line, len(w.octets)); return ok }
	if parent == nil {
		stop = nil
	}
	h, body, over := readHeader(w.octets[pos:], stop)
	if over {
		w.problem = ProblemBudget
	}
	n := &node{header: h, start: pos + body}
	value := h.raw("Content-Type")
	n.kind, n.params = mediaType(value)
	if value == "" && parent != nil && parent.kind == "multipart/digest" {
		n.kind = "message/rfc822" // RFC 2046, 5.1.5
	}
	if !n.isMultipart() {
		w.current = n
		return n, n.start
	}
	if len(w.open) >= maxDepth {
		w.problem = ProblemDepth
		n.kind = "application/octet-stream"
		w.current = n
		return n, n.start
	}
	w.push(n, guess)
	return n, n.start
}

func (w *walker) push(n *node, guess bool) {
	f := frame{node: n, outer: -1}
	if f.mark = n.params["boundary"]; f.mark == "" || guess {
		f.mark, f.guessed = "", true
	} else {
		w.setMark(&f)
	}
	w.open = append(w.open, f)
}

func (w *walker) setMark(f *frame) {
	if outer, ok := w.marks[f.mark]; ok {
		f.outer = outer
	}
	w.marks[f.mark] = len(w.open)
}

// nextMark finds the next line that begins with "--".
func (w *walker) nextMark(pos int) int {
	atStart := pos == 0 || w.octets[pos-1] == '\n'
	if atStart && bytes.HasPrefix(w.octets[pos:], []byte("--")) {
		return pos
	}
	if i := bytes.Index(w.octets[pos:], []byte("\n--")); i >= 0 {
		return pos + i + 1
	}
	return -1
}

// match tells which open multipart a line delimits, and whether it closes it.
func (w *walker) match(line []byte, next int) (depth int, closing, ok bool) {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' || len(line) > maxHeaderLine {
		return 0, false, false
	}
	mark := bytes.TrimRight(line[2:], " \t\r")
	if depth, ok = w.marks[string(mark)]; ok {
		return depth, false, true
	}
	if bytes.HasSuffix(mark, []byte("--")) {
		if depth, ok = w.marks[string(mark[:len(mark)-2])]; ok {
			return depth, true, true
		}
	}
	return w.guess(mark, next)
}

// guess takes a line as the delimiter of a multipart that names none, if a part header follows.
func (w *walker) guess(mark []byte, next int) (depth int, closing, ok bool) {
	depth = len(w.open) - 1
	if depth < 0 || !w.open[depth].guessed || w.open[depth].mark != "" || len(mark) == 0 || bytes.IndexByte(mark, ' ') >= 0 {
		return 0, false, false
	}
	following, _ := nextLine(w.octets, next)
	if len(following) < 8 || !bytes.EqualFold(following[:8], []byte("content-")) {
		return 0, false, false
	}
	w.open[depth].mark = string(mark)
	w.marks[string(mark)] = depth
	return depth, false, true
}

// closeDownTo ends the current leaf and all multiparts from depth on; at is where the delimiter begins.
func (w *walker) closeDownTo(depth, at int) {
	w.endLeaf(at)
	for len(w.open) > depth {
		f := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		if f.mark != "" {
			if f.outer >= 0 {
				w.marks[f.mark] = f.outer
			} else {
				delete(w.marks, f.mark)
			}
		}
		if len(f.node.children) == 0 {
			f.node.body = w.slice(f.node.start, at)
		}
	}
}

func (w *walker) endLeaf(at int) {
	if w.current == nil {
		return
	}
	w.current.body = w.slice(w.current.start, at)
	w.leaves = append(w.leaves, w.current)
	w.current = nil
}

// slice cuts a body; the line end before a delimiter belongs to the delimiter (RFC 2046, 5.1.1).
func (w *walker) slice(from, to int) []byte {
	if to < len(w.octets) && to > from {
		if w.octets[to-1] == '\n' {
			to--
		}
		if to > from && w.octets[to-1] == '\r' {
			to--
		}
	}
	return w.octets[from:max(from, to)]
}

// adopt turns multiparts in which no part was found into plain text, so that their text is seen.
func (w *walker) adopt(root *node) {
	w.leaves = w.leaves[:0]
	var visit func(n *node)
	visit = func(n *node) {
		if n.isMultipart() && len(n.children) == 0 {
			n.kind = "text/plain"
		}
		if len(n.children) == 0 {
			w.leaves = append(w.leaves, n)
		}
		for _, child := range n.children {
			visit(child)
		}
	}
	visit(root)
}
