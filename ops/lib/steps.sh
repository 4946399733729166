# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# Runs the planned steps one by one, keeps the time of each, and sums up.
#
# A step is a function, run in its own subshell with errexit. It passes with 0 and skips through `skip REASON`; anything else is a
# failure. What later steps need to know it leaves with `pass_on NAME VALUE`. A step that needs an earlier one says so with `need STEP`.

step_keys=()
step_titles=()
step_functions=()

plan() {
    step_keys+=("$1")
    step_titles+=("$2")
    step_functions+=("$3")
}

skip() {
    printf '%s\n' "$*" >"$work/skip"
    exit 77
}

need() {
    if [[ "$(cat "$work/result.$1" 2>/dev/null || true)" != passed ]]; then
        skip "needs '$1', which did not pass"
    fi
}

pass_on() {
    printf 'export %s=%q\n' "$1" "$2" >>"$work/env"
}

fail() {
    printf 'ops/test: %s\n' "$*" >&2
    exit 1
}

say() {
    printf '   %s\n' "$*"
}

as_clock() {
    printf '%d:%02d' "$(($1 / 60))" "$(($1 % 60))"
}

run_plan() {
    local count=${#step_keys[@]} i
    echo "ops/test runs $count steps:"
    for ((i = 0; i < count; i++)); do
        printf '  %2d. %-13s %s\n' "$((i + 1))" "${step_keys[i]}" "${step_titles[i]}"
    done
    if [[ -n "$quick" ]]; then
        echo "Quick: no services, no release build, no browser."
    fi

    local lines=() passed=0 failed=0 skipped=0 code started took reason result
    : >"$work/env"
    SECONDS=0
    for ((i = 0; i < count; i++)); do
        echo
        echo "== [$((i + 1))/$count] ${step_keys[i]}: ${step_titles[i]} (at $(as_clock "$SECONDS"))"
        started=$SECONDS
        rm -f "$work/skip"
        # Not `if step`: a condition would switch errexit off inside it.
        set +e
        (
            set -euo pipefail
            trap - EXIT INT TERM
            "${step_functions[i]}"
        )
        code=$?
        set -e
        took=$((SECONDS - started))
        reason=
        if ((code == 0)); then
            result=passed
            passed=$((passed + 1))
        elif ((code == 77)) && [[ -f "$work/skip" ]]; then
            reason="$(cat "$work/skip")"
            if [[ -n "${CI:-}" ]]; then
                result=failed
                reason="skipped, which CI forbids: $reason"
                failed=$((failed + 1))
            else
                result=skipped
                skipped=$((skipped + 1))
            fi
        else
            result=failed
            reason="exit code $code"
            failed=$((failed + 1))
        fi
        printf '%s' "$result" >"$work/result.${step_keys[i]}"
        # shellcheck source=/dev/null
        source "$work/env"
        echo "== ${step_keys[i]}: $result in $(as_clock "$took")${reason:+ ($reason)}"
        lines+=("$(printf '  %-8s %-13s %6s  %s' "$result" "${step_keys[i]}" "$(as_clock "$took")" "$reason")")
    done

    echo
    echo "Summary after $(as_clock "$SECONDS"):"
    printf '%s\n' "${lines[@]}"
    if ((skipped == 0)) && [[ -z "$quick" ]]; then
        echo "Nothing was skipped by ops/test itself."
    fi
    local note=
    ((skipped == 0)) || note=", $skipped skipped"
    echo "$passed passed, $failed failed$note"
    ((failed == 0))
}
