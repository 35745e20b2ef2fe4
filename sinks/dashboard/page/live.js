// The live feed: one WebSocket, made again when it is lost, with growing pauses.
const pause_ms_max = 10_000;
const silence_ms_max = 5_000; // the state comes each second: so long without anything, and the line is dead

export class Live {
  constructor(onMessage, onLink) {
    this.onMessage = onMessage;
    this.onLink = onLink;
    this.failures = 0;
    this.heard = 0;
    setInterval(() => this.watch(), 1_000);
    this.connect();
  }

  connect() {
    this.onLink("connecting");
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    this.socket = socket;
    this.heard = performance.now();
    socket.onmessage = (event) => {
      this.heard = performance.now();
      if (this.failures >= 0) this.onLink("live");
      this.failures = 0;
      this.onMessage(JSON.parse(event.data));
    };
    socket.onclose = () => this.retry(socket);
  }

  watch() {
    if (this.socket && performance.now() - this.heard > silence_ms_max) {
      const silent = this.socket;
      silent.onclose = null;
      silent.close();
      this.retry(silent);
    }
  }

  retry(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.onLink("lost");
    const pause_ms = Math.min(pause_ms_max, 500 * 2 ** this.failures++) * (0.5 + Math.random() / 2);
    setTimeout(() => this.connect(), pause_ms);
  }
}
