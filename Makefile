# erlmcp. `make` prints this help; the two targets a new checkout needs are run and test.

GO        ?= go
BIN       := bin
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Without -trimpath the build shares its cache with the tests; a release passes BUILDFLAGS=-trimpath.
BUILDFLAGS ?=
REVISION  ?= $(shell git describe --always --abbrev=12 --exclude '*' --dirty 2>/dev/null)
LDFLAGS   := -X main.version=$(VERSION) -X main.revision=$(REVISION)
FUZZTIME  ?= 20s
BENCHTIME ?= 1s
NODES     ?= 4
GROUP     ?= .
FORM      ?= ci
PKG       ?= ./...
# The deployment guide's groups, which testsuite knows by name.
DOCKERGROUPS := docker_topology load_testing performance_measurement stress_testing failure_recovery docker_validations

.DEFAULT_GOAL := help
.PHONY: bench-eval bench-cluster bench-docker help run cluster test check build fmt vet lint lint-full race tidy-check fuzz bench bench-micro bench-peers cover conformance testsuite testsuite-cluster clean

help: ## print this help
	@echo 'usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build and start a node on loopback with demo tools
	$(BIN)/erlmcp dev

cluster: build ## build and start NODES (4) nodes on 127.0.0.1 and up as one cluster
	$(BIN)/erlmcp cluster --nodes $(NODES)

test: ## everything that a machine with only Go can prove; conformance where Node 20 is there
	$(GO) vet ./...
	$(GO) test ./internal/lint
	$(GO) test $$($(GO) list ./... | grep -v /testsuite/)
	$(GO) test -p 1 -timeout 40m ./testsuite/... # one at a time: they stop and freeze processes, and watch clocks
	@$(MAKE) --no-print-directory conformance

check: fmt vet lint test race tidy-check ## what a change has to pass

build: ## compile the daemon and the conformance server into bin/
	$(GO) build $(BUILDFLAGS) -ldflags '$(LDFLAGS)' -o $(BIN)/erlmcp ./cmd/erlmcp
	@if [ -d examples/conformance-server ]; then $(GO) build $(BUILDFLAGS) -o $(BIN)/conformance-server ./examples/conformance-server; fi

rootfs: ## lay out the root file system of the scratch image in build/; needs a static busybox or apt-get
	VERSION='$(VERSION)' GO='$(GO)' docker/rootfs.sh

docker-build: ## build the image erlmcp:0.7.0-cluster, from Alpine where a registry answers, else from scratch
	GO='$(GO)' docker/build.sh erlmcp

fmt: ## fail where a file is not gofmt'ed
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "not formatted:"; echo "$$out"; exit 1; }

vet:
	$(GO) vet ./...

lint: ## staticcheck and the project's own rules (internal/lint)
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	$(GO) test ./internal/lint

lint-full: ## golangci-lint with .golangci.yml; the first run builds it, about two minutes
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

race: ## all tests under the race detector
	$(GO) test -race ./...

tidy-check:
	$(GO) mod tidy -diff

fuzz: ## each fuzz target for FUZZTIME (20s)
	@for dir in $$(git ls-files '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -h -o '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
	    echo "== $$dir $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) ./$$dir || exit 1; \
	  done; done

bench: bench-micro bench-peers ## both of the following

bench-micro: ## micro benchmarks of PKG (./...), BENCHTIME (1s) each
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(PKG)

bench-peers: build ## memory and throughput against other servers, in one run; BENCHFLAGS go to the program
	cd tools/peers && $(GO) build -trimpath -o ../../$(BIN)/peers .
	$(GO) run ./testsuite/bench -node $(BIN)/erlmcp -peers $(BIN)/peers $(BENCHFLAGS)

bench-cluster: ## four nodes on this machine: requests through another node, fan-out, snapshots
	$(GO) build -trimpath -o $(BIN)/clusterbench ./testsuite/clusterbench
	$(BIN)/clusterbench

bench-docker: ## containers against processes, start times, 4 to 16 nodes; needs an engine and docker-build; BENCHFLAGS go to the program
	$(GO) run ./testsuite/dockerbench $(BENCHFLAGS)

bench-eval: build ## what looking into a node costs, with 15,000 sessions open
	$(GO) run ./testsuite/evalbench -program $(BIN)/erlmcp

cover: ## coverage by function
	$(GO) test -coverprofile=coverage.out ./...
	$(GO) tool cover -func=coverage.out | tail -n 1

conformance: ## the official MCP conformance suite; needs node >= 20
	@sh testsuite/conformance/run.sh

testsuite-cluster: ## clusters under faults, everything once; FORM=long: three seeds side by side, faults of 30 s; GROUP=TestKill: one
	ERLMCP_CLUSTERING=$(FORM) $(GO) test -count=1 -timeout 60m -parallel 3 -v ./testsuite/clustering -run '$(GROUP)'

testsuite: ## black-box tests whose name matches GROUP, e.g. make testsuite GROUP=TestBadInput
	ERLMCP_DOCKER=$(FORM) $(GO) test -count=1 -timeout 60m -v $(if $(filter $(DOCKERGROUPS),$(GROUP)),./testsuite/docker -run 'TestDockerDeployment/$(GROUP)',./testsuite/... -run '$(GROUP)')

clean: ## remove what the build made
	rm -rf $(BIN) build coverage.out
