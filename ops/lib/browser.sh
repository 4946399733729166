# shellcheck shell=bash disable=SC2154 # root, target, bin and work come from ops/test
# Opens the pages that a person sees first in a real browser, checks what came out, and keeps pictures in target/screenshots.

browser_check() {
    need server
    local browser
    browser="$(chromium_path)" || skip "Chromium is not installed (Debian package: chromium)"
    mkdir -p "$target/screenshots"
    page sign-in 1280,900 /console '<form' 'name="login"'
    page sign-in-phone 390,844 /console 'name="login"'
    page report 1280,900 / '<form' 'name="text"'
    page report-phone 390,844 / 'name="text"'
    page api-docs 1280,1200 /api/docs '/api/v1/'
    say "pictures are in $target/screenshots"
}

# page NAME WIDTH,HEIGHT PATH WORD...: the rendered page must hold every word.
page() {
    local name="$1" size="$2" path="$3" word
    shift 3
    browse "$size" --dump-dom "$SERVER_URL$path" >"$work/page.html" || fail "the browser could not open $path"
    for word in "$@"; do
        if ! grep -qF -- "$word" "$work/page.html"; then
            head -c 3000 "$work/page.html"
            fail "$path does not hold: $word"
        fi
    done
    browse "$size" --screenshot="$target/screenshots/$name.png" "$SERVER_URL$path" >/dev/null || fail "no picture of $path"
    [[ -s "$target/screenshots/$name.png" ]] || fail "no picture of $path"
    say "$path at $size"
}

browse() {
    local size="$1"
    shift
    # The sandbox needs rights that containers and root lack; the pages are our own. A fresh profile, and no calls home.
    HOME="$work" timeout --kill-after=5 60 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic \
        --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-extensions --hide-scrollbars \
        --user-data-dir="$work/chromium" --window-size="$size" --virtual-time-budget=5000 --lang=ru "$@" 2>"$work/chromium.log" ||
        { tail -n 20 "$work/chromium.log" >&2; return 1; }
}
