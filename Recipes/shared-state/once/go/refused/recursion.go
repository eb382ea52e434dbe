//go:build ignore

package main

import "sync"

func main() {
	var once sync.Once
	once.Do(func() {
		once.Do(func() {}) // expected-run {{all goroutines are asleep}}
	})
}
