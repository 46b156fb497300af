package wire

// Extension types. All payloads but those marked "raw" are a sequence of msgpack values.
const (
	extRef      = 1  // raw: index of a container that was met before, big endian, 1, 2 or 4 bytes
	extBigInt   = 2  // raw: sign byte (0 or 1 for negative), magnitude, big endian, without leading zeros
	extTuple    = 3  // an array
	extSet      = 4  // an array, in insertion order
	extRange    = 5  // start, stop, step
	extStruct   = 6  // constructor, a map of field names to values
	extName     = 7  // raw: the name of a value that exists on both sides
	extMethod   = 8  // receiver, name: a bound method
	extTime     = 9  // seconds since 1970, nanoseconds, location name, offset in seconds, zone name
	extDuration = 10 // nanoseconds
	extHandle   = 11 // raw: 8 bytes, big endian: a handle of the arena
	extTyped    = 12 // type, then what the type's Encode wrote; type is its name, or in later uses in the message the index of that first use
	extView     = 13 // method name, string or bytes: an iterable such as "abc".elems()
)

// MaxDepth is how deep values may be nested in a message. Values that nest deeper can't be sent: the error's class is
// RecursionError. Go code that encodes and decodes recursively needs a bound well below Go's limit on stacks.
const MaxDepth = 10000
