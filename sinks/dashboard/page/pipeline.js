// The pipeline: stages and rings with their rates and depths, latencies, sources, sinks, what was wrong with data.
import { age, clock, count, duration, element, setText } from "./format.js";

const latency_names = { received_to_computed: "received → computed", received_to_committed: "received → committed" };

function fillTable(id, rows) {
  const table = document.getElementById(id);
  while (table.rows.length > rows.length) table.deleteRow(-1);
  rows.forEach((cells, i) => {
    const row = table.rows[i] ?? table.insertRow();
    cells.forEach(([text, className = ""], j) => {
      const cell = row.cells[j] ?? row.insertCell();
      setText(cell, text);
      cell.className = className;
    });
  });
}

export class Pipeline {
  show(status, received_ms) {
    const seconds = this.before ? (received_ms - this.before_ms) / 1000 : 0;
    const rate = (now, before) => (seconds > 0 ? Math.max(0, (now - before) / seconds) : 0);
    this.stages(status, rate);
    this.latencies(status);
    this.tables(status, received_ms);
    const frames = rate(status.summary.frames, this.before?.summary.frames ?? 0);
    setText(document.getElementById("rate"), this.before ? `${count(Math.round(frames))} messages/s` : "");
    setText(document.getElementById("uptime"), `up ${age(status.summary.elapsed_s * 1000)} · ${count(status.summary.rows_committed)} rows committed`);
    const reasons = document.getElementById("reasons");
    reasons.hidden = status.health.reasons.length === 0;
    setText(reasons, status.health.reasons.join(" · "));
    this.before = status;
    this.before_ms = received_ms;
  }

  stages(status, rate) {
    const place = document.getElementById("stages");
    if (place.children.length === 0) {
      status.stages.forEach((stage, i) => {
        const box = element("div", "stage");
        box.append(element("b", "", stage.name), element("span", "muted"), element("meter"));
        place.append(box);
        // Rings are told by name: poller_parser lies between the two.
        const link = status.links.find((one) => one.name.startsWith(stage.name + "_"));
        if (link && i + 1 < status.stages.length) place.append(this.ring(link.name));
      });
      for (const link of status.links) if (!place.querySelector(`[data-ring="${link.name}"]`)) place.append(this.ring(link.name));
    }
    [...place.querySelectorAll(".stage")].forEach((box, i) => {
      const [stage, old] = [status.stages[i], this.before?.stages[i]];
      const busy = old && stage.polls > old.polls ? (stage.busy_polls - old.busy_polls) / (stage.polls - old.polls) : 0;
      setText(box.children[1], `${count(Math.round(rate(stage.items, old?.items ?? stage.items)))}/s · busy ${Math.round(busy * 100)} %`);
      box.children[2].value = busy;
    });
    for (const link of status.links) {
      const ring = place.querySelector(`[data-ring="${link.name}"]`);
      setText(ring.children[0], `${link.name.replace("_", " → ")}: ${count(link.depth)}`);
      ring.children[1].value = link.depth / link.capacity;
    }
  }

  ring(name) {
    const made = element("div", "ring");
    made.dataset.ring = name;
    made.append(element("span"), element("meter"));
    return made;
  }

  latencies(status) {
    const place = document.getElementById("latency");
    status.latencies.forEach((view, i) => {
      const old = this.before?.latencies[i];
      const at = view.at_most.map(([edge, n], j) => [edge, n - (old?.at_most[j][1] ?? 0)]);
      const total = view.count - (old?.count ?? 0);
      const slots = at.map(([edge, n], j) => [edge, n - (j > 0 ? at[j - 1][1] : 0)]);
      const used = slots.filter(([, n]) => n > 0);
      const box = place.children[i] ?? place.appendChild(element("div", "hist"));
      box.replaceChildren(element("b", "", ""), element("b", "", latency_names[view.path] ?? view.path), element("span", "muted", count(Math.max(0, total))));
      for (const [edge, n] of used) {
        const bar = element("progress");
        bar.max = Math.max(1, total);
        bar.value = n;
        box.append(element("span", "muted", `≤ ${duration(edge)}`), bar, element("span", "muted", count(n)));
      }
    });
  }

  tables(status, now_ms) {
    fillTable("sources", status.sources.map((source) => [
      [source.name], [source.state, source.delivering ? "good" : "bad"], [count(source.frames), "n"],
      [source.last_frame_ns ? age(now_ms - source.last_frame_ns / 1e6) : "–", "n"]]));
    fillTable("sinks", status.sinks.map((sink) => [[sink.name], [sink.state, sink.healthy ? "good" : "bad"]]));
    const kinds = { reject: "bad", flag: "warn", refusal: "warn" };
    const rows = status.quality.map((one) => [[one.kind, kinds[one.kind]], [one.reason.replaceAll("_", " ")], [count(one.count), "n"]]);
    fillTable("quality", rows.length ? rows : [[["Nothing was wrong so far.", "muted"]]]);
  }

  async events() {
    const answer = await fetch("/api/quality?limit=20");
    if (!answer.ok) return;
    const items = (await answer.json()).map((event) =>
      element("li", "", `${clock(event.received_ms)} ${event.symbol ?? event.source} ${event.reason}: ${event.detail} @${event.journal_position}`));
    document.getElementById("events").replaceChildren(...items);
  }
}
