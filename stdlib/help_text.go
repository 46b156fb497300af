package stdlib

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Help for what is written in Go is in text files, which nothing but help reads: a child that never asks pays nothing for them. A file
// has sections, one for each module and each type, and a section has an entry a line:
//
//	= queue.Queue < queue.Base
//	What the type is for.
//
//	put(obj, block = True) -- what it does
//		A line that begins with a tab goes on.
//	RED, GREEN -- names that have no parameters share an entry
//
// A type's section may have several names, separated by commas: the path to its class and what type(x) says of its objects. What
// follows "<" is the section to look in for what isn't here.
//
//go:embed help/*.txt
var helpFiles embed.FS

type helpTexts struct {
	sections []*helpSection
	byName   map[string]*helpSection
}

type helpSection struct {
	names   []string
	parent  string
	text    string
	entries []*helpEntry
}

type helpEntry struct {
	names []string
	head  string // the signature, or the names
	text  string
}

// helpTexts parses the texts when help is first called.
func (l *Lib) helpTexts() *helpTexts {
	l.help.once.Do(func() {
		t := &helpTexts{byName: map[string]*helpSection{}}
		for _, dir := range []fs.FS{helpFiles, l.cfg.Help} {
			if dir == nil {
				continue
			}
			names, err := fs.Glob(dir, "help/*.txt")
			if err != nil {
				panic("BUG: " + err.Error())
			}
			for _, name := range names {
				text, err := fs.ReadFile(dir, name)
				if err != nil {
					panic("BUG: " + err.Error())
				}
				t.parse(string(text))
			}
		}
		l.help.texts = t
	})
	return l.help.texts
}

type helpCache struct {
	once  sync.Once
	texts *helpTexts
}

func (t *helpTexts) parse(text string) {
	var s *helpSection
	intro := false
	for line := range strings.SplitSeq(text, "\n") {
		head, ok := strings.CutPrefix(line, "= ")
		switch {
		case ok:
			names, parent, _ := strings.Cut(head, " < ")
			s = &helpSection{names: strings.Split(names, ", "), parent: parent}
			t.sections = append(t.sections, s)
			for _, name := range s.names {
				if t.byName[name] == nil {
					t.byName[name] = s
				}
			}
			intro = true
		case line == "":
			intro = false
		case intro:
			s.text = joinLines(s.text, line)
		case line[0] == '\t':
			e := s.entries[len(s.entries)-1]
			e.text = joinLines(e.text, line[1:])
		default:
			s.entries = append(s.entries, newHelpEntry(line))
		}
	}
}

func newHelpEntry(line string) *helpEntry {
	head, text, _ := strings.Cut(line, " -- ")
	e := &helpEntry{head: head, text: text}
	if name, _, isCall := strings.Cut(head, "("); isCall {
		e.names = []string{name}
	} else {
		e.names = strings.Split(head, ", ")
	}
	return e
}

func joinLines(text, line string) string {
	if text == "" {
		return line
	}
	return text + " " + line
}

// section is the section on the module or class with that path, nil where there is none. A module may have several paths.
func (t *helpTexts) section(path string) *helpSection {
	if s := t.byName[path]; s != nil {
		return s
	}
	if i := strings.LastIndexByte(path, '.'); i > 0 {
		if module := t.byName[path[:i]]; module != nil {
			return t.byName[module.names[0]+path[i:]]
		}
	}
	return nil
}

// entry finds the entry for a member of a module or type.
func (t *helpTexts) entry(section, name string) *helpEntry {
	for s := t.section(section); s != nil; s = t.byName[s.parent] {
		for _, e := range s.entries {
			if slices.Contains(e.names, name) {
				return e
			}
		}
	}
	return nil
}

// path finds the entry for a dotted path.
func (t *helpTexts) path(path string) *helpEntry {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return t.entry("builtins", path)
	}
	return t.entry(path[:i], path[i+1:])
}

// ofType is the section on objects of a type with that name, nil where there is none.
func (t *helpTexts) ofType(name string) *helpSection {
	if s := t.section(name); s != nil {
		return s
	}
	for _, s := range t.sections {
		if slices.ContainsFunc(s.names, func(n string) bool { return strings.HasSuffix(n, "."+name) }) {
			return s
		}
	}
	return nil
}

// all are the section's entries, then those of its parents that it doesn't have itself.
func (t *helpTexts) all(s *helpSection) []*helpEntry {
	var all []*helpEntry
	seen := map[string]bool{}
	for ; s != nil; s = t.byName[s.parent] {
		for _, e := range s.entries {
			if !seen[e.names[0]] {
				seen[e.names[0]] = true
				all = append(all, e)
			}
		}
	}
	return all
}

// HelpNames lists the names that help knows of a module or type; found is false where it knows nothing of that itself.
func (l *Lib) HelpNames(section string) (names []string, found bool) {
	t := l.helpTexts()
	s := t.section(section)
	if s == nil {
		return nil, false
	}
	for _, e := range t.all(s) {
		names = append(names, e.names...)
	}
	return names, true
}
