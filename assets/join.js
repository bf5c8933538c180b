// The form by which people come into a room, and the button by which they leave it. Both ask the server, which keeps who
// somebody is in a cookie that no script reads, and load the page anew.

const FORM = `
  <form novalidate>
    <label><span class="name"></span>
      <input name="name" maxlength="40" autocomplete="nickname" required></label>
    <label><span class="code"></span>
      <input name="code" maxlength="40" autocomplete="off" autocapitalize="characters" spellcheck="false" required></label>
    <button type="submit"></button>
    <p role="alert" hidden><strong></strong> <span></span></p>
  </form>`;

async function ask(path, content) {
  const headers = { "Content-Type": "application/json" };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(content), credentials: "same-origin" });
}

function loadAnew() {
  const address = new URL(window.location.href);
  address.searchParams.delete("room");
  window.history.replaceState(null, "", address);
  window.location.reload();
}

function tell(form, { what, why, fix }) {
  const alert = form.querySelector("[role=alert]");
  alert.querySelector("strong").textContent = what;
  alert.querySelector("span").textContent = `${why} ${fix}`;
  alert.hidden = false;
}

async function join(form, data) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await ask("/join", { name: form.elements.name.value, code: form.elements.code.value, lang: data.lang });
    if (answer.ok) return loadAnew();
    tell(form, answer.status === 422 ? await answer.json() : data.labels.refused);
  } catch {
    tell(form, data.labels.unreachable);
  }
  button.disabled = false;
}

function showForm(parent, data) {
  if (!parent.querySelector("form")) {
    parent.querySelector(".place").innerHTML = FORM;
    const form = parent.querySelector("form");
    form.elements.code.value = data.code;
  }
  const form = parent.querySelector("form");
  form.querySelector(".name").textContent = data.labels.name;
  form.querySelector(".code").textContent = data.labels.code;
  form.querySelector("button").textContent = data.labels.join;
  form.onsubmit = (event) => {
    event.preventDefault();
    join(form, data);
  };
}

function showLeave(parent, data) {
  const place = parent.querySelector(".place");
  const button = place.querySelector("button") ?? place.appendChild(document.createElement("button"));
  button.textContent = data.labels.leave;
  button.onclick = async () => {
    button.disabled = true;
    await ask("/join/leave", {}).catch(() => null);
    loadAnew();
  };
}

export default function ({ parentElement, data }) {
  (data.leave ? showLeave : showForm)(parentElement, data);
}
