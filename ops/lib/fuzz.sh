# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# Calls that nobody thought of, made up by schemathesis from the OpenAPI file, against a server of their own.

schemathesis_version=4.32.5
# Seconds that the made-up calls of each kind of caller may take.
fuzz_seconds=50

# The program: the one on the PATH, else one in a folder of its own, which is kept between runs.
schemathesis_path() {
    local dir="$target/schemathesis-$schemathesis_version"
    if [[ ! -x "$dir/bin/schemathesis" ]]; then
        [[ -n "$may_install" ]] || return 1
        rm -rf "$dir"
        { python3 -m venv "$dir" && "$dir/bin/pip" install --quiet "schemathesis==$schemathesis_version"; } >"$work/pip.log" 2>&1 || {
            rm -rf "$dir"
            tail -n 5 "$work/pip.log" >&2
            return 1
        }
    fi
    echo "$dir/bin/schemathesis"
}

fuzz_check() {
    need build
    need_program curl curl
    need_program python3 python3
    local program port code=0
    program="$(schemathesis_path)" || skip "schemathesis $schemathesis_version is not here and could not be installed (Debian package for that: python3-venv)"
    mkdir -p "$work/fuzz"
    port="$(free_port)"
    cd "$work/fuzz" || return
    export JAMBYL__HTTP__ADDR="127.0.0.1:$port"
    # Limits would answer most calls; what lies behind them is looked at here.
    JAMBYL__AUTH__OTP_PER_ADDRESS_PER_HOUR=100000 JAMBYL__AUTH__MEDIA_PER_RESIDENT_PER_HOUR=100000 JAMBYL__AUTH__MEDIA_PER_ADDRESS_PER_HOUR=100000 \
        "$bin" serve >server.log 2>&1 </dev/null &
    local server=$!
    for _ in {1..150}; do
        if curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$port/health/ready" 2>/dev/null; then break; fi
        sleep 0.2
    done
    fuzz_run "http://127.0.0.1:$port" || code=$?
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" || code=1
    if ((code != 0)); then
        tail -n 30 server.log
        fail "the API did not stand up to made-up calls"
    fi
}

fuzz_run() {
    local url="$1" password=kerege-uyk-shanyrak-109
    printf '%s\n' "$password" | "$bin" user add fuzz --role admin >/dev/null || return
    python3 "$root/ops/checks/seed_api.py" "$url" data/jambyl109.db fuzz "$password" >tokens || return
    # shellcheck source=/dev/null
    source ./tokens
    # Every second call names a request that exists.
    printf '[parameters]\n"path.number" = "%s"\n' "$REQUEST_NUMBER" >known.toml
    # Without a token first: what is guarded says so.
    fuzz_as resident "$RESIDENT_TOKEN" known.toml --include-tag resident --exclude-operation-id eraseMe --exclude-operation-id signOut || return
    fuzz_as staff "$STAFF_TOKEN" known.toml --exclude-tag resident --exclude-tag system --exclude-operation-id logout --exclude-operation-id events
}

# fuzz_as NAME TOKEN CONFIG FILTER...
fuzz_as() {
    local name="$1" token="$2" config="$3"
    shift 3
    say "as $name, for $fuzz_seconds seconds"
    timeout --kill-after=5 $((fuzz_seconds * 3)) "$program" --config-file "$config" run "$url/api/v1/openapi.json" --no-color \
        --header "Authorization: Bearer $token" --phases examples,coverage,fuzzing --max-time "$fuzz_seconds" --seed 109 \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth \
        --request-timeout 10 --suppress-health-check all --warnings off --generation-database none "$@" >"$name.log" 2>&1 || {
        grep -v '^$' "$name.log" | tail -n 80
        return 1
    }
    grep -E "passed|generated|API [Oo]perations" "$name.log" | tail -n 5 || true
}
