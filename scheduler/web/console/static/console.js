// What makes pages live and shows their times. Every page works without it.
"use strict";

(() => {
  const EVENTS = "/api/v1/events?pulse=1";
  const LEAST_APART_MS = 1000; // between two readings of a page
  const AGAIN_MS = 3000; // after a stream that was refused
  const SILENCE_MS = 2500; // a connection that is lost for less is not worth a word

  // Times: in the reader's zone, with the contact's beside them where that is another one. ---------

  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

  function written(moment, timeZone) {
    const parts = { dateStyle: "short", timeStyle: "medium", timeZone };
    return new Intl.DateTimeFormat("sv-SE", parts).format(moment);
  }

  function withContacts(moment, zone) {
    const here = written(moment, own);
    if (!zone || zone === own) return here;
    try {
      const there = written(moment, zone);
      return there === here ? here : `${here} (${there} ${zone})`;
    } catch {
      return here; // a zone that this browser does not know
    }
  }

  function showTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      const text = withContacts(moment, time.dataset.zone);
      if (time.textContent !== text) time.textContent = text;
      time.title = `${own}; ${moment.toISOString()}`;
    }
  }

  // A reading of the page: its parts with `data-live` become what they are now. --------------------

  const HELD = "input, select, textarea, button, a[href], summary, [tabindex], audio, video";

  // What the reader has in hand stays as it is: focus, a selection, an open dialog, what plays.
  function inHand(part) {
    const focused = document.activeElement;
    if (focused !== document.body && part.contains(focused) && focused.matches(HELD)) return true;
    if (part.querySelector("dialog[open]")) return true;
    if ([...part.querySelectorAll("audio, video")].some((each) => !each.paused)) return true;
    const chosen = document.getSelection();
    return Boolean(chosen) && !chosen.isCollapsed && chosen.containsNode(part, true);
  }

  // What the reader has opened, ticked or typed is theirs; the server knows nothing of it.
  const keep = {
    beforeAttributeUpdated(name, node) {
      if (name === "open" && node.localName === "details") return false;
      return !(["checked", "value"].includes(name) && node.matches("input:not([type=hidden])"));
    },
  };

  function take(fresh) {
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(part.id);
      if (!next) continue;
      if (inHand(part)) {
        isStale = true;
        continue;
      }
      Idiomorph.morph(part, next, { ignoreActiveValue: true, callbacks: keep });
    }
  }

  let isReading = false;
  let isStale = false; // something has happened since the page was read
  let generation = 0;

  async function read() {
    if (document.hidden || isReading) {
      isStale = true;
      return;
    }
    isReading = true;
    isStale = false;
    const began = generation;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/sign-in")) {
        location.assign("/sign-in");
        return;
      }
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      showTimes(fresh);
      if (began === generation && !document.hidden) take(fresh);
    } catch {
      isStale = true; // the stream tells of a lost connection
    } finally {
      setTimeout(() => {
        isReading = false;
        if (isStale && !document.hidden) read();
      }, LEAST_APART_MS);
    }
  }

  // The stream that says that something has happened. ----------------------------------------------

  let stream = null;
  let again = null;
  let worry = null;

  const banner = () => document.getElementById("connection");

  function isBack() {
    clearTimeout(worry);
    worry = null;
    banner().hidden = true;
  }

  function isLost() {
    worry ??= setTimeout(() => { banner().hidden = false; }, SILENCE_MS);
  }

  function close() {
    clearTimeout(again);
    again = null;
    stream?.close();
    stream = null;
  }

  // A refused stream does not come back by itself; a page says why, or leads to the sign-in.
  async function wasRefused() {
    close();
    try {
      const asking = new AbortController();
      const answer = await fetch(EVENTS, { signal: asking.signal });
      asking.abort(); // its head says all
      if (answer.status === 401) {
        location.assign("/sign-in");
        return;
      }
    } catch { /* nobody answers: again, soon */ }
    again = setTimeout(listen, AGAIN_MS);
  }

  function listen() {
    if (stream || document.hidden || !document.querySelector("[data-live]")) return;
    stream = new EventSource(EVENTS);
    stream.addEventListener("pulse", read);
    stream.onopen = () => {
      isBack();
      read(); // what happened while nobody listened
    };
    stream.onerror = () => {
      isLost();
      if (stream?.readyState === EventSource.CLOSED) wasRefused();
    };
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      generation += 1;
      clearTimeout(worry);
      worry = null;
      close();
    } else {
      listen();
    }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  document.addEventListener("selectionchange", () => {
    if (isStale && document.getSelection()?.isCollapsed) read();
  });
  document.addEventListener("focusout", () => setTimeout(() => { if (isStale) read(); }, 0));
  document.addEventListener("DOMContentLoaded", () => {
    showTimes(document);
    // On a narrow screen the pages are a row that moves sideways. Were it scrolled into view, the
    // first Tab would go on from there, past the link that skips it.
    const row = document.querySelector(".top nav"), here = row?.querySelector("[aria-current]");
    if (here) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
    listen();
  });
})();
