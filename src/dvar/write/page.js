"use strict";
// Walks through the steps that the page already holds; without it everything is simply visible.
(() => {
  const root = document.documentElement;
  const main = document.querySelector("main.dvar");
  const picture = main.querySelector(".picture");
  const steps = [...main.querySelectorAll(".steps .step")];
  const controls = main.querySelector(".controls");
  const slider = controls.querySelector("input[type=range]");
  const output = controls.querySelector("output");
  const everything = controls.querySelector("input[type=checkbox]");
  const button = (name) => controls.querySelector(`[data-go=${name}]`);
  const nodes = new Map([...main.querySelectorAll(".node")].map((n) => [n.dataset.node, n]));
  const edges = [...main.querySelectorAll(".edge")];
  const list = (step, key) => (step.dataset[key] || "").split(" ").filter(Boolean);
  const lastShare = new Map();  // node -> the step after which its gradient is complete
  steps.forEach((step, n) => list(step, "gradients").forEach((id) => lastShare.set(id, n)));
  let at = 0;

  function mark(step) {
    const passed = new Set();
    const valued = new Set();
    const graded = new Set();
    steps.slice(0, at + 1).forEach((s, n) => {
      list(s, "values").forEach((id) => valued.add(id));
      list(s, "gradients").filter((id) => lastShare.get(id) <= n).forEach((id) => graded.add(id));
      if (s.dataset.phase === "backward") list(s, "edges").forEach((id) => passed.add(id));
    });
    const now = new Set([...list(step, "values"), ...list(step, "gradients")]);
    const along = new Set(list(step, "edges"));
    nodes.forEach((node, id) => {
      node.classList.toggle("has-value", valued.has(id));
      node.classList.toggle("has-gradient", graded.has(id));
      node.classList.toggle("active", now.has(id));
    });
    for (const edge of edges) {
      const id = `${edge.dataset.of}-${edge.dataset.wrt}`;
      edge.classList.toggle("passed", passed.has(id));
      edge.classList.toggle("active", along.has(id));
    }
  }

  function reveal(step) {
    const ids = [...list(step, "gradients"), ...list(step, "values")];
    const node = nodes.get(ids[ids.length - 1]);
    if (!node || at === 0) return;
    const outer = picture.getBoundingClientRect();
    const inner = node.getBoundingClientRect();
    if (inner.left < outer.left || inner.right > outer.right) {
      picture.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    }
    if (inner.top < outer.top || inner.bottom > outer.bottom) {
      picture.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
    }
  }

  function go(n) {
    at = Math.max(0, Math.min(steps.length - 1, n));
    const step = steps[at];
    const phase = step.dataset.phase;
    steps.forEach((s, k) => s.classList.toggle("active", k === at));
    picture.classList.toggle("walk", at > 0);
    picture.classList.toggle("forward", phase === "forward");
    picture.classList.toggle("backward", phase === "backward");
    mark(step);
    reveal(step);
    slider.value = at;
    slider.setAttribute("aria-valuetext", step.dataset.name);
    output.textContent = at ? `${at} / ${steps.length - 1} · ${step.dataset.name}` : step.dataset.name;
    button("back").disabled = button("first").disabled = at === 0;
    button("next").disabled = at === steps.length - 1;
    const hash = at ? `#step-${at}` : "";
    history.replaceState(null, "", hash || location.pathname + location.search);
  }

  const moves = { first: () => 0, back: () => at - 1, next: () => at + 1 };
  controls.addEventListener("click", (event) => {
    const name = event.target.closest("[data-go]")?.dataset.go;
    if (name) go(moves[name]());
  });
  slider.addEventListener("input", () => go(Number(slider.value)));
  everything.addEventListener("change", () => root.classList.toggle("walking", !everything.checked));
  const keys = { ArrowRight: () => at + 1, ArrowLeft: () => at - 1, Home: () => 0, End: () => steps.length - 1 };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target === slider || !(event.key in keys)) return;
    event.preventDefault();
    go(keys[event.key]());
  });
  picture.addEventListener("click", (event) => {
    const edge = event.target.closest(".edge");
    const node = event.target.closest(".node");
    const id = edge ? `${edge.dataset.of}-${edge.dataset.wrt}` : node?.dataset.node;
    if (id === undefined) return;
    const key = edge ? "edges" : at && steps[at].dataset.phase === "backward" ? "gradients" : "values";
    const phase = edge ? "backward" : undefined;
    const n = steps.findIndex((s) => list(s, key).includes(id) && (!phase || s.dataset.phase === phase));
    if (n >= 0) go(n);
  });

  controls.hidden = false;
  root.classList.add("walking");
  slider.max = steps.length - 1;
  go(Number((location.hash.match(/^#step-(\d+)$/) || [0, 0])[1]));
})();
