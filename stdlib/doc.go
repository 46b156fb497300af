// Package stdlib is the script library: what Python has as classes, with, try, raise and exceptions, the built-ins
// that Starlark lacks, and the modules other than multiprocessing.
//
// # Objects
//
// A Class is made by type(name, bases, attrs), or by Go code with Lib.NewClass. An Instance is an object of a class; an
// exception is an instance of a class that derives from BaseException. Attributes are found as in Python: properties, the
// instance's own, the classes' in C3 order (functions become bound methods), __getattr__.
//
// Special methods work through the interfaces by which go.starlark.net asks values for their behaviour. Every instance
// implements all of them, and says in Python's words what its class can't do.
//
// # Errors
//
// A script's exception travels through Go code as an error that carries the object. Any other error becomes an exception
// when a script first sees it (Lib.FromError): one with the method ExceptionClass of that class, one of the operating system
// OSError or its subclass, one of go.starlark.net of the class that Python gives the same mistake, by its text. The text
// stays go.starlark.net's.
//
// Some of go.starlark.net's interfaces have no place for an error: String, Truth, Iterate and others. An error there is kept
// as the thread's pending error and the thread is cancelled, so that it stops before its next step. Whoever looks at an
// error of a script asks Lib.Pending for the one it stands for.
//
// Ctrl-C is a cancellation with the reason "KeyboardInterrupt". try_ does not catch it; with_ turns it into an
// ordinary exception, so that __exit__ can run. A cancellation whose reason names another exception class
// ("RecursionError: ...") is that exception. Any other cancellation is the host's and can't be caught.
//
// # Other processes
//
// Lib.Register gives a codec the wire forms. A class has an ID that is unique in the family: the class that a process
// knows under an ID is the one that all its instances there have, whichever way and how often it arrives. A
// traceback travels as text.
//
// # Modules
//
// A module's members are made when the first is asked for (Module); no package-level variable has an initialiser that runs. Their
// functions take arguments through bind, which has Python's errors. Values of modules are Go types of their own, each with a nativeType
// that stands for its class, or instances of classes made by Go code where scripts derive from them (logging.Handler). They travel by
// the forms in wire_*.go. help/*.txt has a line on every name for help, which a test demands. Every module has scripts in testdata/lib
// that print the same under CPython 3.13.
//
// Regular expressions run on internal/sre, which says why. What is left out: time zones other than fixed offsets and
// the local one, custom argparse actions, and names of characters in patterns.
//
// # Where it differs from CPython
//
// Values of different types are never equal: a Counter is == no dict, a named tuple == no tuple (compare dict(c), tuple(p)).
// Strings inside repr are in double quotes, as in all of Starlark. type(x) is a name. go.starlark.net asks an instance neither
// about ==, < and so on with a value of another type (== is False, < a TypeError; Lib.Compare does it right), nor
// about x[a:b] (use __getitem__(slice(a, b))). Its operator % has no flags, widths and precisions, and does not
// tell %r from %s: Rewrite puts Python's operator in its place where the format is a literal. Methods that Python's built-in types
// have and Starlark's have not, Rewrite finds by their names.
//
// What go.starlark.net's own tests ask for stays as it is there: 1e6 is shown as 1e+06 and an infinity as +inf; NaN equals itself; int and float
// take no spaces around their digits; d.popitem() takes the first item; "a\r\nb".splitlines() leaves the "\r"; an unhashable value is in no
// dict, where Python has an error; in and dict look-ups call __eq__ for the same object too; {1: 1, 1: 2} is an error.
package stdlib
