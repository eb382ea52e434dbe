//go:build ignore

package main

func main() {}

// #region channel
func produce(out chan<- int) {
	out <- 1
	close(out)      // the sender may close
	<-out           // expected-error {{cannot receive from send-only channel}}
	for range out { // expected-error {{cannot range over out}}
	}
}

func consume(in <-chan int) {
	in <- 1              // expected-error {{cannot send to receive-only channel}}
	close(in)            // expected-error {{cannot close receive-only channel}}
	var ch chan int = in // expected-error {{cannot use in}}
	_ = (chan int)(in)   // expected-error {{cannot convert in}}
	_, _ = len(in), ch
}

var all []chan int
var ins []<-chan int = all // expected-error {{cannot use all}}

func open() chan int { return nil }

var source func() <-chan int = open // expected-error {{cannot use open}}
// #endregion
