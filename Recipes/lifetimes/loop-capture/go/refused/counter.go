//go:build ignore

// Go vet has nothing against this; the race detector has.
package main

import (
	"fmt"
	"sync"
)

func main() {
	// #region counter
	var count int
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			count++ // expected-race {{DATA RACE}}
		})
	}
	wg.Wait()
	fmt.Println(count)
	// #endregion
}
