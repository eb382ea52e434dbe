//go:build ignore

// Both mistakes compile.
package main

import (
	"fmt"
	"sync"
)

// #region misuse
func work(wg sync.WaitGroup) { // expected-vet {{passes lock by value}}
	defer wg.Done()
	fmt.Println("work")
}

func main() {
	var wg sync.WaitGroup
	wg.Add(1)
	go work(wg) // expected-vet {{copies lock value}}
	go func() {
		wg.Add(1) // expected-vet {{Add called from inside new goroutine}}
		defer wg.Done()
		fmt.Println("more work")
	}()
	wg.Wait() // expected-run {{all goroutines are asleep}}
}

// #endregion
