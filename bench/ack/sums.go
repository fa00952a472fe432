package ack

import (
	"time"

	"defenderbot/bench/side"
)

// sum is what all rounds of one program under one load say.
type sum struct {
	p50, p99, most float64 // ms: medians of the rounds; of few commands those of all rounds together, and their longest
	perSecond      float64 // acknowledgements; median of the rounds
	samples, lost  int     // of all rounds

	program, redis, driver float64 // ms on processors per command; medians
	calls                  float64 // to Slack per command; median
}

// sumUp makes one of the rounds of a load.
func sumUp(l load, rounds []cell) sum {
	var s sum
	var all side.Sample
	of := func(value func(cell) float64) float64 {
		var values []float64
		for _, c := range rounds {
			values = append(values, value(c))
		}
		return side.Median(values)
	}
	each := func(d time.Duration) float64 { return side.Millis(d) / float64(l.commands) }
	for _, c := range rounds {
		all, s.lost = append(all, c.took...), s.lost+c.lost
	}
	s.samples, s.most = len(all), side.Millis(all.At(100))
	s.p50 = of(func(c cell) float64 { return side.Millis(c.took.At(50)) })
	s.p99 = of(func(c cell) float64 { return side.Millis(c.took.At(99)) })
	if l.few() {
		s.p50, s.p99 = side.Millis(all.At(50)), side.Millis(all.At(99))
	}
	s.perSecond = of(func(c cell) float64 { return c.recorded() })
	s.program = of(func(c cell) float64 { return each(c.used.Program) })
	s.redis = of(func(c cell) float64 { return each(c.used.Redis) })
	s.driver = of(func(c cell) float64 { return each(c.used.Driver) })
	s.calls = of(func(c cell) float64 { return float64(c.calls) / float64(l.commands) })
	return s
}
