// Package wire turns Starlark values into msgpack and back.
//
// # Format
//
// A message is one msgpack value. None, bool, int (up to 64 bits), float, string, bytes, list and dict are the msgpack
// types nil, bool, int, float64, str, bin, array and map, so any msgpack library reads a message of such values. The
// rest are extensions; format.go lists them. Everything the package writes is valid msgpack, the payload of each
// extension included.
//
// # Identity
//
// What is shared arrives shared, and cycles arrive as cycles. Each container (list, dict, set, struct, tuple with
// elements, and each value of a registered Type that is Shared) has an index: containers are counted in the order in
// which the encoder enters them, which is the order in which the decoder meets them. Nothing is written for that. Where
// a container is met again, a back reference with its index is written. Messages without containers pay nothing.
//
// An object is often referred to from inside itself, so the decoder needs it before its content is complete. Lists,
// dicts, sets and tuples exist before their elements are decoded. A registered Type calls define as soon as it has an
// object. A reference that comes even earlier (a function in a list that is a default of one of its own parameters) is
// filled in later where the place can be changed later: in elements of lists and tuples, in values of dicts, and in
// places written with Encoder.Field. Anywhere else the encoder reports it.
//
// Dict keys and set elements are hashed when decoded. If a key refers to an object that is not complete (an instance
// in a set that is one of its attributes), it is inserted when the whole message has been decoded.
//
// # Extending
//
// Other packages Register a Type for each Go type of theirs that travels, and Name the values that exist on both sides
// (built-ins, modules, built-in classes): these travel as their name. A Codec belongs to one runtime; there are no
// package-level registries.
//
// # Trust
//
// Decode trusts nothing. All lengths are checked against what is there, nesting is bounded, unknown extensions, types
// and names are errors. The memory that decoding takes is proportional to the message.
package wire
