// Package rooms names every recipe that has a Go side.
package rooms

import (
	channel "concurrencycookbook/channels/channel/go"
	closedandnil "concurrencycookbook/channels/closed-and-nil/go"
	priorityselect "concurrencycookbook/channels/priority-select/go"
	selecting "concurrencycookbook/channels/select/go"
	"concurrencycookbook/internal/cookbook"
	loopcapture "concurrencycookbook/lifetimes/loop-capture/go"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go"
	amilliontasks "concurrencycookbook/runtime/a-million-tasks/go"
	once "concurrencycookbook/shared-state/once/go"
)

// Rooms holds the recipes by name.
var Rooms = map[string]cookbook.Room{}

func init() {
	Rooms["bounded-pool"] = boundedpool.Room
	Rooms["channel"] = channel.Room
	Rooms["select"] = selecting.Room
	Rooms["priority-select"] = priorityselect.Room
	Rooms["closed-and-nil"] = closedandnil.Room
	Rooms["loop-capture"] = loopcapture.Room
	Rooms["once"] = once.Room
	Rooms["a-million-tasks"] = amilliontasks.Room
}
