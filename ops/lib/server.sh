# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# One real server, as a newcomer starts it: no configuration, an empty folder. The later steps ask it things.

server_ready() {
    need build
    need_program curl curl
    local port pid
    mkdir -p "$work/server"
    for _ in 1 2 3; do
        port="$(free_port)"
        rm -f "$work/server.rc"
        (
            cd "$work/server" || exit
            JAMBYL__HTTP__ADDR="127.0.0.1:$port" "$bin" serve >"$work/server.log" 2>&1 </dev/null &
            echo $! >"$work/server.pid"
            code=0
            wait $! || code=$?
            echo "$code" >"$work/server.rc"
        ) &
        for _ in {1..150}; do
            [[ ! -f "$work/server.rc" ]] || break
            if curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$port/health/ready" 2>/dev/null; then
                pid="$(cat "$work/server.pid")"
                JAMBYL__HTTP__ADDR="127.0.0.1:$port" "$bin" healthcheck
                pass_on SERVER_URL "http://127.0.0.1:$port"
                pass_on SERVER_ADDR "127.0.0.1:$port"
                say "ready on port $port, process $pid"
                return 0
            fi
            sleep 0.2
        done
        server_kill
    done
    tail -n 50 "$work/server.log" || true
    fail "the server did not become ready"
}

# SIGTERM must end in a drained, clean exit, after which the health check must say no.
server_shutdown() {
    need server
    kill -TERM "$(cat "$work/server.pid")"
    for _ in {1..300}; do
        if [[ -f "$work/server.rc" ]]; then break; fi
        sleep 0.1
    done
    if [[ ! -f "$work/server.rc" ]]; then
        tail -n 50 "$work/server.log"
        fail "the server still runs 30 seconds after SIGTERM"
    fi
    if [[ "$(cat "$work/server.rc")" != 0 ]]; then
        tail -n 50 "$work/server.log"
        fail "the server ended with code $(cat "$work/server.rc") after SIGTERM"
    fi
    if JAMBYL__HTTP__ADDR="$SERVER_ADDR" "$bin" healthcheck >/dev/null 2>&1; then
        fail "healthcheck says ready, and no server runs"
    fi
    say "stopped cleanly"
}

server_kill() {
    if [[ -f "$work/server.pid" && ! -f "$work/server.rc" ]]; then
        kill -KILL "$(cat "$work/server.pid")" 2>/dev/null || true
        sleep 0.2
    fi
    rm -f "$work/server.pid"
}
