package stdlib

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// textwrapModule makes the members of the module textwrap. https://docs.python.org/3/library/textwrap.html
func (l *Lib) textwrapModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"dedent": textDedent, "indent": l.textIndent, "shorten": textShorten,
		"wrap": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			lines, err := wrapArgs("wrap", args, kwargs)
			return stringList(lines), err
		},
		"fill": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			lines, err := wrapArgs("fill", args, kwargs)
			return starlark.String(strings.Join(lines, "\n")), err
		},
	})
	return members
}

// textWrapper has the options of Python's TextWrapper.
type textWrapper struct {
	width, maxLines, tabSize                                     int
	initial, subsequent, placeholder                             string
	expandTabs, replaceSpace, breakLong, breakHyphens, dropSpace bool
	fixEndings                                                   bool
}

func newTextWrapper(width int) *textWrapper {
	return &textWrapper{width: width, maxLines: -1, tabSize: 8, placeholder: " [...]",
		expandTabs: true, replaceSpace: true, breakLong: true, breakHyphens: true, dropSpace: true}
}

func wrapArgs(fn string, args starlark.Tuple, kwargs []starlark.Tuple) ([]string, error) {
	var text string
	var lines starlark.Value = starlark.None
	w := newTextWrapper(70)
	err := bind(fn, args, kwargs, "text", &text, "width?", &w.width, "*", "initial_indent?", &w.initial, "subsequent_indent?", &w.subsequent,
		"expand_tabs?", &w.expandTabs, "replace_whitespace?", &w.replaceSpace, "fix_sentence_endings?", &w.fixEndings, "break_long_words?", &w.breakLong,
		"drop_whitespace?", &w.dropSpace, "break_on_hyphens?", &w.breakHyphens, "tabsize?", &w.tabSize, "max_lines?", &lines, "placeholder?", &w.placeholder)
	if err == nil && lines != starlark.None {
		w.maxLines, err = toIndex(lines)
	}
	if err != nil {
		return nil, err
	}
	return w.wrap(text)
}

func textShorten(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	w := newTextWrapper(0)
	w.maxLines = 1
	if err := bind("shorten", args, kwargs, "text", &text, "width", &w.width, "*", "placeholder?", &w.placeholder, "break_long_words?", &w.breakLong, "break_on_hyphens?", &w.breakHyphens); err != nil {
		return nil, err
	}
	lines, err := w.wrap(strings.Join(strings.Fields(text), " "))
	return starlark.String(strings.Join(lines, "\n")), err
}

func isBlank(s string) bool { return strings.Trim(s, " \t\n\v\f\r") == "" }

// chunks cuts a text where lines may break: spaces by themselves, words after their hyphens.
func (w *textWrapper) chunks(s string) []string {
	var all []string
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return r != ' ' && !('\t' <= r && r <= '\r') })
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			all = append(all, s[:n])
			s = s[n:]
			continue
		}
		if n = strings.IndexAny(s, " \t\n\v\f\r"); n < 0 {
			n = len(s)
		}
		if w.breakHyphens {
			all = append(all, splitHyphens(s[:n])...)
		} else {
			all = append(all, s[:n])
		}
		s = s[n:]
	}
	return all
}

// splitHyphens cuts after hyphens between letters, and around dashes.
func splitHyphens(word string) []string {
	var parts []string
	rs := []rune(word)
	start := 0
	letter := func(i int) bool { return i >= 0 && i < len(rs) && unicode.IsLetter(rs[i]) }
	wordChar := func(i int) bool {
		return i >= 0 && i < len(rs) && (letter(i) || unicode.IsDigit(rs[i]) || strings.ContainsRune("_!\"'&.,?", rs[i]))
	}
	for i := 0; i < len(rs); i++ {
		if rs[i] != '-' {
			continue
		}
		end := i
		for end < len(rs) && rs[end] == '-' {
			end++
		}
		switch {
		case end-i > 1 && wordChar(i-1) && end < len(rs) && (letter(end) || unicode.IsDigit(rs[end]) || rs[end] == '_'): // a dash within a word
			parts = append(parts, string(rs[start:i]), string(rs[i:end]))
			start = end
		case end-i == 1 && letter(i-1) && (letter(i-2) || i-2 >= 0 && rs[i-2] == '-') && letter(i+1) && (letter(i+2) || i+2 < len(rs) && rs[i+2] == '-'):
			parts = append(parts, string(rs[start:end]))
			start = end
		}
		i = end - 1
	}
	if start < len(rs) {
		parts = append(parts, string(rs[start:]))
	}
	return parts
}

func runes(s string) int { return utf8.RuneCountInString(s) }

func (w *textWrapper) munge(text string) string {
	if w.expandTabs {
		var b strings.Builder
		column := 0
		for _, r := range text {
			switch {
			case r == '\t' && w.tabSize > 0:
				n := w.tabSize - column%w.tabSize
				b.WriteString(strings.Repeat(" ", n))
				column += n
			case r == '\t':
			case r == '\n' || r == '\r':
				b.WriteRune(r)
				column = 0
			default:
				b.WriteRune(r)
				column++
			}
		}
		text = b.String()
	}
	if w.replaceSpace {
		text = strings.NewReplacer("\t", " ", "\n", " ", "\v", " ", "\f", " ", "\r", " ").Replace(text)
	}
	return text
}

// wrap breaks a text into lines.
func (w *textWrapper) wrap(text string) ([]string, error) {
	if w.width <= 0 {
		return nil, wire.Errorf("ValueError", "invalid width %d (must be > 0)", w.width)
	}
	if w.maxLines >= 0 {
		indent := w.initial
		if w.maxLines > 1 {
			indent = w.subsequent
		}
		if runes(indent)+runes(strings.TrimLeft(w.placeholder, " ")) > w.width {
			return nil, wire.Errorf("ValueError", "placeholder too large for max width")
		}
	}
	chunks := w.chunks(w.munge(text))
	if w.fixEndings {
		for i := 1; i < len(chunks); i++ {
			if chunks[i] == " " && endsSentence(chunks[i-1]) {
				chunks[i] = "  "
			}
		}
	}
	var lines []string
	for len(chunks) > 0 {
		indent := w.initial
		if len(lines) > 0 {
			indent = w.subsequent
		}
		width := w.width - runes(indent)
		if w.dropSpace && isBlank(chunks[0]) && len(lines) > 0 {
			chunks = chunks[1:]
		}
		var line []string
		n := 0
		for len(chunks) > 0 && n+runes(chunks[0]) <= width {
			line = append(line, chunks[0])
			n += runes(chunks[0])
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && runes(chunks[0]) > width {
			chunks, line = w.long(chunks, line, n, width)
			n = 0
			for _, c := range line {
				n += runes(c)
			}
		}
		if w.dropSpace && len(line) > 0 && isBlank(line[len(line)-1]) {
			n -= runes(line[len(line)-1])
			line = line[:len(line)-1]
		}
		if len(line) == 0 {
			continue
		}
		rest := len(chunks) == 0 || w.dropSpace && len(chunks) == 1 && isBlank(chunks[0])
		if w.maxLines < 0 || len(lines)+1 < w.maxLines || rest && n <= width {
			lines = append(lines, indent+strings.Join(line, ""))
			continue
		}
		return w.cutShort(lines, line, n, width, indent), nil
	}
	return lines, nil
}

// endsSentence reports whether a word ends in a small letter, a full stop or the like, and perhaps a quotation mark.
func endsSentence(word string) bool {
	n := len(word)
	if n > 0 && strings.IndexByte("\"'", word[n-1]) >= 0 {
		n--
	}
	return n >= 2 && strings.IndexByte(".!?", word[n-1]) >= 0 && 'a' <= word[n-2] && word[n-2] <= 'z'
}

// cutShort ends the last line that is allowed with the placeholder.
func (w *textWrapper) cutShort(lines, line []string, n, width int, indent string) []string {
	for len(line) > 0 {
		last := line[len(line)-1]
		if !isBlank(last) && n+runes(w.placeholder) <= width {
			return append(lines, indent+strings.Join(line, "")+w.placeholder)
		}
		n -= runes(last)
		line = line[:len(line)-1]
	}
	if len(lines) > 0 {
		prev := strings.TrimRight(lines[len(lines)-1], " ")
		if runes(prev)+runes(w.placeholder) <= w.width {
			lines[len(lines)-1] = prev + w.placeholder
			return lines
		}
	}
	return append(lines, indent+strings.TrimLeft(w.placeholder, " "))
}

// long breaks a chunk that fits in no line.
func (w *textWrapper) long(chunks, line []string, n, width int) ([]string, []string) {
	space := 1
	if width >= 1 {
		space = width - n
	}
	if !w.breakLong {
		if len(line) == 0 {
			return chunks[1:], []string{chunks[0]}
		}
		return chunks, line
	}
	rs := []rune(chunks[0])
	end := max(0, min(space, len(rs)))
	if w.breakHyphens && len(rs) > space && space > 0 {
		for i := space - 1; i > 0; i-- {
			if rs[i] == '-' && strings.Trim(string(rs[:i]), "-") != "" {
				end = i + 1
				break
			}
		}
	}
	line = append(line, string(rs[:end])) // nothing, if the line is full: CPython then drops that and leaves the space before it
	return append([]string{string(rs[end:])}, chunks[1:]...), line
}

// textDedent removes the white space that all lines begin with.
func textDedent(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := bind("dedent", args, kwargs, "text", &text); err != nil {
		return nil, err
	}
	lines := strings.Split(text, "\n")
	margin, any := "", false
	for i, line := range lines {
		body := strings.TrimLeft(line, " \t")
		if strings.TrimSpace(body) == "" && strings.Trim(line, " \t") == "" {
			lines[i] = ""
			continue
		}
		own := line[:len(line)-len(body)]
		if !any {
			margin, any = own, true
			continue
		}
		k := 0
		for k < len(margin) && k < len(own) && margin[k] == own[k] {
			k++
		}
		margin = margin[:k]
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], margin)
	}
	return starlark.String(strings.Join(lines, "\n")), nil
}

// textIndent is indent(text, prefix, predicate=None).
func (l *Lib) textIndent(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, prefix string
	var predicate starlark.Value = starlark.None
	if err := bind("indent", args, kwargs, "text", &text, "prefix", &prefix, "predicate?", &predicate); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		add := strings.TrimSpace(line) != ""
		if predicate != starlark.None && line != "" {
			v, err := l.callFunction(thread, predicate, starlark.Tuple{starlark.String(line)})
			if err != nil {
				return nil, err
			}
			add = bool(v.Truth())
		}
		if add {
			b.WriteString(prefix)
		}
		b.WriteString(line)
	}
	return starlark.String(b.String()), nil
}
