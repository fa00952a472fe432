package office

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// aMoment is how long one of several look-ups may take before the others are started beside it.
const aMoment = time.Millisecond

// together does all the jobs and returns the error of the first that fails, whereupon the context
// of the others ends. Mostly everything they look up is remembered: then they are done one after
// the other, which takes less time than starting goroutines. When one takes more than a moment,
// the others are started beside it.
func together(ctx context.Context, jobs ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed sync.Once
	var first error
	all := make([]pieceOfWork, len(jobs))
	for i, job := range jobs {
		all[i].done, all[i].do = make(chan struct{}), func() {
			if err := safely(func() error { return job(ctx) })(); err != nil {
				failed.Do(func() { first = err })
				cancel()
			}
		}
	}
	late := time.AfterFunc(aMoment, func() {
		for i := range all {
			go all[i].begin()
		}
	})
	defer late.Stop()
	for i := range all {
		all[i].begin()
		<-all[i].done
	}
	return first
}

// pieceOfWork is done once, by whoever begins it first.
type pieceOfWork struct {
	begun atomic.Bool
	do    func()
	done  chan struct{} // closed when it is done
}

func (p *pieceOfWork) begin() {
	if p.begun.CompareAndSwap(false, true) {
		defer close(p.done)
		p.do()
	}
}
