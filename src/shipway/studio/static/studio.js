// Keeps a page as the server would show it now, without loading it again.
//
// Elements with data-live are taken over from a fresh copy of the page whenever the server says
// that something has changed; those with a data-key too only when the key is another one, for they
// keep themselves up to date (logs that grow).
"use strict";

(() => {
  const REFRESH_PAUSE = 600;
  const MOST_LINES = 20000;
  const regions = new Map(); // name -> the server's own HTML of it
  let events = null;
  let refreshing = false;
  let stale = false;
  const streams = new Map(); // element -> EventSource

  const live = (root) => root.querySelectorAll("[data-live]");

  function remember() {
    for (const element of live(document)) regions.set(element.dataset.live, element.outerHTML);
  }

  function isBeingUsed(element) {
    const focused = document.activeElement;
    return (
      focused && element.contains(focused) &&
      (focused.tagName === "TEXTAREA" || focused.tagName === "INPUT")
    );
  }

  function takeOver(fresh) {
    for (const element of live(document)) {
      const name = element.dataset.live;
      const other = fresh.querySelector(`[data-live="${CSS.escape(name)}"]`);
      if (!other || regions.get(name) === other.outerHTML) continue;
      if ("key" in element.dataset && element.dataset.key === other.dataset.key) continue;
      if (isBeingUsed(element)) {
        stale = true; // somebody types here: it is taken over afterwards
        continue;
      }
      regions.set(name, other.outerHTML);
      const opened = [...element.querySelectorAll("details")].map((d) => d.open);
      const adopted = document.adoptNode(other);
      element.replaceWith(adopted);
      adopted.querySelectorAll("details").forEach((d, i) => { if (opened[i]) d.open = true; });
      follow(adopted);
    }
    for (const [element, stream] of streams) {
      if (!element.isConnected) {
        stream.close();
        streams.delete(element);
      }
    }
  }

  async function refresh() {
    if (refreshing) { stale = true; return; }
    refreshing = true;
    stale = false;
    try {
      const answer = await fetch(location.href.split("#")[0], { credentials: "same-origin" });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) {
        const text = await answer.text();
        takeOver(new DOMParser().parseFromString(text, "text/html"));
      }
    } catch { /* the server is away; the next event tries again */ }
    setTimeout(() => {
      refreshing = false;
      if (stale) refresh();
    }, REFRESH_PAUSE);
  }

  function listen() {
    if (events || document.hidden || !document.body.dataset.events) return;
    if (!document.querySelector("[data-live]")) return;
    events = new EventSource(document.body.dataset.events);
    const offline = document.querySelector(".offline");
    events.addEventListener("changed", () => { offline.hidden = true; refresh(); });
    events.addEventListener("error", () => {
      offline.hidden = false;
      if (events && events.readyState === EventSource.CLOSED) {
        // refused, not only away: the page itself tells whether the session is over
        pause();
        refresh();
        setTimeout(listen, 3000);
      }
    });
  }

  function pause() {
    if (events) events.close();
    events = null;
  }

  // -- logs -----------------------------------------------------------------------------------

  function follow(root) {
    const panels = root.matches && root.matches(".log") ? [root] : root.querySelectorAll(".log");
    for (const panel of panels) {
      const box = panel.querySelector("pre");
      box.scrollTop = box.scrollHeight;
      if (panel.dataset.stream && !streams.has(panel)) open(panel, box);
    }
  }

  function open(panel, box) {
    const place = new URL(panel.dataset.stream, location.href);
    const stream = new EventSource(place);
    streams.set(panel, stream);
    stream.addEventListener("lines", (event) => {
      append(box, JSON.parse(event.data));
      place.searchParams.set("after", event.lastEventId);
      panel.dataset.stream = place.pathname + place.search;
    });
    stream.addEventListener("ended", () => { stream.close(); streams.delete(panel); delete panel.dataset.stream; });
    stream.addEventListener("error", () => {
      // begin again behind what is shown already, not where the page began
      stream.close();
      streams.delete(panel);
      setTimeout(() => { if (panel.isConnected && panel.dataset.stream && !streams.has(panel)) open(panel, box); }, 2000);
    });
  }

  function append(box, lines) {
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    const piece = document.createDocumentFragment();
    for (const [kind, text] of lines) {
      const line = document.createElement("span");
      line.className = kind ? `line ${kind}` : "line";
      line.textContent = text;
      piece.append(line, "\n");
    }
    box.append(piece);
    while (box.children.length > MOST_LINES) {
      box.firstElementChild.nextSibling?.remove();
      box.firstElementChild.remove();
    }
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { pause(); return; }
    listen();
  });
  document.addEventListener("focusout", () => { if (stale) refresh(); });
  remember();
  follow(document.body);
  listen();
})();
