# Two commands do all the set-up: `make run` and `make test`. The rest is for daily work.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-tools check fmt generate openapi bench audit web-dev

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start Trackside (ARGS="--listen 127.0.0.1:9000" is passed on)
	@scripts/run.sh $(ARGS)

test: test-tools check ## Install what tests need, then check and test everything on both databases (ARGS="-E 'test(name)'" picks tests)
	@scripts/test.sh $(ARGS)

test-tools:
	@scripts/install-test-tools.sh

check: ## Formatting, clippy, licences, layering, generated files
	@scripts/check.sh

fmt: ## Format the code
	@cargo fmt --all

generate: ## Write the generated files anew (OpenAPI document, event schemas, permissions)
	@scripts/generate.sh

openapi: generate

web-dev: ## Serve the web app with hot reload before a running server (TRACKSIDE_URL, or http://127.0.0.1:8080)
	@scripts/web-dev.sh $(ARGS)

bench: ## Run the benches on durable databases (PEERS_BENCH=… runs the peers too; ARGS="w1" picks benches)
	@scripts/bench.sh $(ARGS)

audit: ## Look the dependencies up among known vulnerabilities (needs cargo-deny and the network)
	@cargo deny check advisories
