// Package rooms names every recipe that has a Go side.
package rooms

import (
	closedandnil "concurrencycookbook/channels/closed-and-nil/go"
	"concurrencycookbook/internal/cookbook"
	loopcapture "concurrencycookbook/lifetimes/loop-capture/go"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go"
	amilliontasks "concurrencycookbook/runtime/a-million-tasks/go"
	once "concurrencycookbook/shared-state/once/go"
)

// Rooms holds the recipes by name.
var Rooms = map[string]cookbook.Room{
	"bounded-pool":    boundedpool.Room,
	"closed-and-nil":  closedandnil.Room,
	"loop-capture":    loopcapture.Room,
	"once":            once.Room,
	"a-million-tasks": amilliontasks.Room,
}
