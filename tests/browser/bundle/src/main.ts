import { loadUsers } from "./api";

declare const API: string;

type Request = { url: string };

async function loadOrders(): Promise<void> {
  await fetch(`${API}/bundled-fetch/8/0`).catch(() => null);
  await fetch(`${API}/bundled-fetch/9/1`).catch(() => null);
  await fetch(`${API}/bundled-fetch/10/2`).catch(() => null);
  await fetch(`${API}/bundled-fetch/11/3`).catch(() => null);
  await fetch(`${API}/bundled-fetch/12/4`).catch(() => null);
  await fetch(`${API}/bundled-fetch/13/5`).catch(() => null);
  await fetch(`${API}/bundled-fetch/14/6`).catch(() => null);
  await fetch(`${API}/bundled-fetch/15/7`).catch(() => null);
  await fetch(`${API}/bundled-fetch/16/8`).catch(() => null);
  await fetch(`${API}/bundled-fetch/17/9`).catch(() => null);
  await fetch(`${API}/bundled-fetch/18/10`).catch(() => null);
  await fetch(`${API}/bundled-fetch/19/11`).catch(() => null);
}

async function send(request: Request): Promise<void> {
  await new Promise((done) => {
    const x = new XMLHttpRequest();
    x.onloadend = done;
    x.open("GET", request.url);
    x.send(); // every one of these is made here
  });
}

async function run(): Promise<void> {
  await loadOrders();
  for (let number = 0; number < 12; number++) {
    await send({ url: `${API}/bundled-xhr/27/${number}` });
  }
  await loadUsers();
}

(globalThis as { done?: Promise<void> }).done = run();
