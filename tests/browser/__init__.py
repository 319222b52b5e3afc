"""The console as a person meets it: a real browser, a real site, and calls at a sandbox."""

#: Why these tests are left out, where they are.
NO_CHROMIUM = "no Chromium on this machine (Debian: apt-get install chromium-headless-shell)"
