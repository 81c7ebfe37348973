package directory

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the file, and what to do about it.
type Problem struct {
	File   string
	Line   int // from 1, as an editor counts; 0 when it concerns the file as a whole
	Reason string
	Remedy string
}

// String writes the problem as file:line: reason; remedy.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s; %s", p.File, p.Reason, p.Remedy)
	}
	return fmt.Sprintf("%s:%d: %s; %s", p.File, p.Line, p.Reason, p.Remedy)
}

// FileError lists everything that is wrong with the file, by line.
type FileError struct{ Problems []Problem }

// Error has one line for each problem.
func (e *FileError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects what is wrong while a file is being read.
type problems struct {
	file string
	list []Problem
}

func (p *problems) add(line int, remedy, reason string, args ...any) {
	p.list = append(p.list, Problem{File: p.file, Line: line, Reason: fmt.Sprintf(reason, args...), Remedy: remedy})
}

// err is nil when nothing was wrong.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return a.Line - b.Line })
	return &FileError{Problems: p.list}
}
