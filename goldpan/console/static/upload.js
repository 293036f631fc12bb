// Sends a file that was dropped or chosen as the body of one request, tells how far it is, and goes where it leads.
"use strict";

const drop = document.querySelector("[data-upload]");

function say(words, isRefused = false) {
  drop.classList.toggle("is-refused", isRefused);
  drop.querySelector("[data-upload-status]").textContent = words;
}

function showProgress(share) {
  const box = drop.querySelector(".drop-progress");
  box.hidden = share === null;
  drop.querySelector("progress").value = share ?? 0;
}

function fail(words) {
  setBusy(false);
  showProgress(null);
  say(words, true);
}

let isBusy = false;

function setBusy(isSo) {
  const input = drop.querySelector("input");
  isBusy = input.disabled = isSo;
  if (!isSo) input.value = ""; // the same file may be chosen again
}

function send(file) {
  if (isBusy) return;
  if (file.size > Number(drop.dataset.mostBytes)) {
    return fail(`${file.name} is larger than ${drop.dataset.mostWords}: pack it as a zip, or split it.`);
  }
  if (!file.size) return fail(`${file.name} is empty.`);
  const request = new XMLHttpRequest(); // fetch tells nobody how far it is
  request.open("POST", `${drop.action}?name=${encodeURIComponent(file.name.toWellFormed?.() ?? file.name)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = (event) => {
    showProgress(event.loaded / event.total);
    say(event.loaded < event.total ? `Sending ${file.name} …` : `Reading ${file.name} …`);
  };
  request.onload = () => {
    const isText = request.getResponseHeader("Content-Type")?.startsWith("text/plain");
    // The file's page, or the one to sign in when the session ended meanwhile.
    if (request.status < 400) return location.assign(request.responseURL);
    fail(isText ? request.responseText : `The server answered ${request.status}. Trace id: ${request.getResponseHeader("X-Trace-Id")}`);
  };
  request.onerror = () => fail(`${file.name} did not get through. Is it still there, and the server as well?`);
  setBusy(true);
  showProgress(0);
  say(`Sending ${file.name} …`);
  request.send(file);
}

if (drop) {
  const input = drop.querySelector("input");
  input.addEventListener("change", () => { if (input.files[0]) send(input.files[0]); });
  // Wherever it falls: beside its place a browser would open the file instead.
  for (const name of ["dragenter", "dragover"]) {
    addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("is-over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    const { files } = event.dataTransfer;
    if (files.length > 1) return fail("One file at a time, please.");
    if (files[0]) send(files[0]);
  });
}
