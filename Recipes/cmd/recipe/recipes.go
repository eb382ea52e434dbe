package main

import (
	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool"
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
	{"bounded-pool", "patterns", boundedpool.Demo(boundedpool.Original)},
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
