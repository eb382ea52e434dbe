// Package rooms names every recipe that has a Go side.
package rooms

import (
	closedandnil "concurrencycookbook/channels/closed-and-nil/go"
	"concurrencycookbook/internal/cookbook"
	loopcapture "concurrencycookbook/lifetimes/loop-capture/go"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go"
	wordcount "concurrencycookbook/patterns/word-count/go"
	amilliontasks "concurrencycookbook/runtime/a-million-tasks/go"
	once "concurrencycookbook/shared-state/once/go"
)

// Rooms holds the recipes by name.
var Rooms = map[string]cookbook.Room{}

func init() {
	Rooms["word-count"] = wordcount.Room
	Rooms["bounded-pool"] = boundedpool.Room
	Rooms["closed-and-nil"] = closedandnil.Room
	Rooms["loop-capture"] = loopcapture.Room
	Rooms["once"] = once.Room
	Rooms["a-million-tasks"] = amilliontasks.Room
}
