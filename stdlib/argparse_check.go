package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// actionTakes returns the name of an action's class in Python and the parameters of add_argument that it takes, in a string that has a
// space before and behind each; "" for both if there is no such action.
func actionTakes(action string) (class, params string) {
	const all = " const default required help metavar dest "
	switch action {
	case "store", "append", "extend":
		return "_" + strings.ToUpper(action[:1]) + action[1:] + "Action", all + "nargs type choices "
	case "store_const":
		return "_StoreConstAction", all
	case "append_const":
		return "_AppendConstAction", all
	case "store_true":
		return "_StoreTrueAction", " default required help dest "
	case "store_false":
		return "_StoreFalseAction", " default required help dest "
	case "count":
		return "_CountAction", " default required help dest "
	case "help":
		return "_HelpAction", " default help dest "
	case "version":
		return "_VersionAction", " version default help dest "
	case "BooleanOptionalAction":
		return action, " default type choices required help metavar dest "
	}
	return "", ""
}

// checkAction finds parameters of add_argument that its action doesn't take.
func (a *argument) checkAction(kwargs []starlark.Tuple) error {
	class, params := actionTakes(a.action)
	if class == "" {
		return wire.Errorf("ValueError", `unknown action "%s"`, a.action)
	}
	if a.positional() && a.required {
		kwargs = append(kwargs[:len(kwargs):len(kwargs)], starlark.Tuple{starlark.String("required"), starlark.True})
	}
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		if name != "action" && !strings.Contains(params, " "+name+" ") {
			return wire.Errorf("TypeError", "%s.__init__() got an unexpected keyword argument '%s'", class, name)
		}
	}
	return nil
}

// check finds what doesn't go together.
func (a *argument) check() error {
	text, _ := starlark.AsString(orNil(a.nargs))
	if a.takesArgs() {
		if n, ok := a.nargs.(starlark.Int); ok && n.Sign() == 0 {
			if a.action == "store" {
				return wire.Errorf("ValueError", "nargs for store actions must be != 0; if you have nothing to store, actions such as store true or store const may be more appropriate")
			}
			return wire.Errorf("ValueError", "nargs for append actions must be != 0; if arg strings are not supplying the value to append, the append const action may be more appropriate")
		}
		if a.constant != nil && text != "?" {
			return wire.Errorf("ValueError", "nargs must be '?' to supply const")
		}
	}
	if a.typ != nil && !isCallable(a.typ) {
		return wire.Errorf("ValueError", "%s is not callable", quoted(a.typ))
	}
	return a.checkMetavar(text)
}

// checkMetavar finds a number of arguments that is none, and a tuple of names for another number. The text is nargs where it is one.
func (a *argument) checkMetavar(text string) error {
	names, isTuple := a.metavar.(starlark.Tuple)
	fits := true
	switch n := a.nargs.(type) {
	case nil:
		fits = len(names) == 1 || !a.takesArgs() && len(names) == 0
	case starlark.Int:
		k, _ := starlark.AsInt32(n)
		fits = len(names) == max(k, 0)
	case starlark.String:
		switch text {
		case "?", "A...":
			fits = len(names) == 1
		case "*":
			fits = len(names) == 1 || len(names) == 2
		case "+":
			fits = len(names) == 2
		case "...", argSuppress:
		default:
			return wire.Errorf("ValueError", "invalid nargs value")
		}
	default:
		return wire.Errorf("ValueError", "invalid nargs value")
	}
	if isTuple && !fits {
		return wire.Errorf("ValueError", "length of metavar tuple does not match nargs")
	}
	return nil
}
