# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# Finds the programs that the steps use; installs what is missing from Debian packages when it may.

# Debian keeps PostgreSQL's server programs outside PATH, in a folder named after the version.
pg_bindir() {
    local dir
    for dir in "$(pg_config --bindir 2>/dev/null || true)" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        if [[ -x "$dir/initdb" && -x "$dir/postgres" && -x "$dir/pg_ctl" ]]; then
            echo "$dir"
            return 0
        fi
    done
    return 1
}

chromium_path() {
    local name
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [[ -n "$name" ]] && command -v "$name"; then return 0; fi
    done
    return 1
}

missing_packages() {
    command -v curl >/dev/null || echo curl
    command -v python3 >/dev/null || echo python3
    # What makes a folder for schemathesis comes in a package of its own.
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    [[ -n "${TEST_DATABASE_URL:-}" ]] || pg_bindir >/dev/null || echo postgresql
    [[ -n "${TEST_REDIS_URL:-}" ]] || command -v redis-server >/dev/null || echo redis-server
    command -v promtool >/dev/null || echo prometheus
    chromium_path >/dev/null || echo chromium fonts-dejavu-core
    # What the stories of pages drive the browser with.
    command -v "${CHROMEDRIVER:-chromedriver}" >/dev/null || echo chromium-driver
}

packages_ready() {
    local wanted
    wanted="$(missing_packages | tr '\n' ' ')"
    if [[ -z "${wanted// /}" ]]; then
        say "all programs are here"
        return 0
    fi
    say "missing: $wanted"
    # Each later step says itself what it lacks; this one only skips or fails the installation.
    [[ -n "$may_install" ]] || skip "--no-install, and these packages are missing: $wanted"
    [[ "$(id -u)" == 0 ]] || skip "not root, so cannot install: $wanted"
    command -v apt-get >/dev/null || skip "no apt-get here to install: $wanted"

    # The packages bring services of their own; none of them may start, now or at the next boot.
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        touch "$work/policy-rc.d.ours"
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
    fi
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=180 -o Acquire::Retries=3)
    local code=0
    # shellcheck disable=SC2086 # a list of package names
    { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends $wanted >"$work/apt.log" 2>&1; } || code=$?
    if ((code != 0)); then
        tail -n 30 "$work/apt.log" 2>/dev/null || true
        skip "apt-get could not install: $wanted"
    fi
    packages_restore
    if command -v systemctl >/dev/null; then
        local service
        for service in postgresql redis-server prometheus; do
            if [[ " $wanted " == *" $service "* ]]; then systemctl disable --quiet "$service" 2>/dev/null || true; fi
        done
    fi
    say "installed: $wanted"
}

packages_restore() {
    if [[ -e "$work/policy-rc.d.ours" ]]; then
        rm -f /usr/sbin/policy-rc.d "$work/policy-rc.d.ours"
    fi
}

need_program() {
    command -v "$1" >/dev/null || skip "'$1' is not installed (Debian package: $2)"
}
