package charttest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// running is an installation of the chart with the bundled Redis, as processes of this machine.
type running struct {
	place *sandbox.Place
	pods  map[string]core.PodTemplateSpec
	env   map[string]string // of bot and doctor
	bot   string            // the program
}

// install renders the chart for a local Slack and Defender and starts the bundled Redis with
// the configuration that the chart gives it.
func install(t *testing.T) *running {
	t.Helper()
	place, err := sandbox.Open(sandbox.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	e := place.Env()
	values, err := yaml.Marshal(map[string]any{
		"env": map[string]string{
			"APPROVERS": e.Approvers, "AZURE_TENANT_ID": e.TenantID, "AZURE_CLIENT_ID": e.ClientID, "ACTIONS": e.Actions,
			"SLACK_API_URL": e.SlackAPIURL, "AZURE_AUTHORITY_HOST": e.AuthorityHost, "DEFENDER_API_URL": e.DefenderAPIURL,
		},
		"secret": map[string]string{"SLACK_APP_TOKEN": e.SlackAppToken, "SLACK_BOT_TOKEN": e.SlackBotToken, "AZURE_CLIENT_SECRET": e.ClientSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	writeFile(t, file, string(values))
	all := decode(t, render(t, "start", "-f", file))
	r := &running{place: place, pods: pods(all), bot: filepath.Join(t.TempDir(), "bot")}
	c := newCluster(t, all)
	r.env = c.environ(t, r.pods["bot"])
	service := byName(find[*core.Service](all), func(s *core.Service) string { return s.Name })[1] // after the bot's
	port := redistest.FreePort(t)
	inside := service.Name + ":" + strconv.Itoa(int(service.Spec.Ports[0].Port))
	if !strings.Contains(r.env["REDIS_URL"], "@"+inside+"/") {
		t.Fatalf("REDIS_URL is not that of the Service %s", inside)
	}
	r.env["REDIS_URL"] = strings.Replace(r.env["REDIS_URL"], inside, "127.0.0.1:"+port, 1)
	r.redis(t, c, port)
	if out, err := exec.CommandContext(t.Context(), "go", "-C", "../..", "build", "-o", r.bot, "./cmd/bot").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// redis starts redis-server as the StatefulSet does, on a port and with a folder of its own.
func (r *running) redis(t *testing.T, c *cluster, port string) {
	t.Helper()
	spec, config := r.pods["redis"].Spec, ""
	command := spec.Containers[0].Command
	for _, m := range spec.Containers[0].VolumeMounts {
		if file, is := strings.CutPrefix(command[1], m.MountPath+"/"); is {
			config = filepath.Join(c.mount(t, spec, m), file)
		}
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range spec.Containers[0].VolumeMounts {
		if m.Name == "data" {
			text = bytes.Replace(text, []byte("dir "+m.MountPath+"\n"), []byte("dir "+t.TempDir()+"\n"), 1)
		}
	}
	writeFile(t, config, string(text))
	start(t, exec.Command(command[0], config, "--port", port, "--bind", "127.0.0.1"))
	options, err := redis.ParseURL(r.env["REDIS_URL"])
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries, options.DialerRetries = -1, 1
	redistest.Eventually(t, "Redis answers its password", func(ctx context.Context) bool {
		rdb := redis.NewClient(options)
		defer rdb.Close()
		return rdb.Ping(ctx).Err() == nil
	})
	if err := redistest.Client(t, options.Addr).Ping(t.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH") {
		t.Errorf("without the password: %v, want NOAUTH", err)
	}
}

// start starts a process and ends it with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("%s had ended: %s", cmd.Path, &said)
		}
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%s: %v: %s", cmd.Path, err, &said)
		}
	})
}

// command is what a pod's container runs, with its environment and nothing else.
func (r *running) command(pod string, more ...string) *exec.Cmd {
	cmd := exec.Command(r.bot, r.pods[pod].Spec.Containers[0].Args...)
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, more...) // the last one of a name counts
	return cmd
}

// TestInstalled: what the chart installs to get started works. The doctor that "helm test" runs
// finds nothing wrong with the bundled Redis or anything else, and the bot becomes ready where
// the probes look.
func TestInstalled(t *testing.T) {
	r := install(t)
	out, err := r.command("doctor").CombinedOutput()
	for _, about := range []string{"redis", "redis durability", "redis eviction"} { // the bundled one is as the bot wants it
		if err != nil || !regexp.MustCompile(`(?m)^ok +`+about+`  `).Match(out) {
			t.Errorf("the doctor: %v, and not that %s is well: %s", err, about, out)
		}
	}
	addr := "127.0.0.1:" + redistest.FreePort(t)
	container := r.pods["bot"].Spec.Containers[0]
	if want := ":" + strconv.Itoa(int(container.Ports[0].ContainerPort)); r.env["HTTP_ADDR"] != want {
		t.Errorf("the bot listens on %s, the container's port is %s", r.env["HTTP_ADDR"], want)
	}
	start(t, r.command("bot", "HTTP_ADDR="+addr))
	for _, probe := range []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
		if probe.HTTPGet.Port.StrVal != container.Ports[0].Name {
			t.Errorf("a probe looks at %v", probe.HTTPGet.Port)
		}
		redistest.Eventually(t, probe.HTTPGet.Path+" says that all is well", func(ctx context.Context) bool {
			return probes(ctx, "http://"+addr+probe.HTTPGet.Path)
		})
	}
}

// probes reports whether an address answers as a probe wants it.
func probes(ctx context.Context, address string) bool {
	in, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	out, err := http.DefaultClient.Do(in)
	if err != nil {
		return false
	}
	defer out.Body.Close()
	_, err = io.Copy(io.Discard, out.Body)
	return err == nil && out.StatusCode == http.StatusOK
}
