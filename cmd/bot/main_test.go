package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestRunArguments is what the program says without starting.
func TestRunArguments(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		stdout string // begins with
		code   int
		err    string
	}{
		{[]string{"version"}, version() + "\n", 0, ""},
		{[]string{"-help"}, help + app.Table(), 0, ""},
		{[]string{"--help"}, help + app.Table(), 0, ""},
		{[]string{"help"}, help + app.Table(), 0, ""},
		{[]string{"-h"}, help + app.Table(), 0, ""},
		{[]string{"run"}, "", 2, "unknown arguments; `bot -help` shows what there is"},
		{[]string{"version", "now"}, "", 2, "unknown arguments; `bot -help` shows what there is"},
		{[]string{"-verbose"}, "", 2, "unknown arguments; `bot -help` shows what there is"},
	} {
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), tt.args, &stdout, &stderr)
		code, text := 0, ""
		if err != nil {
			code, text = exitCode(err), err.Error()
		}
		if code != tt.code || text != tt.err || stderr.Len() > 0 {
			t.Errorf("bot %q: code %d, error %q, stderr %q; want %d and %q", tt.args, code, text, &stderr, tt.code, tt.err)
		}
		if diff := cmp.Diff(tt.stdout, stdout.String()); diff != "" {
			t.Errorf("bot %q says (-want +got):\n%s", tt.args, diff)
		}
	}
}

// TestREADMECommands builds and asks the program as the README says.
func TestREADMECommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"make build", ".bin/bot -help"} {
		if !strings.Contains(string(readme), command) {
			t.Errorf("the README does not say %q", command)
		}
		run := exec.CommandContext(limit(t), "sh", "-c", command)
		run.Dir = "../.."
		out, err := run.CombinedOutput()
		if err != nil || command == ".bin/bot -help" && string(out) != help+app.Table() {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}

// TestProgram is about the program as it is shipped.
func TestProgram(t *testing.T) {
	binary := build(t)
	for name, test := range map[string]func(*testing.T, string){
		"wrong configuration": wrongConfiguration, "whole job": wholeJob, "stop while waiting": stopWhileWaiting,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

// wrongConfiguration starts the program without one, and with a part of
// one in the wrong places: everything that is wrong stands in one message.
func wrongConfiguration(t *testing.T, binary string) {
	const secret = "s3cr3t-in-the-wrong-place"
	for _, tt := range []struct {
		env  []string
		want []string // names of variables
	}{
		{nil, []string{"APPROVERS", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "REDIS_URL", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"}},
		{
			[]string{
				"SLACK_APP_TOKEN=" + secret, "SLACK_BOT_TOKEN=" + secret, "REDIS_URL=" + secret, "APPROVERS=" + secret, "HTTP_ADDR=" + secret,
				"AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c", "AZURE_CLIENT_CERTIFICATE_PATH=" + secret, "LOG_LEVEL=" + secret,
			},
			[]string{"APPROVERS", "AZURE_CLIENT_CERTIFICATE_PATH", "HTTP_ADDR", "LOG_LEVEL", "REDIS_URL", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"},
		},
		{ // the slip that explains what is missing is named behind it
			[]string{
				"APPROVER=" + secret, "SLACK_APP_TOKEN=xapp-1", "SLACK_BOT_TOKEN=xoxb-1", "REDIS_URL=redis://r", "HTTP_PROXY=" + secret,
				"AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=s",
			},
			[]string{"APPROVERS", "APPROVER"},
		},
	} {
		code, stdout, stderr := begin(t, binary, tt.env...).end(t)
		if code != 2 || stdout != "" || strings.Contains(stderr, secret) {
			t.Errorf("exit code %d, stdout %q, stderr %q; want 2 and no value shown", code, stdout, stderr)
		}
		var got []string
		for line := range strings.Lines(strings.TrimPrefix(stderr, "bot: the configuration is not usable:\n")) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			got = append(got, name)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("variables in the message (-want +got):\n%s", diff)
		}
	}
}

// wholeJob is done by a program that is told everything by the variables of its
// contract, until SIGTERM ends it. Nothing
// secret is in what it writes at its most talkative.
func wholeJob(t *testing.T, binary string) {
	const password = "redis-password-1"
	mini := redistest.Mini(t)
	mini.RequireAuth(password)
	place, err := sandbox.Open(sandbox.Options{
		Now: time.Now, Redis: "redis://:" + password + "@" + mini.Addr(),
		Defender: defenderfake.Options{FreshFor: -1, PendingFor: 10 * time.Millisecond, RunFor: 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	// What goes wrong is what gets logged.
	place.Slack.Break(slackfake.Fault{Method: "socket", Drop: true, Times: 1})
	place.Slack.Break(slackfake.Fault{Method: "apps.connections.open", Drop: true, Times: 1})
	place.Defender.Inject(defenderfake.Fault{On: defenderfake.Token, When: defenderfake.AfterEffect, Drop: true, Times: 1})
	const stray = "value-of-a-stray"
	env := place.Env()
	key, signing := signingKey(t)
	env.AuditSigningKeyFile = signing
	bot := begin(t, binary, append(variables(t, env), "REQUESTER="+stray, "APPROVAL_TLL="+stray, "HTTP_PROXYS="+stray)...)
	work(t, place)
	if err := bot.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := bot.end(t)
	if code != 0 || stdout != "" {
		t.Errorf("after SIGTERM: exit code %d, stdout %q, want 0 and nothing", code, stdout)
	}
	for what, secret := range map[string]string{
		"app token": place.Slack.AppToken(), "bot token": place.Slack.BotToken(), "client secret": defenderfake.DefaultClientSecret,
		"Redis password": password, "ticket of a socket": "ticket=", "address of a socket": "/link/", "response_url of a command": "/commands/T",
		"response_url of a click": "/actions/T", "access token or assertion": "eyJ", "bearer": "Bearer ",
		"signing key":                          key,
		"value of a variable that is not read": stray, "variable of somebody else": "HTTP_PROXYS",
	} {
		if strings.Contains(stderr, secret) {
			t.Errorf("the log has the %s in it", what)
		}
	}
	verified(t, binary, stderr, variables(t, env))
	for _, want := range []string{
		`"msg":"audit sealed"`, `"msg":"running"`, `"credential":"client secret"`, `"event":"accept"`, "token renewal failed", "connect a socket", "response_url took no answer",
		`"msg":"unknown variable set","variable":"REQUESTER","did_you_mean":"REQUESTERS"`,
		`"msg":"unknown variable set","variable":"APPROVAL_TLL","did_you_mean":"APPROVAL_TTL"`,
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("the log has no %s:\n%s", want, stderr)
		}
	}
}

// verified holds the trail that the program has written against what it logged.
func verified(t *testing.T, binary, log string, env []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bot.log")
	if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(limit(t), binary, "audit", "verify", "-against", file)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"seals       1 to ", "signatures  checked: all ", "nothing sealed was changed\n"} {
		if !strings.Contains(string(out), want) || err != nil {
			t.Errorf("%v, no %q in:\n%s", err, want, out)
		}
	}
}

// work lets Ada ask and Grace approve, while private answers fail all ways.
func work(t *testing.T, place *sandbox.Place) {
	t.Helper()
	ctx := limit(t)
	if err := place.Slack.Wait(ctx, func(s *slackfake.Server) bool { return len(s.Sockets()) == 2 }); err != nil {
		t.Fatal("the program opened no two sockets")
	}
	out, err := place.Slack.Command(ctx, sandbox.Ada, sandbox.Incident, "collect "+sandbox.Laptop+" why")
	if err != nil || out.Answer == nil {
		t.Fatalf("%v, Slack shows %q", err, out.Shown)
	}
	card, err := place.WaitCard(ctx, sandbox.Incident, "Waiting for approval")
	if err != nil {
		t.Fatal(err)
	}
	place.Slack.Break(slackfake.Fault{Method: "response_url", Drop: true})
	place.Slack.Break(slackfake.Fault{Method: "chat.postEphemeral", Status: 500})
	place.Slack.Break(slackfake.Fault{Method: "conversations.open", Status: 500})
	for _, who := range []string{sandbox.Ben, sandbox.Grace} {
		if out, err := place.Slack.Click(ctx, who, card.Channel, card.TS, "approve"); err != nil || !out.Acked {
			t.Fatalf("%s: %v, acknowledged %v", who, err, out.Acked)
		}
	}
	if _, err := place.WaitCard(ctx, sandbox.Incident, "Succeeded"); err != nil {
		t.Fatal(err)
	}
	if n := len(place.Defender.Actions()); n != 1 {
		t.Errorf("%d actions in Defender, want 1", n)
	}
}

// stopWhileWaiting ends a program that waits for Slack.
func stopWhileWaiting(t *testing.T, binary string) {
	place, err := sandbox.Open(sandbox.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	env := variables(t, place.Env())
	if err := place.Close(); err != nil {
		t.Fatal(err)
	}
	bot := begin(t, binary, env...)
	bot.stderr.wait(t, `"check":"slack"`)
	if err := bot.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := bot.end(t)
	if code != 0 {
		t.Errorf("exit code %d, want 0: %s", code, stderr)
	}
	if _, last, told := strings.Cut(stderr, `"msg":"stopping"`); !told || !strings.HasSuffix(stderr, `"msg":"stopped"}`+"\n") || strings.Count(last, "\n") > 4 {
		t.Errorf("it does not say that it stops, and last that it has: %s", stderr)
	}
}
