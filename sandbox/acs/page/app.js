// Keeps the page live: when the service says that something changed, fetch this same address anew and put
// its main part in place. Without this script the page works all the same, one reload at a time.
"use strict";

const main = document.getElementById("main");
const live = document.getElementById("live");

function endOfThread() {
  const thread = main.querySelector(".thread");
  if (thread) thread.scrollTop = thread.scrollHeight;
}

// What the user is in the middle of: the words in the reply box, the focus, where lists are scrolled to.
function held() {
  const box = document.getElementById("reply");
  const list = main.querySelector(".list");
  const thread = main.querySelector(".thread");
  return {
    text: box ? box.value : "",
    focused: document.activeElement === box,
    list: list ? list.scrollTop : 0,
    thread: thread ? thread.scrollTop : 0,
    atEnd: !thread || thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40,
    open: Boolean(main.querySelector("details[open]")),
  };
}

function giveBack(was) {
  const box = document.getElementById("reply");
  if (box) {
    box.value = was.text;
    if (was.focused) box.focus();
  }
  const list = main.querySelector(".list");
  if (list) list.scrollTop = was.list;
  const thread = main.querySelector(".thread");
  if (thread) thread.scrollTop = was.atEnd ? thread.scrollHeight : was.thread;
  const details = main.querySelector("details");
  if (details && was.open) details.open = true;
}

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const was = held();
  const frame = main.querySelector("iframe");
  const freshFrame = fresh.querySelector("iframe");
  // An unchanged email keeps its frame, so that it does not flicker.
  if (frame && freshFrame && frame.srcdoc === freshFrame.srcdoc) {
    main.querySelector(".list").replaceWith(fresh.querySelector(".list"));
    main.querySelector(".head").replaceWith(fresh.querySelector(".head"));
  } else {
    main.replaceChildren(...fresh.getElementById("main").childNodes);
  }
  for (const id of ["tab-phone", "tab-inbox", "now"]) {
    document.getElementById(id).replaceWith(fresh.getElementById(id));
  }
  giveBack(was);
}

function setLive(on) {
  live.classList.toggle("on", on);
  live.setAttribute("aria-label", on ? "Live" : "Not live");
}

let wanted = false;
let running = false;
async function soon() {
  wanted = true;
  if (running) return;
  running = true;
  try {
    while (wanted) {
      wanted = false;
      await refresh();
    }
  } catch (error) {
    setLive(false);
  } finally {
    running = false;
  }
}

main.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".reply")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  form.elements.text.value = "";
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
});

const source = new EventSource("/sandbox/stream");
source.addEventListener("open", () => { setLive(true); soon(); });
source.addEventListener("error", () => setLive(false));
source.addEventListener("change", soon);
endOfThread();
