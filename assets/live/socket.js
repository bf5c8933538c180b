// One socket for the tab: hands messages to the runs that are watched, goes on after a loss, rests while hidden.

const DELAYS_MS = [300, 1000, 2000, 4000, 5000];
const BAD_TOKEN = 4401;

export class Connection {
  constructor({ url, token, lang, measure, onStatus }) {
    this.hello = { type: "hello", token, lang, measure: Boolean(measure) };
    this.url = url;
    this.onStatus = onStatus;
    this.watched = new Map();
    this.answers = new Map();
    this.number = 0;
    this.failures = 0;
    this.ended = false;
    this.onVisibility = () => this.visibilityChanged();
    document.addEventListener("visibilitychange", this.onVisibility);
    this.open();
  }

  close() {
    this.ended = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.socket?.close();
  }

  // Watch a run: `onChange(data)` after every message about it.
  watch(data, onChange) {
    this.watched.set(data.run, { data, onChange });
    this.subscribe(data);
  }

  unwatch(run) {
    if (this.watched.delete(run)) this.send({ type: "unsubscribe", run });
  }

  // Send a command; resolves to {"type": "received"} or {"type": "refused", what, why, fix}, null when not connected.
  command(run, kind, values = {}) {
    this.number += 1;
    const number = this.number;
    if (!this.ready) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.answers.set(number, resolve);
      this.send({ type: "command", number, run, kind, values });
    });
  }

  // Ask what a run that is over was like after an update, in the place of the question before. `hear(message)`: of a "moment",
  // of several while the way there is long, or that it is "refused".
  seek(run, step, hear) {
    this.number += 1;
    this.sought = { number: this.number, hear };
    this.send({ type: "seek", number: this.number, run, step });
  }

  open() {
    this.ready = false;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.hello));
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(event);
  }

  lost(event) {
    this.ready = false;
    this.answers.forEach((resolve) => resolve(null));
    this.answers.clear();
    if (this.ended) return;
    if (event.code === BAD_TOKEN) {
      this.onStatus("expired");
      return;
    }
    this.onStatus("lost");
    this.timer = setTimeout(() => this.open(), DELAYS_MS[Math.min(this.failures, DELAYS_MS.length - 1)]);
    this.failures += 1;
  }

  receive(message) {
    if (message.type === "welcome") {
      this.ready = true;
      this.failures = 0;
      this.onStatus("connected");
      if (!document.hidden) this.watched.forEach(({ data }) => this.subscribe(data));
    } else if (this.sought && message.number === this.sought.number) {
      this.sought.hear(message);
    } else if (message.type === "received" || message.type === "refused") {
      this.answers.get(message.number)?.(message);
      this.answers.delete(message.number);
    } else {
      const watched = this.watched.get(message.run);
      if (!watched) return;
      const { data, onChange } = watched;
      if (message.type === "unknown") data.unknown = true;
      else if (!data.apply(message)) {
        this.subscribe(data);
        return;
      }
      onChange(data);
    }
  }

  subscribe(data) {
    this.send({ type: "subscribe", run: data.run, ...data.position() });
  }

  visibilityChanged() {
    if (document.hidden) this.send({ type: "pause" });
    else if (this.ready) this.watched.forEach(({ data }) => this.subscribe(data));
  }

  send(message) {
    if (this.ready) this.socket.send(JSON.stringify(message));
  }
}
