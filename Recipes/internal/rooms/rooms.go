// Package rooms names every recipe that has a Go side.
package rooms

import (
	closedandnil "concurrencycookbook/channels/closed-and-nil/go"
	"concurrencycookbook/internal/cookbook"
	contextcancellation "concurrencycookbook/lifetimes/context-cancellation/go"
	loopcapture "concurrencycookbook/lifetimes/loop-capture/go"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go"
	amilliontasks "concurrencycookbook/runtime/a-million-tasks/go"
	once "concurrencycookbook/shared-state/once/go"
)

// Rooms holds the recipes by name.
var Rooms = map[string]cookbook.Room{}

func init() {
	Rooms["bounded-pool"] = boundedpool.Room
	Rooms["closed-and-nil"] = closedandnil.Room
	Rooms["context-cancellation"] = contextcancellation.Room
	Rooms["loop-capture"] = loopcapture.Room
	Rooms["once"] = once.Room
	Rooms["a-million-tasks"] = amilliontasks.Room
}
