//go:build ignore && go1.21

// Go vet reports i because of the line above, and never the counter.
package main

import (
	"fmt"
	"sync"
)

func main() {
	// #region shared
	var wg sync.WaitGroup
	count := 0
	for i := 0; i < 3; i++ { // expected-race {{DATA RACE}}
		wg.Add(1)
		go func() {
			defer wg.Done()
			count++ // expected-race {{DATA RACE}}
			// expected-vet@+1 {{loop variable i captured}}
			fmt.Println(i)
		}()
	}
	wg.Wait()
	fmt.Println(count)
	// #endregion
}
