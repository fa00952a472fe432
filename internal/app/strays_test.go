package app_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/app"
)

// TestStrays: a slip in a name is found, and the variables of others are none.
func TestStrays(t *testing.T) {
	for name, meant := range map[string]string{
		"REQUESTER": "REQUESTERS", "APPROVAL_TLL": "APPROVAL_TTL", "APROVERS": "APPROVERS", "ACTION": "ACTIONS", "ACTIOSN": "ACTIONS", "CHANNEL": "CHANNELS", "approvers": "APPROVERS",
		"ALLOW_SHARED_CHANNEL": "ALLOW_SHARED_CHANNELS", "REDIS_URI": "REDIS_URL", "DEFENDER_CLOUDS": "DEFENDER_CLOUD",
		"APPROVAL_TIMEOUT": "APPROVAL_TTL", "REQUESTERS_GROUP": "REQUESTERS", "EXECUTION_MINUTES": "EXECUTION_TTL", "DEFENDER_REGION": "DEFENDER_CLOUD",
		"AZURE_CLIENT_CERTIFICATE_PASSWORD": "AZURE_CLIENT_CERTIFICATE_PATH",
	} {
		if diff := cmp.Diff([]app.Stray{{Name: name, Meant: meant}}, app.Strays([]string{name})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := app.Strays(variableNames()); len(got) > 0 {
		t.Errorf("what is read: %+v", got)
	}
	others := []string{
		"", "_", "A", "APP", "PATH", "HOME", "HOSTNAME", "USER", "LOGNAME", "LANG", "TERM", "SHELL", "SHLVL", "PWD", "TZ", "LOG", "MAX",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GODEBUG", "GOMAXPROCS", "GOMEMLIMIT",
		"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT_HTTPS", "KUBERNETES_PORT_443_TCP_ADDR", "DEFENDERBOT_SERVICE_HOST", "DEFENDERBOT_PORT_8080_TCP",
		"REDIS_SERVICE_HOST", "REDIS_PORT_6379_TCP_ADDR", "REDIS_MASTER_SERVICE_PORT", "AZURE_SUBSCRIPTION_ID", "OTEL_EXPORTER_OTLP_ENDPOINT", "POD_NAMESPACE",
		"OPTIONS", "CAPTIONS", "JAVA_OPTIONS", "SECTION", "GITHUB_ACTIONS", "GITHUB_ACTION", "ACTIVE",
	}
	if got := app.Strays(others); len(got) > 0 {
		t.Errorf("other programs': %+v", got)
	}
}

// variableNames are the names of all that the program reads.
func variableNames() (names []string) {
	for f := range reflect.TypeFor[app.Env]().Fields() {
		names = append(names, f.Tag.Get("envconfig"))
	}
	return names
}
