// The set-up page: asks whether there is a user, and makes the first.
const find = (id) => document.getElementById(id);

function ready(text, token) {
  find("state").hidden = true;
  find("setup").hidden = true;
  find("ready").hidden = false;
  find("welcome").textContent = text;
  if (token) {
    find("token").hidden = false;
    find("token").querySelector("code").textContent =
      `curl -H 'Authorization: Bearer ${token}' ${location.origin}/api/v1/me`;
  }
}

async function look() {
  const answer = await fetch("/api/v1/setup");
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  if (body.set_up) return ready("Trackside is set up and running.");
  find("state").hidden = true;
  find("setup").hidden = false;
}

find("setup").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  find("wrong").textContent = "";
  try {
    const answer = await fetch("/api/v1/setup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const body = await answer.json();
    if (answer.ok) return ready(`Welcome, ${body.user.name}.`, body.access_token);
    if (answer.status === 409) return ready("Somebody has set up Trackside meanwhile.");
    find("wrong").textContent = body.detail;
  } catch (error) {
    find("wrong").textContent = `The server cannot be reached: ${error.message}`;
  } finally {
    button.disabled = false;
  }
});

look().catch((error) => {
  find("state").textContent = `Trackside cannot be asked: ${error.message}`;
});
