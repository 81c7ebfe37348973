package web

import (
	"fmt"
	"hash/fnv"
	"os"
	"strings"
)

// look is how somebody looks at a page.
type look struct {
	width  int
	dark   bool
	lang   string
	judged bool // axe is asked too
}

func (l look) String() string {
	return fmt.Sprintf("%d-%s-%s", l.width, map[bool]string{true: "dark", false: "light"}[l.dark], l.lang)
}

// sameLoad tells whether a page loaded for one look serves the other.
func (l look) sameLoad(o look) bool { return l.width == o.width && l.lang == o.lang }

// everyLook is what people see. Pairs that stand together have both widths, both colours and both languages.
var everyLook = []look{{1280, false, "de", true}, {390, true, "en", true}, {1280, true, "en", true}, {390, false, "de", true},
	{1280, false, "en", true}, {390, true, "de", true}, {1280, true, "de", true}, {390, false, "en", true}}

// wideLooks are those of the language that is four tenths longer than German; axe has judged the same elements before.
var wideLooks = []look{{1280, false, wider, false}, {390, false, wider, false}}

// fullWalk is the walk of make campaign walk (HOLDOVER_WALK=pages) and make campaign storybook (=storybook): each state in
// each look. The usual one sees a state in two looks, by turns, and lets axe judge one of them, which takes most of its time.
func fullWalk() bool { return os.Getenv("HOLDOVER_WALK") != "" }

// isStory tells a component of the storybook from a page that people see.
func (s state) isStory() bool { return strings.HasPrefix(s.name, "story") }

// walked says whether the walk at hand visits a state.
func (s state) walked() bool {
	switch os.Getenv("HOLDOVER_WALK") {
	case "pages":
		return !s.isStory()
	case "storybook":
		return s.isStory()
	}
	return !s.full
}

func looksOf(s state) []look {
	switch n := turn(s.name); {
	case fullWalk() && s.isStory(): // they have a mood of long words
		return inOrder(everyLook)
	case fullWalk():
		return append(inOrder(everyLook), wideLooks...)
	case os.Getenv("HOLDOVER_SHOTS") != "":
		return inOrder(everyLook)
	case s.calm:
		return everyLook[2*(n%4) : 2*(n%4)+1]
	default:
		two := [2]look{everyLook[2*(n%4)], everyLook[2*(n%4)+1]}
		two[1-n/4%2].judged = false
		return two[:]
	}
}

// inOrder puts looks that share a page beside each other.
func inOrder(looks []look) (all []look) {
	for n, l := range looks {
		first := true
		for _, before := range looks[:n] {
			first = first && !before.sameLoad(l)
		}
		for _, o := range looks {
			if first && o.sameLoad(l) {
				all = append(all, o)
			}
		}
	}
	return all
}

// turn gives a state its looks by its name, so that another state beside it changes nothing.
func turn(name string) int {
	sum := fnv.New32a()
	sum.Write([]byte(name))
	return int(sum.Sum32() % 8)
}
