// Package sre is a regular expression engine with the syntax, the meaning and the errors of Python's module re.
//
// Why not regexp? RE2 has no look-around, no backreferences, no possessive or atomic groups and no conditionals; its
// alternatives and its errors are others, and scripts that ran under CPython would fail or, worse, match something else.
// Why not github.com/dlclark/regexp2? It is .NET's dialect: patterns would have to be parsed here anyway, to translate them and
// for Python's errors with their positions. It numbers named groups differently, converts each subject to runes first, gives up
// on time alone, where Ctrl-C should stop a match, and costs every process that links it its tables at start.
//
// A pattern is parsed to a tree (parse.go), compiled to a program (compile.go), and run by a backtracking machine with a stack of its
// own (exec.go), so that no subject overflows Go's. Simple repetitions, the usual case, take one entry on that stack however long they are.
//
// Positions are byte offsets in the subject, as in all of Starlark; those of errors are byte offsets in the pattern. Patterns for strings match
// code points, a byte that is not UTF-8 counts as a lone surrogate. Patterns for bytes match bytes.
package sre
