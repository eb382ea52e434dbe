//go:build ignore && go1.21

// Go vet reports the first loop because of the line above, and never the
// second.
package main

import (
	"fmt"
	"sync"
)

func main() {
	// #region captured
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ { // expected-race {{DATA RACE}}
		wg.Add(1)
		go func() {
			defer wg.Done()
			// expected-vet@+1 {{loop variable i captured}}
			fmt.Println(i)
		}()
	}
	count := 0
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			count++ // expected-race {{DATA RACE}}
		}()
	}
	wg.Wait()
	fmt.Println(count)
	// #endregion
}
