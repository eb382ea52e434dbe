// Package search asks several replicas, and takes the answer that comes first.
package search

import "context"

// Ask asks one replica.
type Ask func(context.Context) (string, error)

// Leaky has a planted leak: nobody receives what the losers send.
func Leaky(ctx context.Context, asks ...Ask) (string, error) {
	answers := make(chan string)
	for _, ask := range asks {
		go func() {
			if answer, err := ask(ctx); err == nil {
				answers <- answer
			}
		}()
	}
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// First ends the losers, and has room for each that answers nevertheless.
func First(ctx context.Context, asks ...Ask) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan string, len(asks))
	for _, ask := range asks {
		go func() {
			if answer, err := ask(ctx); err == nil {
				answers <- answer
			}
		}()
	}
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
