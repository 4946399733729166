# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# The steps that cargo does: format, lints, tests, release build, and the demo built from it.

format_check() {
    cargo fmt --version >/dev/null 2>&1 || skip "rustfmt is not installed (rustup component add rustfmt)"
    cargo fmt --all --check
}

lint_check() {
    cargo clippy --version >/dev/null 2>&1 || skip "clippy is not installed (rustup component add clippy)"
    cargo clippy --workspace --all-targets --locked -- -D warnings
}

# One run covers both backends: the integration tests stand once per backend, and the PostgreSQL half runs when its address is set.
tests_run() {
    if [[ -n "$quick" ]]; then
        unset TEST_DATABASE_URL TEST_REDIS_URL TEST_PG_CTL TEST_REDIS_PRIVATE
        say "embedded backend only"
    elif [[ -z "${TEST_DATABASE_URL:-}" || -z "${TEST_REDIS_URL:-}" ]]; then
        [[ -z "${CI:-}" ]] || fail "no PostgreSQL or no Redis, and CI tests both backends"
        unset TEST_DATABASE_URL TEST_REDIS_URL TEST_PG_CTL TEST_REDIS_PRIVATE
        say "no PostgreSQL or no Redis: embedded backend only"
    else
        say "embedded backend, then PostgreSQL and Redis"
    fi
    cargo test --workspace --locked 2>&1 | tee "$work/tests.log"
    local ran ignored
    ran="$(count_tests passed)"
    ignored="$(count_tests ignored)"
    say "$ran tests passed, $ignored ignored"
    ((ran > 0)) || fail "no test ran at all"
    [[ -z "${CI:-}" ]] || ((ignored == 0)) || fail "$ignored tests are ignored, and in CI nothing may be skipped"
}

# Adds up one word of cargo's "test result" lines.
count_tests() {
    sed -n "s/^test result:.* \([0-9]*\) $1.*/\1/p" "$work/tests.log" | awk '{ sum += $1 } END { print sum + 0 }'
}

# With servers of its own, which it may kill; the binary is the one that the tests have built.
cluster_check() {
    need tests
    "$root/ops/cluster-test" --quick
}

release_build() {
    cargo build --release --locked
}

demo_run() {
    need build
    mkdir -p "$work/demo"
    cd "$work/demo" || return
    JAMBYL__HTTP__ADDR=127.0.0.1:0 timeout --kill-after=10 300 "$bin" demo --exit --requests 60 --minutes 60 --speed 600 </dev/null
}
