package mp

import "embed"

// Help has the texts that help shows for the module, in the format of package stdlib. Nothing else reads them.
//
//go:embed help/*.txt
var Help embed.FS
