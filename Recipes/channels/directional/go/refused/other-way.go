//go:build ignore

package main

func main() {}

// #region channel
func produce(out chan<- int) {
	out <- 1
	close(out) // the sender may close
	<-out      // expected-error {{cannot receive from send-only channel}}
	// expected-error@+1 {{cannot range over out}}
	for range out {
	}
}

func consume(in <-chan int) {
	in <- 1   // expected-error {{cannot send to receive-only channel}}
	close(in) // expected-error {{cannot close receive-only channel}}
	// expected-error@+1 {{cannot use in}}
	var ch chan int = in
	_ = (chan int)(in) // expected-error {{cannot convert in}}
	_, _ = len(in), ch
}

var all []chan int
var ins []<-chan int = all // expected-error {{cannot use all}}

func open() chan int { return nil }

var source func() <-chan int = open // expected-error {{cannot use open}}
// #endregion
