//go:build ignore && go1.21

package main

func main() {
	for i := range 3 { // expected-error {{cannot range over 3}}
		println(i)
	}
}
