package wire_test

import (
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

func ExampleCodec() {
	codec := wire.NewCodec()
	numbers := starlark.NewList([]starlark.Value{starlark.MakeInt(1), starlark.String("x")})
	data, _, err := codec.Encode(nil, "obj", starlark.Tuple{numbers, numbers})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := codec.Decode(data)
	fmt.Printf("% x\n%v %v\n", data, v, err)

	_, _, err = codec.Encode(nil, "args", starlark.Tuple{starlark.NewBuiltin("open", nil)})
	fmt.Println(err)
	// Output:
	// c9 00 00 00 08 03 92 92 01 a1 78 d4 01 01
	// ([1, "x"], [1, "x"]) <nil>
	// cannot send builtin_function_or_method at args[0]: built-in function open has no name that other processes know
}
