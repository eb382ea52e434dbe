package main

import (
	"concurrencycookbook/channels/channel"
	priorityselect "concurrencycookbook/channels/priority-select"
	selecting "concurrencycookbook/channels/select"
	"concurrencycookbook/internal/cookbook"
	contextcancellation "concurrencycookbook/lifetimes/context-cancellation"
	"concurrencycookbook/lifetimes/errgroup"
	"concurrencycookbook/patterns/backpressure"
	fanoutfanin "concurrencycookbook/patterns/fan-out-fan-in"
	"concurrencycookbook/patterns/pipeline"
	"concurrencycookbook/patterns/semaphore"
)

// A recipe is one entry of the menu.
type recipe struct {
	name    string
	chapter string
	demo    cookbook.Demo
}

// recipes is the menu, in its order. A chapter's recipes stand together.
var recipes = []recipe{
	{"fan-out-fan-in", "patterns", fanoutfanin.Demo(fanoutfanin.Original)},
	{"semaphore", "patterns", semaphore.Demo(semaphore.Originals)},
	{"pipeline", "patterns", pipeline.Demo(pipeline.Original)},
	{"backpressure", "patterns", backpressure.Demo(backpressure.Original)},
	{"errgroup", "lifetimes", errgroup.Demo(errgroup.Original)},
	{"context-cancellation", "lifetimes",
		contextcancellation.Demo(contextcancellation.Original)},
	{"channel", "channels", channel.Demo(channel.Original)},
	{"select", "channels", selecting.Demo(selecting.Select)},
	{"priority-select", "channels",
		priorityselect.Demo(priorityselect.Original)},
}

func find(name string) (recipe, error) {
	var names []string
	for _, recipe := range recipes {
		if recipe.name == name {
			return recipe, nil
		}
		names = append(names, recipe.name)
	}
	return recipe{}, cookbook.Unknown("recipe", name, names)
}
