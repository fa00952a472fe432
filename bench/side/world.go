package side

import (
	"context"
	"crypto/rand"
	"fmt"
	"reflect"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// World is a Slack workspace and a Defender tenant, in this process.
type World struct {
	*sandbox.Place

	Tenant string
}

// Open opens a world with a tenant that nobody has used, so that no window has anything in it.
// Defender's own limits are lifted: what is measured is the bot.
func Open(r *Redis) (*World, error) {
	tenant := newTenant()
	none := map[string][]defenderfake.Limit{}
	for _, name := range []string{defenderfake.MachineGet, defenderfake.CollectPackage, defenderfake.StartInvestigation} {
		none[name] = nil
	}
	place, err := sandbox.Open(sandbox.Options{
		Now: time.Now, Redis: r.URL(), Slack: slackfake.Options{}, Defender: defenderfake.Options{Tenant: tenant, Limits: none},
	})
	if err != nil {
		return nil, fmt.Errorf("open a workspace and a tenant: %w", err)
	}
	return &World{place, tenant}, nil
}

// BotEnv is the environment of a bot in this world that lets everybody ask as often as they
// want. Changes are made to it before it is written out; nil: none.
func (w *World) BotEnv(change func(*app.Env)) []string {
	e := w.Env()
	e.TenantID, e.MaxOpenPerRequester, e.DevicesPerHour, e.HTTPAddr, e.AllowVolatileRedis = w.Tenant, "0", "0", "", ""
	if change != nil {
		change(&e)
	}
	var env []string
	v := reflect.ValueOf(e)
	for f, value := range v.Fields() {
		if value.String() != "" || f.Name == "HTTPAddr" {
			env = append(env, f.Tag.Get("envconfig")+"="+value.String())
		}
	}
	return env
}

// Greeted waits until a program has that number of sockets open. One that fails to is ended.
func (w *World) Greeted(ctx context.Context, p *Program, sockets int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	go func() {
		select {
		case <-p.Ended():
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := w.Slack.Wait(ctx, func(s *slackfake.Server) bool { return len(s.Sockets()) >= sockets }); err != nil {
		return p.Failed(fmt.Errorf("no socket was opened: %w", err))
	}
	return nil
}

// Gone waits until no program has a socket open any more.
func (w *World) Gone(ctx context.Context) error {
	return w.Slack.Wait(ctx, func(s *slackfake.Server) bool { return len(s.Sockets()) == 0 })
}

// Device is the id of device n, which the tenant knows from now on.
func (w *World) Device(n int) string {
	id := DeviceID(n)
	w.Defender.AddDevice(defenderfake.Device{ID: id, ComputerDNSName: fmt.Sprintf("host-%d.example", n), OSPlatform: "Windows11", Version: "24H2"})
	return id
}

// DeviceID is the id of device n.
func DeviceID(n int) string { return fmt.Sprintf("%040x", n) }

// newTenant draws the id of a tenant.
func newTenant() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
