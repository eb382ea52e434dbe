//go:build ignore

package main

import "fmt"

type page struct{ text string }

func main() {
	pages, done := make(chan *page), make(chan struct{})
	send := func(pages chan<- *page) {
		defer close(done)
		// #region sent
		page := &page{}
		pages <- page
		page.text = "late" // expected-race {{DATA RACE}}
		// #endregion
	}
	go send(pages)
	page := <-pages
	fmt.Println(page.text) // expected-race {{DATA RACE}}
	<-done
}
