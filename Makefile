# Everything a person or a runner does with this repository. Each target installs what it needs:
# Debian packages where they are missing and you are root; otherwise it says which are missing.

BIN     := bin
GO      ?= go
# The same flags as the tests, so that one compilation of the dependencies serves both.
GOBUILD := $(GO) build

.PHONY: demo test build front generate campaign bench screenshot shots clean
.DEFAULT_GOAL := build

## demo: build, start everything on loopback and go on running until Ctrl-C
demo: build
	@./scripts/install.sh demo
	$(BIN)/holdover-demo --dir $(or $(DIR),.demo) --ports $(or $(PORTS),8800)

## build: bin/holdover and bin/holdover-demo (tests build bin/standin, the double alone, by themselves)
build: front
	$(GOBUILD) -o $(BIN)/holdover ./cmd/holdover
	cd demo && $(GOBUILD) -o ../$(BIN)/holdover-demo .

## front: the scripts of others and PDFium, as pinned in static/package-lock.json
front: static/vendor/.stamp
static/vendor/.stamp: static/package-lock.json static/build.sh
	mkdir -p static/vendor
	sh static/build.sh
	@touch $@

## generate: the Go code of the templ components
generate:
	$(GO) tool templ generate

## test: all checks and all tests of both modules; this is what CI runs
test:
	@./scripts/test.sh

## campaign NAME=seeds, walk, storybook, kills, pace or budgets: a long run, appended to docs/measurements.md ("make campaign seeds" works too)
CAMPAIGN := $(or $(NAME),$(filter-out campaign,$(MAKECMDGOALS)))
campaign: build
	@./scripts/install.sh test
	@./scripts/campaign.sh $(CAMPAIGN)
ifneq (,$(filter campaign,$(MAKECMDGOALS)))
.PHONY: $(filter-out campaign,$(MAKECMDGOALS))
$(filter-out campaign build front,$(MAKECMDGOALS)):
	@:
endif

## bench: Holdover beside the peers; the table goes to docs/measurements.md
bench: build
	@./scripts/install.sh bench
	@./scripts/bench.sh

## screenshot: docs/screenshot.png, made by the end-to-end test, and docs/report.png, the report of a drain of 1,000 messages
screenshot: build
	@./scripts/install.sh test
	cd demo && HOLDOVER_SCREENSHOT=$(CURDIR)/docs/screenshot.png $(GO) test ./e2e -run '^TestJourney$$' -count=1 -v
	HOLDOVER_REPORT=$(CURDIR)/docs/report.png $(GO) test ./web -run '^TestReportOfADrain$$' -count=1 -v

## shots: every page in every state as shots/NAME-WIDTH-COLOUR-LANGUAGE.png, made by the walk of the checks (ONLY=inbox,desk: some)
shots: build
	@./scripts/install.sh test
	HOLDOVER_SHOTS=$(CURDIR)/shots HOLDOVER_WALK_ONLY=$(ONLY) $(GO) test ./web -run '^TestCheck01_Axe$$' -count=1 -timeout 60m -v

clean:
	rm -rf $(BIN) paper/vendor/*.gz paper/vendor/LICENSE* static/vendor/*.js static/vendor/.stamp static/node_modules
