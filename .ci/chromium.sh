#!/usr/bin/env bash
# Debian's Chromium, for the tests that walk the console in a browser: the shell without a screen, which
# does it for two thirds of the processor time, where it may be installed. It never fails: without any
# Chromium `make test` says what it left out.
set -uo pipefail

command -v chromium-headless-shell >/dev/null && exit 0
# Ubuntu's package of that name brings no browser but a snap, which containers don't run.
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release || exit 0

export DEBIAN_FRONTEND=noninteractive
get() { # SECONDS WORDS…: what apt-get says is of interest to nobody
  timeout "$1" apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=15 \
    -o DPkg::Lock::Timeout=15 "${@:2}" </dev/null >/dev/null 2>&1
}
install=(install --yes --no-install-recommends chromium-headless-shell fonts-dejavu-core)
# Loaded first: nothing should end it in the middle of unpacking.
if get 40 update && get 90 "${install[@]}" --download-only && get 120 "${install[@]}"; then
  echo "Chromium's shell is installed, for the console's tests"
  exit 0
fi
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
echo "Chromium could not be installed: the console's tests will be left out" >&2
exit 0
