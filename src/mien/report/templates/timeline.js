"use strict";
{
  const labels = JSON.parse(document.querySelector("main").dataset.labels);
  const colors = JSON.parse(document.querySelector("main").dataset.colors);
  const clock = (s) => {
    if (s < 59.95) return "0:" + s.toFixed(1).padStart(4, "0");
    const whole = Math.round(s), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
    const rest = String(whole % 60).padStart(2, "0");
    return h ? h + ":" + String(m).padStart(2, "0") + ":" + rest : m + ":" + rest;
  };
  for (const chart of document.querySelectorAll(".timeline")) {
    const { end, t, p } = JSON.parse(chart.dataset.points);
    const cursor = chart.querySelector(".cursor");
    const readout = chart.parentElement.querySelector(".readout");
    const atRest = readout.textContent;
    let place = -1;
    const show = (i) => {
      place = Math.min(Math.max(i, 0), t.length - 1);
      cursor.hidden = false;
      cursor.style.left = (100 * t[place]) / end + "%";
      readout.textContent = clock(t[place]) + "  ";
      const ranked = labels.map((name, k) => [p[place][k], name, colors[k]]).sort((a, b) => b[0] - a[0]);
      for (const [share, name, color] of ranked.slice(0, 4)) {
        const item = document.createElement("span"), dot = document.createElement("i");
        dot.style.background = color;
        item.append(dot, name.replaceAll("_", " ") + " " + share + "\u00a0%");
        readout.append(item);
      }
    };
    const rest = () => { place = -1; cursor.hidden = true; readout.textContent = atRest; };
    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect();
      const time = ((event.clientX - box.left) / box.width) * end;
      let best = 0;
      for (let i = 1; i < t.length; i++) if (Math.abs(t[i] - time) < Math.abs(t[best] - time)) best = i;
      show(best);
    });
    chart.addEventListener("pointerleave", rest);
    chart.addEventListener("blur", rest);
    chart.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: place - 1, ArrowRight: place + 1, PageDown: place + 10, PageUp: place - 10, Home: 0, End: t.length - 1 }[event.key];
      if (to !== undefined) { event.preventDefault(); show(to); }
      if (event.key === "Escape") rest();
    });
  }
}
