package interp

import "bytes"

// statement is a piece of a file's text that seems to be one top-level statement.
type statement struct {
	line int32 // of its first line, from 1
	text []byte
}

// statements cuts text into top-level statements. It is for texts with syntax errors, so it only looks at the beginning
// of lines, at strings and at brackets: a line that starts at the margin, outside of strings and brackets, starts a
// statement. Most lines at the margin do so inside brackets too: it is likelier that a bracket was not closed.
func statements(text []byte) []statement {
	var all []statement
	var sc lineScanner
	begin, beginLine, line := 0, int32(1), int32(1)
	for pos := 0; pos < len(text); line++ {
		end := len(text)
		if i := bytes.IndexByte(text[pos:], '\n'); i >= 0 {
			end = pos + i + 1
		}
		if sc.quote == nil && startsStatement(text[pos:end], sc.depth > 0) {
			if begin < pos {
				all = append(all, statement{beginLine, text[begin:pos]})
			}
			begin, beginLine = pos, line
			sc.depth = 0
		}
		sc.scan(text[pos:end])
		pos = end
	}
	return append(all, statement{beginLine, text[begin:]})
}

// startsStatement reports whether a line begins a top-level statement. Inside brackets, where it rarely starts at the
// margin, it doesn't if it looks like an element of a list or a part of a longer expression.
func startsStatement(line []byte, inBrackets bool) bool {
	c := line[0]
	letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	if !letter && (inBrackets || bytes.IndexByte([]byte(" \t\r\n#)]}"), c) >= 0) {
		return false
	}
	word := line
	if i := bytes.IndexAny(line, " \t(:\r\n"); i >= 0 {
		word = line[:i]
	}
	end := bytes.TrimSpace(line)
	switch string(word) {
	case "else", "elif":
		return false
	case "for", "if", "in", "and", "or", "not":
		return !inBrackets || bytes.HasSuffix(end, []byte(":"))
	}
	return !inBrackets || !bytes.HasSuffix(end, []byte(","))
}

// lineScanner knows whether a line ends within brackets or a string.
type lineScanner struct {
	depth int
	quote []byte // what ends the string
}

func (sc *lineScanner) scan(line []byte) {
	for i := 0; i < len(line); i++ {
		rest := line[i:]
		if sc.quote != nil {
			switch {
			case rest[0] == '\\':
				i++ // also in raw strings, where the quote after it doesn't end the string either
			case bytes.HasPrefix(rest, sc.quote):
				i += len(sc.quote) - 1
				sc.quote = nil
			}
			continue
		}
		switch rest[0] {
		case '#':
			return
		case '(', '[', '{':
			sc.depth++
		case ')', ']', '}':
			sc.depth = max(0, sc.depth-1)
		case '"', '\'':
			n := 1
			if len(rest) >= 3 && rest[1] == rest[0] && rest[2] == rest[0] {
				n = 3
			}
			sc.quote = rest[:n]
			i += n - 1
		}
	}
	if len(sc.quote) == 1 && !bytes.HasSuffix(line, []byte("\\\n")) {
		sc.quote = nil // a string in single quotes ends with its line, with or without a quote
	}
}
