# Every command that people and CI run. Tools other than Go are built from
# tools/go.mod into .bin, so versions are the same everywhere.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

GO ?= go
FUZZTIME ?= 60s
REV ?= $(shell git describe --tags --abbrev=0)
BENCH ?= .
ONLY ?=
UPDATE ?=
REDIS_SERVER ?= redis-server
SOAK ?= 24h
KILLS ?= 60

LINT := .bin/golangci-lint
HELM := .bin/helm
OFFICIAL := internal/slackfake/official
IDENTITY := internal/defenderfake/official
CHARTTEST := charts/test
AXE := cmd/sandbox/testdata/axe

# What `make test` is made of.
PARTS := test-race chart play test-release docs-check bench-quick

.PHONY: help
help: ## Show this help
	@awk -F ':.*## |##@ ' '/^##@/ {print "\n" $$2} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Every change

.PHONY: check
check: $(LINT) ## Format, vet, lint, go.mod: changes nothing, fails on what is not right
	$(LINT) fmt --diff
	$(GO) vet ./...
	$(LINT) run
	$(GO) mod tidy -diff
	$(GO) -C $(IDENTITY) vet .
	$(GO) -C $(IDENTITY) mod tidy -diff
	$(GO) -C release vet ./...
	cd release && ../$(LINT) run --config ../.golangci.yml
	$(GO) -C release mod tidy -diff
	cd $(CHARTTEST) && ../../$(LINT) run
	$(GO) -C $(CHARTTEST) mod tidy -diff
	cd bench && ../$(LINT) run --config ../.golangci.yml
	$(GO) -C bench mod tidy -diff

.PHONY: test
test: $(PARTS) ## Everything: tests with -race on a real Redis, the chart, the sandbox's story, a release, each study once

.PHONY: parts
parts: # what .ci/run runs, and says the time of
	@echo check $(PARTS)

.PHONY: test-race
test-race: $(OFFICIAL)/node_modules/.package-lock.json $(IDENTITY)/node_modules/.package-lock.json $(AXE)/node_modules/.package-lock.json
	tools/needs
	REQUIRE_REDIS=1 REQUIRE_NODE=1 REQUIRE_CHROMIUM=1 REQUIRE_TOOLS=1 $(GO) test -race -timeout 30m ./...

.PHONY: test-go
test-go: ## The tests that need nothing but Go
	$(GO) test ./...

.PHONY: test-store
test-store: ## The store's tests on another server: make test-store REDIS_SERVER=valkey-server
	REQUIRE_REDIS=1 REDIS_SERVER=$(REDIS_SERVER) $(GO) test -count=1 ./approvals/...

.PHONY: play
play: ## Run the whole bot through its story in the terminal
	$(GO) run ./cmd/sandbox -play

.PHONY: chart
chart: $(HELM) .bin/helm-docs .bin/kube-score ## Hold the Helm chart to Kubernetes' types, the bot, kube-score and its docs; feed it wrong values; run what it installs
	tools/needs
	REQUIRE_REDIS=1 $(GO) -C $(CHARTTEST) test -count=1 ./...

.PHONY: test-release
test-release: $(HELM) .bin/cyclonedx-gomod ## Make a release twice, compare, look into it, run its image under chroot (as root)
	tools/needs
	$(GO) -C release test -timeout 30m ./...

.PHONY: docs-check
docs-check: $(HELM) ## Follow the documents: every command in them, the whole trial of docs/install.md included; some minutes
	tools/needs
	REQUIRE_TOOLS=1 $(GO) test ./docs -count=1 -timeout 30m -args -walk

##@ Now and then

.PHONY: fmt
fmt: $(LINT) ## Format the code
	$(LINT) fmt

.PHONY: golden
golden: $(HELM) .bin/helm-docs ## Write the golden files anew from what the code does; read the diff
	$(GO) test ./bot/... ./commands/... ./internal/sandbox/blockhtml -update
	$(GO) test ./approvals ./internal/app -run 'TestStateMachineDocument|TestEntriesDocument|TestREADME|TestActionsDocument|TestMetricsDocument|TestConversations' -update
	$(GO) -C $(CHARTTEST) test -count=1 . -run 'TestSchema|TestREADME|TestGolden' -update
	$(GO) -C release test -count=1 . -run TestLicences -update
	$(GO) test ./docs -run TestInstallRoles -update

.PHONY: previous
previous: ## Keep REV (a released tag) as the version that upgrades start from: its source, and what it leaves when killed
	git archive $(REV) go.mod go.sum cmd/bot commands approvals defender bot internal/app internal/audit \
		':(exclude,glob)**/*_test.go' ':(exclude,glob)**/testdata/**' | gzip -n9 >internal/upgrade/testdata/previous.tar.gz
	REQUIRE_REDIS=1 $(GO) test ./internal/upgrade -run TestKept -count=1 -update

.PHONY: pictures
pictures: ## Take the pictures in docs/img anew; look at them
	REQUIRE_CHROMIUM=1 $(GO) test ./cmd/sandbox -run 'TestStory|TestTrouble/mouse|TestJob' -count=1 -update

.PHONY: bench
bench: ## Run the benchmarks (BENCH=Parse for some of them)
	$(GO) test ./... -run '^$$' -bench '$(BENCH)' -benchmem

.PHONY: bench-peers
bench-peers: bench/peers/bolt/node_modules/.package-lock.json ## Measure the bot beside its peers (ONLY=ack,due for some of it) and write docs/performance.md; tens of minutes
	tools/needs
	$(GO) -C bench run . -only '$(ONLY)'

.PHONY: allocs
allocs: ## Compare what the hot paths allocate with the committed numbers (UPDATE=-update writes those anew)
	tools/needs
	$(GO) -C bench run ./allocs $(UPDATE)

.PHONY: bench-quick
bench-quick: allocs bench/peers/bolt/node_modules/.package-lock.json # every study with next to no work, and the tests of bench
	tools/needs
	$(GO) -C bench test ./...
	$(GO) -C bench run . -quick

.PHONY: fuzz
fuzz: ## Fuzz the grammar, configuration, stored records, envelopes, views and audit verify, FUZZTIME (60s) each
	$(GO) test ./commands -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME)
	$(GO) test ./internal/app -run '^$$' -fuzz FuzzConfig -fuzztime $(FUZZTIME)
	$(GO) test ./approvals/ledger -run '^$$' -fuzz FuzzDecode -fuzztime $(FUZZTIME)
	$(GO) test ./bot -run '^$$' -fuzz FuzzEnvelope -fuzztime $(FUZZTIME) -fuzzminimizetime 20x
	$(GO) test ./bot -run '^$$' -fuzz FuzzViews -fuzztime $(FUZZTIME)
	$(GO) test ./internal/audit -run '^$$' -fuzz FuzzVerify -fuzztime $(FUZZTIME)

.PHONY: chaos
chaos: ## Kill the bot KILLS times (60) at the worst moments; about two seconds each, and five minutes
	REQUIRE_REDIS=1 $(GO) test ./internal/chaos -run TestChaos -v -count=1 -timeout $$(( $(KILLS) / 10 + 20 ))m -args -kills $(KILLS)

.PHONY: soak
soak: ## Simulate SOAK (24h) of Microsoft's windows with work always waiting; tens of minutes
	$(GO) test ./approvals/ledger -run TestWindowsHold -v -count=1 -timeout 3h -args -soak $(SOAK)

.PHONY: build
build: ## Build the static binary into .bin/bot
	CGO_ENABLED=0 $(GO) build -trimpath -o .bin/bot ./cmd/bot

.PHONY: image
image: ## Build the image without a container engine, for amd64 and arm64: a tar of an OCI layout in .bin/dist
	$(GO) -C release run . image

.PHONY: dist
dist: $(HELM) .bin/cyclonedx-gomod ## Make all that a release has in .bin/dist: archives, image, SBOMs, chart, checksums
	$(GO) -C release run . dist

.PHONY: sbom
sbom: build .bin/cyclonedx-gomod ## List the modules and the Go that are in .bin/bot, as CycloneDX: .bin/bot.cdx.json
	.bin/cyclonedx-gomod bin -json -std -noserial -notimestamp -output .bin/bot.cdx.json .bin/bot

.PHONY: vulns
vulns: .bin/govulncheck ## Look for known vulnerabilities in what is called; needs vuln.go.dev, which not every network reaches
	.bin/govulncheck ./...

.PHONY: clean
clean: ## Remove what was built
	rm -rf .bin

# What npm installs: Slack's and Microsoft's own client libraries, which the
# fakes are held against, and the accessibility rules that the sandbox's page is held against.
%/node_modules/.package-lock.json: %/package-lock.json
	tools/needs
	cd $* && npm ci
	@touch $@

# What the targets above need: how each tool is built.

.bin/golangci-lint: PACKAGE = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
.bin/helm: PACKAGE = helm.sh/helm/v4/cmd/helm
.bin/benchstat: PACKAGE = golang.org/x/perf/cmd/benchstat
.bin/cyclonedx-gomod: PACKAGE = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
.bin/govulncheck: PACKAGE = golang.org/x/vuln/cmd/govulncheck

.bin/helm-docs: PACKAGE = github.com/norwoodj/helm-docs/cmd/helm-docs
.bin/kube-score: PACKAGE = github.com/zegl/kube-score/cmd/kube-score

# A module of their own: both want Kubernetes' libraries of some years ago.
.bin/helm-docs .bin/kube-score: charts/tools/go.mod charts/tools/go.sum
	@echo "building $@ (charts/tools/go.mod pins it; a minute the first time)"
	$(GO) -C charts/tools build -o ../../$@ $(PACKAGE)

.bin/%: tools/go.mod tools/go.sum
	@echo "building $* (tools/go.mod pins it; minutes the first time)"
	$(GO) -C tools build -o ../$@ $(PACKAGE)
