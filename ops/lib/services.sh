# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# PostgreSQL and Redis for the tests: the ones that the environment names, else private ones on free ports, gone at the end.
#
# Leaves for the tests: TEST_DATABASE_URL, TEST_REDIS_URL; for private servers also TEST_PG_CTL (a script: `$TEST_PG_CTL restart`,
# `stop`, `start`) and TEST_REDIS_PRIVATE=1 (FLUSHALL is allowed).

# A port nobody answers on, below the range that the kernel hands out by itself.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return 0
        fi
    done
    return 1
}

services_ready() {
    if [[ -n "${TEST_DATABASE_URL:-}" ]]; then
        say "PostgreSQL: the one in TEST_DATABASE_URL"
    else
        postgres_start
    fi
    if [[ -n "${TEST_REDIS_URL:-}" ]]; then
        say "Redis: the one in TEST_REDIS_URL"
    else
        redis_start
    fi
}

# PostgreSQL refuses to run as root, so root lends it another user.
postgres_user() {
    local name
    for name in postgres nobody; do
        if id "$name" >/dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

# Prints the words that go before a command to run it as PostgreSQL's user; nothing when we are not root.
postgres_prefix() {
    [[ "$(id -u)" == 0 ]] || return 0
    local user group
    user="$(postgres_user)" || skip "root here, and neither user 'postgres' nor 'nobody' exists"
    group="$(id -g "$user")"
    if command -v setpriv >/dev/null; then
        echo "setpriv --reuid=$user --regid=$group --clear-groups --"
    elif command -v runuser >/dev/null; then
        echo "runuser -u $user --"
    else
        skip "root here, and neither setpriv nor runuser is installed"
    fi
}

postgres_start() {
    local bindir prefix dir port try
    bindir="$(pg_bindir)" || skip "PostgreSQL is not installed (Debian package: postgresql)"
    prefix="$(postgres_prefix)" || exit $?
    cd /
    # Made by its own user under /tmp: our own folder may lie where that user cannot go.
    # shellcheck disable=SC2086 # the prefix is several words
    dir="$($prefix mktemp -d /tmp/jambyl-pg.XXXXXX)"
    echo "$dir" >"$work/pg.dir"
    # shellcheck disable=SC2086
    LC_ALL=C.UTF-8 $prefix "$bindir/initdb" -D "$dir/data" -U jambyl -A trust -E UTF8 --locale=C.UTF-8 >"$work/initdb.log" 2>&1 ||
        { cat "$work/initdb.log"; fail "initdb failed"; }

    cat >"$work/pg_ctl" <<SCRIPT
#!/bin/sh
# Controls the private PostgreSQL of this test run: restart, stop (at once, as a crash would), start.
cd /
case "\$1" in
    restart) set -- restart -m fast ;;
    stop) set -- stop -m immediate ;;
    start) set -- start ;;
    *) echo "usage: \$0 restart|stop|start" >&2; exit 2 ;;
esac
exec $prefix "$bindir/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s "\$@" </dev/null
SCRIPT
    chmod 755 "$work/pg_ctl"

    for try in 1 2 3; do
        port="$(free_port)"
        # fsync stays on: the tests ask what survives.
        # shellcheck disable=SC2086
        $prefix tee "$dir/data/postgresql.auto.conf" >/dev/null <<SETTINGS
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
max_connections = 300
shared_buffers = '64MB'
max_wal_size = '256MB'
log_min_messages = 'warning'
SETTINGS
        if "$work/pg_ctl" start; then
            break
        fi
        # shellcheck disable=SC2086
        $prefix tail -n 20 "$dir/log" || true
        ((try < 3)) || fail "PostgreSQL did not start"
    done
    "$bindir/createdb" -h 127.0.0.1 -p "$port" -U jambyl jambyl_test
    pass_on TEST_DATABASE_URL "postgres://jambyl:test@127.0.0.1:$port/jambyl_test"
    pass_on TEST_PG_CTL "$work/pg_ctl"
    say "PostgreSQL: $("$bindir/postgres" --version), private, port $port"
}

redis_start() {
    command -v redis-server >/dev/null || skip "Redis is not installed (Debian package: redis-server)"
    local port
    for _ in 1 2 3; do
        port="$(free_port)"
        mkdir -p "$work/redis"
        redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work/redis" --daemonize no >"$work/redis.log" 2>&1 </dev/null &
        echo $! >"$work/redis.pid"
        for _ in {1..50}; do
            if redis_answers "$port"; then
                pass_on TEST_REDIS_URL "redis://127.0.0.1:$port"
                pass_on TEST_REDIS_PRIVATE 1
                say "Redis: $(redis-server --version | cut -d' ' -f1-3), private, port $port"
                return 0
            fi
            sleep 0.1
        done
        kill "$(cat "$work/redis.pid")" 2>/dev/null || true
    done
    tail -n 20 "$work/redis.log"
    fail "Redis did not start"
}

redis_answers() {
    local reply=
    { exec 4<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    printf 'PING\r\n' >&4
    read -r -t 2 reply <&4 || true
    exec 4>&- 4<&-
    [[ "$reply" == +PONG* ]]
}

services_stop() {
    if [[ -f "$work/redis.pid" ]]; then
        kill "$(cat "$work/redis.pid")" 2>/dev/null || true
        rm -f "$work/redis.pid"
    fi
    if [[ -x "$work/pg_ctl" ]]; then
        "$work/pg_ctl" stop >/dev/null 2>&1 || true
    fi
    if [[ -f "$work/pg.dir" ]]; then
        rm -rf "$(cat "$work/pg.dir")"
        rm -f "$work/pg.dir"
    fi
}
