// Package rooms names every recipe that has a Go side.
package rooms

import (
	"concurrencycookbook/internal/cookbook"
	loopcapture "concurrencycookbook/lifetimes/loop-capture/go"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go"
)

// Rooms holds the recipes by name.
var Rooms = map[string]cookbook.Room{
	"bounded-pool": boundedpool.Room,
	"loop-capture": loopcapture.Room,
}
