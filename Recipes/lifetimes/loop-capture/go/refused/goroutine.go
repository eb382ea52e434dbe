//go:build ignore && go1.21

// Go vet reports this loop as long as its file has the old meaning.
package main

import (
	"fmt"
	"sync"
)

func main() {
	// #region goroutine
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ { // expected-race {{DATA RACE}}
		wg.Add(1)
		go func() {
			defer wg.Done()
			// expected-vet@+1 {{loop variable i captured by func literal}}
			fmt.Println(i)
		}()
	}
	wg.Wait()
	// #endregion
}
