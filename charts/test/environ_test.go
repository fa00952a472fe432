package charttest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/kelseyhightower/envconfig"
	core "k8s.io/api/core/v1"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

// cluster is what is there beside the chart: Secrets and ConfigMaps, by name and key, and
// where files are mounted.
type cluster struct {
	data map[string]map[string]string
	root string // a folder for what is mounted
}

// newCluster has the Secrets that the files of ci name and those that the chart makes.
func newCluster(t *testing.T, all []thing) *cluster {
	t.Helper()
	tokens := map[string]string{"SLACK_APP_TOKEN": "xapp-yours", "SLACK_BOT_TOKEN": "xoxb-yours"}
	c := &cluster{root: t.TempDir(), data: map[string]map[string]string{
		"yours":                 tokens,
		"defenderbot-secrets":   {"REDIS_URL": "rediss://redis.example:6380/0", "AZURE_CLIENT_SECRET": "s~ecret"},
		"redis-of-the-platform": {"url": "rediss://redis.example:6380/0"},
		"slack-token":           {"bot-token": "xoxb-mounted\n"},
		"entra-certificate":     {"tls.pem": certificate(t)},
		"audit-key":             {"key.pem": signingKey(t)},
		"company-ca":            {"ca.crt": certificate(t)},
	}}
	maps.Copy(c.data["defenderbot-secrets"], tokens)
	for _, s := range find[*core.Secret](all) {
		c.data[s.Name] = s.StringData
	}
	return c
}

// environ is the environment of a pod's one container, as Kubernetes makes it: what an entry
// of env says goes before what a whole Secret says. Files are mounted under the cluster's root.
func (c *cluster) environ(t *testing.T, pod core.PodTemplateSpec) map[string]string {
	t.Helper()
	container, env := pod.Spec.Containers[0], map[string]string{}
	for _, from := range container.EnvFrom {
		maps.Copy(env, c.read(t, from.SecretRef.Name))
	}
	for _, v := range container.Env {
		env[v.Name] = v.Value
		if v.ValueFrom != nil {
			ref := v.ValueFrom.SecretKeyRef
			value, there := c.read(t, ref.Name)[ref.Key]
			if !there {
				t.Errorf("%s: Secret %s has no key %s", v.Name, ref.Name, ref.Key)
			}
			env[v.Name] = value
		}
	}
	for _, m := range container.VolumeMounts {
		at := c.mount(t, pod.Spec, m)
		for name, value := range env {
			if value == m.MountPath || strings.HasPrefix(value, m.MountPath+"/") {
				env[name] = at + strings.TrimPrefix(value, m.MountPath)
			}
		}
	}
	return env
}

func (c *cluster) read(t *testing.T, name string) map[string]string {
	t.Helper()
	if c.data[name] == nil {
		t.Errorf("the pod reads %q, which is not there", name)
	}
	return c.data[name]
}

// mount writes the files of a volume where the test can read them.
func (c *cluster) mount(t *testing.T, spec core.PodSpec, m core.VolumeMount) (at string) {
	t.Helper()
	i := slices.IndexFunc(spec.Volumes, func(v core.Volume) bool { return v.Name == m.Name })
	if i < 0 {
		t.Fatalf("no volume %s for %s", m.Name, m.MountPath)
	}
	name := ""
	switch v := spec.Volumes[i]; {
	case v.Secret != nil:
		name = v.Secret.SecretName
	case v.ConfigMap != nil:
		name = v.ConfigMap.Name
	}
	at = filepath.Join(c.root, m.MountPath)
	for file, text := range c.read(t, name) {
		writeFile(t, filepath.Join(at, file), text)
	}
	return at
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// webhook adds what the webhook of workload identity does to a pod with its label
// (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
func (c *cluster) webhook(t *testing.T, all []thing, pod core.PodTemplateSpec, env map[string]string) {
	t.Helper()
	if pod.Labels["azure.workload.identity/use"] != "true" {
		return
	}
	token := filepath.Join(c.root, "azure-identity-token")
	writeFile(t, token, "e30.e30.e30")
	env["AZURE_FEDERATED_TOKEN_FILE"], env["AZURE_AUTHORITY_HOST"] = token, "https://login.microsoftonline.com/"
	accounts := find[*core.ServiceAccount](all)
	i := slices.IndexFunc(accounts, func(a *core.ServiceAccount) bool { return a.Name == pod.Spec.ServiceAccountName })
	if i < 0 {
		t.Fatalf("no ServiceAccount %q", pod.Spec.ServiceAccountName)
	}
	for annotation, name := range map[string]string{"client-id": "AZURE_CLIENT_ID", "tenant-id": "AZURE_TENANT_ID"} {
		if got := accounts[i].Annotations["azure.workload.identity/"+annotation]; got != env[name] {
			t.Errorf("the account's %s is %q, the bot's %q", annotation, got, env[name])
		}
	}
}

// understood is what the bot makes of an environment. It must read every variable of it or know
// that it is none of its own.
func understood(t *testing.T, env map[string]string) app.Config {
	t.Helper()
	for f := range reflect.TypeFor[app.Env]().Fields() {
		t.Setenv(f.Tag.Get("envconfig"), "")
	}
	var names []string
	for name, value := range env {
		t.Setenv(name, value)
		names = append(names, name)
	}
	if strays := app.Strays(names); len(strays) > 0 {
		t.Errorf("the bot takes for slips: %v", strays)
	}
	var e app.Env
	if err := envconfig.Process("", &e); err != nil {
		t.Fatal(err)
	}
	config, err := e.Config(defender.Actions(), time.Now())
	if err != nil {
		t.Error(err)
	}
	return config
}

// TestEnvironment: the bot takes what the container of each way of using the chart hands it,
// and its doctor gets the same.
func TestEnvironment(t *testing.T) {
	type got struct {
		Sockets, Replicas         int
		App, Bot, HTTP            string
		Secret, Certificate, File bool
	}
	for _, set := range sets(t) {
		want, known := map[string]got{
			"example":           {2, 1, "xapp-example", "xoxb-example", ":8080", true, false, false},
			"start":             {2, 0, "xapp-example", "xoxb-example", ":8080", true, false, false},
			"existing-secret":   {2, 1, "xapp-yours", "xoxb-yours", ":8080", true, false, false},
			"proxy":             {2, 1, "xapp-yours", "xoxb-yours", ":8080", true, false, false},
			"workload-identity": {2, 1, "xapp-example", "xoxb-example", ":8080", false, false, true},
			"certificate":       {5, 0, "xapp-example", "xoxb-mounted", ":8080", false, true, false},
			"everything":        {2, 0, "xapp-yours", "xoxb-yours", ":8080", false, false, true},
		}[set]
		if !known {
			t.Errorf("say here what the bot makes of ci/%s-values.yaml", set)
		}
		t.Run(set, func(t *testing.T) {
			all := decode(t, render(t, set))
			c, made := newCluster(t, all), pods(all)
			if set == "existing-secret" { // what everybody keeps in it who has nothing else
				c.data["yours"]["REDIS_URL"], c.data["yours"]["AZURE_CLIENT_SECRET"] = "redis://redis:6379/0", "s~ecret"
			}
			env := c.environ(t, made["bot"])
			c.webhook(t, all, made["bot"], env)
			config := understood(t, env)
			_, file := env["AZURE_FEDERATED_TOKEN_FILE"]
			_, cert := env["AZURE_CLIENT_CERTIFICATE_PATH"]
			_, secret := env["AZURE_CLIENT_SECRET"]
			if diff := gocmp.Diff(want, got{
				config.SlackConnections, config.WaitReplicas, config.SlackAppToken, config.SlackBotToken, config.HTTPAddr, secret, cert, file,
			}); diff != "" {
				t.Errorf("the bot understands something else (-want +got):\n%s", diff)
			}
			doctor := c.environ(t, made["doctor"])
			c.webhook(t, all, made["doctor"], doctor)
			if diff := gocmp.Diff(env, doctor); diff != "" {
				t.Errorf("the doctor's environment is another (-bot +doctor):\n%s", diff)
			}
		})
	}
}

// certificate is one with its key, in PEM; Entra takes RSA alone.
func certificate(t *testing.T) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bot"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + inPEM(t, private)
}

// signingKey is one for the seals of the audit trail, in PEM.
func signingKey(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM(t, private)
}

func inPEM(t *testing.T, private any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
