// What the pointed field of the map stands for. Without this the page lacks only that line.
"use strict";
(() => {
  const map = document.getElementById("pairs");
  if (!map) return; // Empty books have none.
  const line = document.getElementById("pair");
  const told = JSON.parse(document.getElementById("told").textContent);
  const place = (at) => told.places.findIndex((start) => at >= start && at < start + told.cell);
  const show = (event) => {
    const box = map.getBoundingClientRect();
    const scale = map.viewBox.baseVal.width / box.width;
    const sender = place((event.clientY - box.top) * scale - told.top);
    const recipient = place((event.clientX - box.left) * scale - told.left);
    if (sender < 0 || recipient < 0) return;
    const n = told.rows[sender][recipient].toLocaleString("en");
    line.textContent = `${told.names[sender]} → ${told.names[recipient]}: ${n}`;
  };
  map.addEventListener("pointermove", show);
  map.addEventListener("pointerdown", show);
})();
