// Package rooms names every recipe that has a Go side.
package rooms

import (
	buffering "concurrencycookbook/channels/buffering/go"
	channel "concurrencycookbook/channels/channel/go"
	closedandnil "concurrencycookbook/channels/closed-and-nil/go"
	directional "concurrencycookbook/channels/directional/go"
	nilcase "concurrencycookbook/channels/nil-case/go"
	priorityselect "concurrencycookbook/channels/priority-select/go"
	selecting "concurrencycookbook/channels/select/go"
	signalorvalue "concurrencycookbook/channels/signal-or-value/go"
	"concurrencycookbook/internal/cookbook"
	contextcancellation "concurrencycookbook/lifetimes/context-cancellation/go"
	donechannel "concurrencycookbook/lifetimes/done-channel/go"
	errgroup "concurrencycookbook/lifetimes/errgroup/go"
	leaktests "concurrencycookbook/lifetimes/leak-tests/go"
	leaks "concurrencycookbook/lifetimes/leaks/go"
	loopcapture "concurrencycookbook/lifetimes/loop-capture/go"
	operationtimeout "concurrencycookbook/lifetimes/operation-timeout/go"
	timers "concurrencycookbook/lifetimes/timers/go"
	waitgroup "concurrencycookbook/lifetimes/wait-group/go"
	backpressure "concurrencycookbook/patterns/backpressure/go"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go"
	fanoutfanin "concurrencycookbook/patterns/fan-out-fan-in/go"
	hedgedrequest "concurrencycookbook/patterns/hedged-request/go"
	pipeline "concurrencycookbook/patterns/pipeline/go"
	pubsub "concurrencycookbook/patterns/pub-sub/go"
	semaphore "concurrencycookbook/patterns/semaphore/go"
	taskqueue "concurrencycookbook/patterns/task-queue/go"
	tokenbucket "concurrencycookbook/patterns/token-bucket/go"
	wordcount "concurrencycookbook/patterns/word-count/go"
	amilliontasks "concurrencycookbook/runtime/a-million-tasks/go"
	once "concurrencycookbook/shared-state/once/go"
)

// Rooms holds the recipes by name.
var Rooms = map[string]cookbook.Room{}

func init() {
	Rooms["word-count"] = wordcount.Room
	Rooms["bounded-pool"] = boundedpool.Room
	Rooms["fan-out-fan-in"] = fanoutfanin.Room
	Rooms["semaphore"] = semaphore.Room
	Rooms["pipeline"] = pipeline.Room
	Rooms["backpressure"] = backpressure.Room
	Rooms["token-bucket"] = tokenbucket.Room
	Rooms["hedged-request"] = hedgedrequest.Room
	Rooms["task-queue"] = taskqueue.Room
	Rooms["pub-sub"] = pubsub.Room
	Rooms["errgroup"] = errgroup.Room
	Rooms["context-cancellation"] = contextcancellation.Room
	Rooms["done-channel"] = donechannel.Room
	Rooms["operation-timeout"] = operationtimeout.Room
	Rooms["timers"] = timers.Room
	Rooms["wait-group"] = waitgroup.Room
	Rooms["leaks"] = leaks.Room
	Rooms["leak-tests"] = leaktests.Room
	Rooms["loop-capture"] = loopcapture.Room
	Rooms["channel"] = channel.Room
	Rooms["buffering"] = buffering.Room
	Rooms["select"] = selecting.Room
	Rooms["priority-select"] = priorityselect.Room
	Rooms["closed-and-nil"] = closedandnil.Room
	Rooms["nil-case"] = nilcase.Room
	Rooms["directional"] = directional.Room
	Rooms["signal-or-value"] = signalorvalue.Room
	Rooms["once"] = once.Room
	Rooms["a-million-tasks"] = amilliontasks.Room
}
