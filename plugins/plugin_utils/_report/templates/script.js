/* Copyright (c) 2026, OceanBase OCP collection contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later */
"use strict";
(() => {
  const list = document.querySelector("ol.hosts");
  if (!list) return;
  const form = document.querySelector("form.filter");
  const search = form.querySelector("input");
  const state = form.querySelector("select");
  const unfold = form.querySelector("button");
  const shown = document.getElementById("shown");
  const order = ["failed", "running", "waiting", "skipped", "undone", "done"];
  const rows = Array.from(list.children, (item) => ({
    item,
    number: Number(item.dataset.n),
    name: item.querySelector(".host").textContent.slice(2),
    id: Number(item.querySelector(".id").textContent),
    kind: order.indexOf(item.dataset.kind),
    begin: Number(item.dataset.begin),
    total: Number(item.dataset.total),
    cells: item.dataset.cells.trim().split(" ").map(Number),
  }));
  const text = (row) => {
    const parts = [row.item.querySelector("summary"), ...row.item.querySelectorAll(".error")];
    row.text ??= parts.map((part) => part.textContent).join(" ").toLowerCase();
    return row.text;
  };

  const names = new Intl.Collator("en", { numeric: true });
  const value = (row, by) => (by in row ? row[by] : row.cells[Number(by)]);
  const compare = (by) => (a, b) =>
    by === "name" ? names.compare(a.name, b.name) : value(a, by) - value(b, by);
  // Times are asked for to see the longest, everything else from its beginning.
  const down = (by) => by === "total" || /^\d+$/.test(by);

  for (const button of document.querySelectorAll("button[data-sort]")) {
    button.disabled = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const by = button.dataset.sort;
      const before = button.dataset.order;
      for (const other of document.querySelectorAll("button[data-sort]")) {
        delete other.dataset.order;
        other.setAttribute("aria-pressed", "false");
      }
      const turned = before ? before === "up" : down(by);
      button.dataset.order = turned ? "down" : "up";
      button.setAttribute("aria-pressed", "true");
      const sign = turned ? -1 : 1;
      rows.sort((a, b) => sign * compare(by)(a, b) || a.number - b.number);
      list.append(...rows.map((row) => row.item));
    });
  }

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = (!state.value || row.item.dataset.kind === state.value)
        && words.every((word) => text(row).includes(word));
      row.item.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === rows.length ? count : `${count} of ${rows.length}`;
    document.querySelector("p.none").hidden = count > 0;
  };
  search.addEventListener("input", filter);
  state.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  unfold.addEventListener("click", () => {
    const open = unfold.textContent.startsWith("Unfold");
    for (const row of rows) {
      if (!row.item.hidden || !open) row.item.firstElementChild.open = open;
    }
    unfold.textContent = open ? "Fold all" : "Unfold all shown";
  });
  form.hidden = false;

  const reveal = () => {
    const found = /^#h\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!found) return;
    const item = found.closest("li");
    item.hidden = false;
    item.firstElementChild.open = true;
    item.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
