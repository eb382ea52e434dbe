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

// First ends the losers, and has room for what each of them says nevertheless.
func First(ctx context.Context, asks ...Ask) (string, error) {
	type reply struct {
		answer string
		err    error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	replies := make(chan reply, len(asks))
	for _, ask := range asks {
		go func() {
			answer, err := ask(ctx)
			replies <- reply{answer, err}
		}()
	}
	problem := context.Canceled // if there is nobody to ask
	for n := range asks {
		reply := <-replies
		if reply.err == nil {
			return reply.answer, nil
		}
		if n == 0 {
			problem = reply.err
		}
	}
	return "", problem
}
