//go:build ignore && go1.21

// A loop over a number came with the new meaning.
package main

import "fmt"

func main() {
	// #region range
	// expected-error@+1 {{cannot range over 3}}
	for i := range 3 {
		fmt.Println(i)
	}
	// #endregion
}
