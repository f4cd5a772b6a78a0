#!/bin/sh
# Installs a browser for the tests, where this may: as root, with apt. Elsewhere they use what is there, or say that
# they are skipped.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ -n "${CHROMIUM:-}" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then exit 0; fi
echo "installing chromium for the tests of the page"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
# Ubuntu's package of this name is a snap, which does not run everywhere: the tests fail there, and say what to do.
apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --yes --no-install-recommends chromium >/dev/null
