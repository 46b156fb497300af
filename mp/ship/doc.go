// Package ship sends functions to other processes, as source.
//
// # What travels
//
// A function is: the text of its module (once per receiver), where in the text it is defined, and by value what it
// reads: defaults of parameters, free variables, and the module's globals that it or a function nested in it mentions.
// Functions among these values travel in the same way, so everything that can be reached goes along, and nothing else.
// Classes and instances carry their methods as such values.
//
// The child never runs the module's top level. It defines the function alone, from its part of the text, at its
// original position, so that tracebacks look the same everywhere.
//
// # Globals
//
// In a receiving process the globals of a module exist once, whichever messages they came with. A name that the
// process already has stays: what one task changed in a global dict, the next one sees. Where the module is at home (its
// top level ran in this process), its own globals are meant, and what a message says of them is ignored.
//
// # Seam
//
// This package reads syntax trees (package go.starlark.net/syntax) and messages, but knows no evaluator: one takes
// functions apart and puts them together behind the interface Evaluator.
//
// All of it runs under the script lock of its runtime, except for Module's methods, which are safe for concurrent use.
package ship
