# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# Checks of what others rely on: configuration files, dependencies, metrics, alert rules, the OpenAPI file.

config_check() {
    need build
    mkdir -p "$work/config"
    cd "$work/config" || return
    say "built-in defaults"
    "$bin" check-config
    say "config/default.toml"
    JAMBYL_CONFIG="$root/config/default.toml" "$bin" check-config
    say "config/example.production.toml, with config.dir on the shipped data"
    printf 'a dummy key, the same in all processes' >"$work/config/journal_key"
    mkdir -p "$work/config/media"
    (
        set -a
        # shellcheck source=/dev/null
        source "$root/ops/checks/dummy_secrets.env"
        JAMBYL__JOURNAL__KEY_FILE="$work/config/journal_key" JAMBYL__MEDIA__URL="$work/config/media" JAMBYL__CONFIG__DIR="$root/config" \
            JAMBYL_CONFIG="$root/config/example.production.toml" "$bin" check-config
    )
    say "an unknown key must be refused"
    printf '[http]\nadress = "127.0.0.1:1"\n' >"$work/config/wrong.toml"
    local code=0
    JAMBYL_CONFIG="$work/config/wrong.toml" "$bin" check-config >"$work/config/wrong.log" 2>&1 || code=$?
    if ((code == 0)) || ! grep -q adress "$work/config/wrong.log"; then
        cat "$work/config/wrong.log"
        fail "check-config passed a file with an unknown key, or did not name the key"
    fi
}

# The shipped model is what the shipped corpus gives, bit for bit; how good it is, is printed.
triage_check() {
    need build
    cd "$work" || return
    "$bin" train --out "$work/model.bin"
    cmp "$work/model.bin" "$root/config/triage/model.bin" ||
        fail "config/triage/model.bin is not what the corpus and the word lists give: run 'jambyl109 train --out config/triage/model.bin' and commit it"
    say "frozen messages, which no model was fitted to"
    "$bin" evaluate "$root/config/triage/messages_frozen.tsv"
    "$bin" evaluate "$root/config/triage/messages_frozen_2.tsv"
}

dependencies_check() {
    need_program python3 python3
    local host
    host="$(rustc -vV | sed -n 's/^host: //p')"
    cargo metadata --format-version 1 --locked --offline --filter-platform "$host" >"$work/metadata.json"
    python3 "$root/ops/checks/deps.py" "$work/metadata.json" "$root/Cargo.lock" "$root/ops/deps"
}

metrics_check() {
    need server
    need_program promtool prometheus
    need_program python3 python3
    curl -fsS -m 10 "$SERVER_URL/metrics" >"$work/metrics.txt"
    promtool check metrics <"$work/metrics.txt"
    python3 "$root/ops/checks/metrics.py" --list "$root/ops/prometheus/metrics.txt" --exposition "$work/metrics.txt" \
        "$root/ops/prometheus/alerts.yml" "$root/ops/grafana/dashboard.json"
}

alerts_check() {
    need_program promtool prometheus
    need_program python3 python3
    promtool check rules "$root/ops/prometheus/alerts.yml"
    promtool test rules "$root/ops/prometheus/alerts_test.yml" "$root/ops/prometheus/alerts_weeks_test.yml"
    promtool check config --syntax-only "$root/ops/prometheus/prometheus.yml"
    python3 "$root/ops/checks/metrics.py" --list "$root/ops/prometheus/metrics.txt" \
        "$root/ops/prometheus/alerts.yml" "$root/ops/grafana/dashboard.json"
    local anchor
    while read -r anchor; do
        grep -qiE "^#+ $anchor\$" "$root/ops/runbook.md" || fail "ops/runbook.md has no heading for $anchor"
    done < <(sed -n 's/^ *runbook: .*#//p' "$root/ops/prometheus/alerts.yml" | sort -u)
}

openapi_check() {
    need server
    need_program python3 python3
    curl -fsS -m 10 "$SERVER_URL/api/v1/openapi.json" >"$work/openapi.json"
    python3 "$root/ops/checks/openapi.py" "$work/openapi.json"
}
