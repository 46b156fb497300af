package stdlib

import (
	"strconv"
	"strings"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

func isoArg(args starlark.Tuple, kwargs []starlark.Tuple) (string, error) {
	var v starlark.Value
	if err := bind("fromisoformat", args, kwargs, "date_string", &v); err != nil {
		return "", err
	}
	s, ok := starlark.AsString(v)
	if !ok {
		return "", wire.Errorf("TypeError", "fromisoformat: argument must be str")
	}
	return s, nil
}

func errISO(s string) error {
	return wire.Errorf("ValueError", "Invalid isoformat string: %s", pyQuote(s))
}

func dateFromISO(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s, err := isoArg(args, kwargs)
	if err != nil {
		return nil, err
	}
	d, n, err := isoDate(s)
	if err == nil && n != len(s) {
		err = errISO(s)
	}
	return orError(d, err)
}

func timeFromISO(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s, err := isoArg(args, kwargs)
	if err != nil {
		return nil, err
	}
	c, _, err := isoTime(strings.TrimPrefix(s, "T"), s)
	return orError(c, err)
}

func datetimeFromISO(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s, err := isoArg(args, kwargs)
	if err != nil {
		return nil, err
	}
	d, n, err := isoDate(s)
	if err != nil || n == len(s) {
		return orError(datetime{date: d}, err)
	}
	// Any one character may stand between date and time.
	_, size := decodeRune(s[n:])
	if n+size == len(s) {
		return nil, errISO(s)
	}
	c, next, err := isoTime(s[n+size:], s)
	if err == nil && next {
		d, err = inRange(int(d) + 1)
	}
	return orError(datetime{d, c}, err)
}

func decodeRune(s string) (rune, int) {
	for i, r := range s {
		return r, i + len(string(r))
	}
	return 0, 0
}

// digitsAt reads n digits at i.
func digitsAt(s string, i, n int) (int, bool) {
	if i+n > len(s) {
		return 0, false
	}
	v := 0
	for _, c := range []byte(s[i : i+n]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = 10*v + int(c-'0')
	}
	return v, true
}

// isoDate reads YYYY-MM-DD, YYYYMMDD, YYYY-Www[-D] or YYYYWww[D], and returns where it ends.
func isoDate(s string) (date, int, error) {
	y, ok := digitsAt(s, 0, 4)
	if !ok {
		return 0, 0, errISO(s)
	}
	i, dash := 4, strings.HasPrefix(s[4:], "-")
	if dash {
		i++
	}
	if i < len(s) && s[i] == 'W' {
		w, ok := digitsAt(s, i+1, 2)
		if !ok {
			return 0, 0, errISO(s)
		}
		i += 3
		day := 1
		switch {
		case dash && strings.HasPrefix(s[i:], "-"):
			if day, ok = digitsAt(s, i+1, 1); !ok {
				return 0, 0, errISO(s)
			}
			i += 2
		case !dash:
			if v, ok := digitsAt(s, i, 1); ok {
				day = v
				i++
			}
		}
		d, err := isoWeekDate(y, w, day)
		return d, i, err
	}
	m, ok := digitsAt(s, i, 2)
	if !ok {
		return 0, 0, errISO(s)
	}
	if i += 2; dash {
		if !strings.HasPrefix(s[i:], "-") {
			return 0, 0, errISO(s)
		}
		i++
	}
	day, ok := digitsAt(s, i, 2)
	if !ok {
		return 0, 0, errISO(s)
	}
	d, err := makeDate(y, m, day)
	return d, i + 2, err
}

// isoTime reads HH[:MM[:SS[.ffffff]]] and an offset. next is true for 24:00, which is the next day's midnight.
func isoTime(s, whole string) (c clockTime, next bool, err error) {
	text, zone := s, ""
	if i := strings.IndexAny(s, "+-Z"); i >= 0 {
		text, zone = s[:i], s[i:]
	}
	h, m, sec, us, ok := isoClock(text)
	if !ok {
		return c, false, errISO(whole)
	}
	var z starlark.Value
	switch {
	case zone == "Z":
		z = utcZone
	case zone != "":
		zh, zm, zs, zus, ok := isoClock(zone[1:])
		if !ok {
			return c, false, errISO(whole)
		}
		n := int64(zh)*3600e6 + int64(zm)*60e6 + int64(zs)*1e6 + int64(zus)
		if zone[0] == '-' {
			n = -n
		}
		if n >= dayMicros || n <= -dayMicros {
			return c, false, wire.Errorf("ValueError", "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not %s", micros(n))
		}
		z = &timezone{offset: n}
		if n == 0 {
			z = utcZone
		}
	}
	if h == 24 && m == 0 && sec == 0 && us == 0 {
		h, next = 0, true
	}
	c, err = makeClock(h, m, sec, us, z, 0)
	return c, next, err
}

func isoClock(s string) (h, m, sec, us int, ok bool) {
	if h, ok = digitsAt(s, 0, 2); !ok {
		return
	}
	i, colon := 2, strings.HasPrefix(s[2:], ":")
	for _, to := range []*int{&m, &sec} {
		if i == len(s) {
			return
		}
		if s[i] == '.' || s[i] == ',' {
			break
		}
		if (s[i] == ':') != colon {
			return 0, 0, 0, 0, false
		}
		if colon {
			i++
		}
		if *to, ok = digitsAt(s, i, 2); !ok {
			return
		}
		i += 2
	}
	if i == len(s) {
		return
	}
	digits := s[i+1:]
	if s[i] != '.' && s[i] != ',' || digits == "" || strings.Trim(digits, "0123456789") != "" || i < 5 {
		return 0, 0, 0, 0, false
	}
	us, _ = strconv.Atoi((digits + "000000")[:6])
	return h, m, sec, us, true
}

// strptimeRegexp is what each directive of strptime matches.
func strptimePiece(c byte) string {
	names := func(n int, of func(int) string) string {
		var all []string
		for i := range n {
			all = append(all, of(i))
		}
		return strings.Join(all, "|")
	}
	switch c {
	case 'Y':
		return `\d\d\d\d`
	case 'G':
		return `\d\d\d\d`
	case 'y':
		return `\d\d`
	case 'm':
		return `1[0-2]|0[1-9]|[1-9]`
	case 'd':
		return `3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]`
	case 'H':
		return `2[0-3]|[0-1]\d|\d`
	case 'I':
		return `1[0-2]|0[1-9]|[1-9]`
	case 'M':
		return `[0-5]\d|\d`
	case 'S':
		return `6[0-1]|[0-5]\d|\d`
	case 'f':
		return `[0-9]{1,6}`
	case 'j':
		return `36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]`
	case 'u':
		return `[1-7]`
	case 'w':
		return `[0-6]`
	case 'U', 'W':
		return `5[0-3]|[0-4]\d|\d`
	case 'V':
		return `5[0-3]|0[1-9]|[1-4]\d|\d`
	case 'p':
		return `am|pm`
	case 'z':
		return `[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|Z`
	case 'Z':
		return `utc|gmt|` + sreEscape(strings.ToLower(localName()))
	case 'b':
		return names(12, func(i int) string { return time.Month(i + 1).String()[:3] })
	case 'B':
		return names(12, func(i int) string { return time.Month(i + 1).String() })
	case 'a':
		return names(7, func(i int) string { return time.Weekday(i).String()[:3] })
	case 'A':
		return names(7, func(i int) string { return time.Weekday(i).String() })
	}
	return ""
}

func localName() string { name, _ := time.Now().Zone(); return name }

func sreEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`()[]{}?*+-|^$\.&~#`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// datetimeStrptime is strptime(date_string, format).
func datetimeStrptime(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, format string
	if err := bind("strptime", args, kwargs, "date_string", &text, "format", &format); err != nil {
		return nil, err
	}
	full := strings.NewReplacer("%%", "%%", "%c", "%a %b %d %H:%M:%S %Y", "%x", "%m/%d/%y", "%X", "%H:%M:%S", "%T", "%H:%M:%S",
		"%D", "%m/%d/%y", "%F", "%Y-%m-%d", "%R", "%H:%M").Replace(format)
	var pattern strings.Builder
	var groups []byte
	for i := 0; i < len(full); i++ {
		switch c := full[i]; {
		case c == '%' && i+1 == len(full):
			return nil, wire.Errorf("ValueError", "stray %% in format %s", pyQuote(format))
		case c == '%':
			i++
			if full[i] == '%' {
				pattern.WriteByte('%')
				continue
			}
			piece := strptimePiece(full[i])
			if piece == "" {
				return nil, wire.Errorf("ValueError", "'%c' is a bad directive in format %s", full[i], pyQuote(format))
			}
			groups = append(groups, full[i])
			pattern.WriteString("(" + piece + ")")
		case c == ' ' || c == '\t' || c == '\n':
			for i+1 < len(full) && strings.IndexByte(" \t\n", full[i+1]) >= 0 {
				i++
			}
			pattern.WriteString(`\s+`)
		default:
			pattern.WriteString(sreEscape(string(c)))
		}
	}
	re, err := sre.Compile(pattern.String(), sre.IgnoreCase, false, pyQuote)
	if err != nil {
		return nil, wire.Errorf("ValueError", "bad format %s", pyQuote(format))
	}
	r, err := re.Find(&sre.Input{Subject: text, End: len(text), Mode: sre.Match})
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, wire.Errorf("ValueError", "time data %s does not match format %s", pyQuote(text), pyQuote(format))
	}
	if r.Spans[1] != len(text) {
		return nil, wire.Errorf("ValueError", "unconverted data remains: %s", text[r.Spans[1]:])
	}
	fields := map[byte]string{}
	for i, c := range groups {
		fields[c] = strings.TrimSpace(text[r.Spans[2*i+2]:r.Spans[2*i+3]])
	}
	return orError(strptimeResult(fields))
}

func strptimeResult(fields map[byte]string) (datetime, error) {
	number := func(c byte, otherwise int) int {
		if n, err := strconv.Atoi(fields[c]); err == nil {
			return n
		}
		return otherwise
	}
	y := number('Y', 1900)
	if s := fields['y']; s != "" {
		if y = number('y', 0) + 1900; y < 1969 {
			y += 100
		}
	}
	mo, d := number('m', 1), number('d', 1)
	for i := range 12 {
		name := time.Month(i + 1).String()
		if strings.EqualFold(fields['b'], name[:3]) || strings.EqualFold(fields['B'], name) {
			mo = i + 1
		}
	}
	h := number('H', 0)
	if fields['I'] != "" {
		h = number('I', 0) % 12
		if strings.EqualFold(fields['p'], "pm") {
			h += 12
		}
	}
	us := 0
	if s := fields['f']; s != "" {
		us, _ = strconv.Atoi((s + "00000")[:6])
	}
	var zone starlark.Value
	if s := fields['z']; s != "" {
		c, _, err := isoTime("00:00:00"+strings.ToUpper(s), s)
		if err != nil {
			return datetime{}, err
		}
		zone = c.zone
	}
	x, err := makeDatetime(y, mo, d, h, number('M', 0), number('S', 0), us, zone, 0)
	if err != nil {
		return x, err
	}
	day := weekdayField(fields)
	switch given := func(c byte) bool { return fields[c] != "" }; {
	case given('G') && given('j'):
		err = wire.Errorf("ValueError", "Day of the year directive '%%j' is not compatible with ISO year directive '%%G'. Use '%%Y' instead.")
	case given('G') && (!given('V') || day < 0):
		err = wire.Errorf("ValueError", "ISO year directive '%%G' must be used with the ISO week directive '%%V' and a weekday directive ('%%A', '%%a', '%%w', or '%%u').")
	case given('G'):
		x.date, err = isoWeekDate(number('G', 0), number('V', 0), day+1)
	case given('V') && (day < 0 || !given('Y') && !given('y')):
		err = wire.Errorf("ValueError", "ISO week directive '%%V' must be used with the ISO year directive '%%G' and a weekday directive ('%%A', '%%a', '%%w', or '%%u').")
	case given('V'):
		err = wire.Errorf("ValueError", "ISO week directive '%%V' is incompatible with the year directive '%%Y'. Use the ISO year '%%G' instead.")
	case given('j'):
		x.date, err = inRange(ordinalOf(y, 1, 1) + number('j', 0) - 1)
	case day >= 0 && (given('U') || given('W')):
		first, n := ordinalOf(y, 1, 1), number('U', number('W', 0))
		start := (first + 6) % 7 // the weekday of January 1, counted from the day that weeks start with
		if given('U') {
			start, day = (start+1)%7, (day+1)%7
		}
		if start == 0 && n > 0 { // there is no week 0
			n--
		}
		x.date, err = inRange(first - start + 7*n + day)
	}
	return x, err
}

// weekdayField is the weekday that a directive gave, from Monday on, or -1.
func weekdayField(fields map[byte]string) int {
	if n, err := strconv.Atoi(fields['u']); err == nil {
		return n - 1
	}
	if n, err := strconv.Atoi(fields['w']); err == nil {
		return (n + 6) % 7
	}
	for i := range 7 {
		name := time.Weekday((i + 1) % 7).String()
		if strings.EqualFold(fields['a'], name[:3]) || strings.EqualFold(fields['A'], name) {
			return i
		}
	}
	return -1
}
