// Package texts holds what word-count counts where no file is named.
package texts

import "embed"

//go:embed *.txt
var Files embed.FS
