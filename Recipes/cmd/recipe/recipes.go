package main

import (
	"concurrencycookbook/internal/cookbook"
	contextcancellation "concurrencycookbook/lifetimes/context-cancellation"
	"concurrencycookbook/lifetimes/errgroup"
	"concurrencycookbook/patterns/backpressure"
	fanoutfanin "concurrencycookbook/patterns/fan-out-fan-in"
	"concurrencycookbook/patterns/pipeline"
	"concurrencycookbook/patterns/semaphore"
	wordcount "concurrencycookbook/patterns/word-count"
)

// A recipe is one entry of the menu.
type recipe struct {
	name    string
	chapter string
	demo    cookbook.Demo
}

// recipes is the menu, in its order. A chapter's recipes stand together.
var recipes = []recipe{
	{"word-count", "patterns", wordcount.Demo()},
	{"fan-out-fan-in", "patterns", fanoutfanin.Demo(fanoutfanin.Original)},
	{"semaphore", "patterns", semaphore.Demo(semaphore.Originals)},
	{"pipeline", "patterns", pipeline.Demo(pipeline.Original)},
	{"backpressure", "patterns", backpressure.Demo(backpressure.Original)},
	{"errgroup", "lifetimes", errgroup.Demo(errgroup.Original)},
	{"context-cancellation", "lifetimes",
		contextcancellation.Demo(contextcancellation.Original)},
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
