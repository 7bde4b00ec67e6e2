// An image that is drawn on with the mouse and asked with keys. Points are in pixels of the image, (x, y), the centre of the first pixel at (0, 0).
// What the image shows is Python's; a stroke under way, zoom and shift are the browser's, so that the hand never waits for the kernel.
const KEEP = 12;  // screen pixels between the points of a freehand stroke that are kept, squared

// The widgets' manager calls MathJax 2, JupyterLab 4 has MathJax 3: without this each new text of a panel ends in an error in the browser's console.
function quiet() { if (window.MathJax && !window.MathJax.Hub) window.MathJax.Hub = { Queue() {} }; }
quiet();

function render({ model, el }) {
  quiet();
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.className = "helpers-canvas";
  canvas.style.cssText = "display:block;outline:none;cursor:crosshair;background:#222;touch-action:none";
  canvas.setAttribute("data-lm-suppress-shortcuts", "true");  // JupyterLab leaves our keys alone
  // Whoever types sees whether the keys arrive here.
  canvas.onfocus = () => { canvas.style.boxShadow = "0 0 0 2px #1976d2"; };
  canvas.onblur = () => { canvas.style.boxShadow = "none"; };
  el.append(canvas);
  const pen = canvas.getContext("2d");
  let picture = null, points = [], drawing = false, panned = null, asked = 0;
  // JupyterLab may deliver messages on two threads of the kernel: Python puts them into the order in which they were sent.
  const from = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let sent = 0;
  const tell = (content) => model.send({ ...content, from, turn: ++sent });
  let zoom = 1, left = 0, top = 0;  // screen pixels per image pixel beyond fitting; corner of the image on the screen

  const scale = () => zoom * Math.min(model.get("width") / model.get("shape")[1], model.get("height") / model.get("shape")[0]);
  const toScreen = ([x, y]) => [left + (x + 0.5) * scale(), top + (y + 0.5) * scale()];
  const toImage = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left - left) / scale() - 0.5, (event.clientY - box.top - top) / scale() - 0.5];
  };

  function fit() {
    zoom = 1;
    const [rows, columns] = model.get("shape");
    canvas.width = Math.round(columns * scale());
    canvas.height = Math.round(rows * scale());
    left = top = 0;
    paint();
  }

  function trace(path, closed) {
    pen.beginPath();
    path.forEach((point, index) => pen[index ? "lineTo" : "moveTo"](...toScreen(point)));
    if (closed) pen.closePath();
  }

  function paintStroke({ tool, radius, points: path, colour }, unfinished) {
    if (!path.length) return;
    pen.strokeStyle = pen.fillStyle = colour || model.get("colour");
    if (tool === "brush" || tool === "erase") {
      pen.globalAlpha = 0.45;
      pen.lineCap = pen.lineJoin = "round";
      pen.lineWidth = 2 * radius * scale();
      trace(path.length > 1 ? path : [path[0], path[0]]);
      pen.stroke();
    } else if (tool === "circle") {
      const [x, y] = toScreen(path[0]), [ex, ey] = toScreen(path[path.length - 1]);
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(x, y, Math.hypot(ex - x, ey - y), 0, 2 * Math.PI);
      pen.stroke();
    } else {
      pen.lineWidth = 2;
      trace(path, !unfinished && tool !== "line");
      pen.stroke();
      if (unfinished && tool === "polygon") path.map(toScreen).forEach(([x, y]) => pen.fillRect(x - 3, y - 3, 6, 6));
      if (!unfinished && tool !== "line") { pen.globalAlpha = 0.15; pen.fill(); }
    }
    pen.globalAlpha = 1;
  }

  function paint() {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    const [rows, columns] = model.get("shape");
    if (picture) pen.drawImage(picture, left, top, columns * scale(), rows * scale());
    model.get("strokes").forEach((stroke) => paintStroke(stroke, false));
    paintStroke({ tool: model.get("tool"), radius: model.get("radius"), points }, true);
  }

  function finish() {
    const tool = model.get("tool");
    const needed = { polygon: 3, lasso: 3, line: 2, circle: 2 }[tool] || 1;
    if (points.length >= needed) tell({ stroke: { tool, radius: model.get("radius"), points } });
    points = [];
    paint();
  }

  canvas.onpointerdown = (event) => {
    canvas.focus({ preventScroll: true });
    event.preventDefault();
    if (event.button === 1 || event.button === 2 || event.shiftKey) {
      panned = [event.clientX - left, event.clientY - top];
      canvas.setPointerCapture(event.pointerId);
      return;
    }
    const tool = model.get("tool");
    if (tool === "point") { tell({ point: toImage(event) }); return; }
    if (tool === "polygon") { points.push(toImage(event)); paint(); return; }
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    points = [toImage(event)];
    paint();
  };
  canvas.onpointermove = (event) => {
    if (panned) { left = event.clientX - panned[0]; top = event.clientY - panned[1]; paint(); return; }
    if (!drawing) return;
    for (const move of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) {
      const [x, y] = toScreen(points[points.length - 1]), next = toImage(move), [u, v] = toScreen(next);
      if ((u - x) ** 2 + (v - y) ** 2 >= KEEP) points.push(next);
    }
    paint();
  };
  canvas.onpointerup = (event) => {
    panned = null;
    if (!drawing) return;
    drawing = false;
    if (points.length > 1 || ["circle", "line", "lasso"].includes(model.get("tool"))) points.push(toImage(event));
    finish();
  };
  canvas.ondblclick = () => { if (model.get("tool") === "polygon") { points.pop(); finish(); } };
  canvas.oncontextmenu = (event) => event.preventDefault();
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.altKey) return;  // a plain wheel scrolls the page
    event.preventDefault();
    const before = toImage(event), box = canvas.getBoundingClientRect();
    zoom = Math.min(40, Math.max(1, zoom * Math.exp(-event.deltaY / 300)));
    left = zoom === 1 ? 0 : event.clientX - box.left - (before[0] + 0.5) * scale();
    top = zoom === 1 ? 0 : event.clientY - box.top - (before[1] + 0.5) * scale();
    paint();
  }, { passive: false });
  canvas.onkeydown = (event) => {
    const ours = event.key.length === 1 || ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Enter", "Escape", "Backspace", "Delete"].includes(event.key);
    if (!ours || ((event.ctrlKey || event.metaKey) && !["z", "y"].includes(event.key))) return;
    event.stopPropagation();
    event.preventDefault();
    if (event.key === "Enter" && points.length) finish();
    else if ((event.key === "Escape" || event.key === "Backspace") && points.length) { points = event.key === "Escape" ? [] : points.slice(0, -1); paint(); }
    else if (event.key === "0") fit();
    else tell({ key: (event.ctrlKey || event.metaKey ? "ctrl+" : "") + event.key });
  };

  function load() {
    const turn = ++asked;
    quiet();
    if (!model.get("png").byteLength) return;
    // Decoded beside the page's own work; of pictures that come late, the newest counts.
    createImageBitmap(new Blob([model.get("png")], { type: "image/png" })).then((next) => {
      if (turn !== asked) return next.close();
      if (picture) picture.close();
      picture = next;
      paint();
      canvas.dataset.shown = String(Number(canvas.dataset.shown || 0) + 1);  // how many pictures were drawn, for those who wait for one
    });
  }
  model.on("msg:custom", (message) => { if (message.copy && navigator.clipboard) navigator.clipboard.writeText(message.copy).catch(() => {}); });
  model.on("change:png", load);
  function take() { canvas.dataset.tool = model.get("tool"); paint(); }  // what the hand holds, for those who wait for it
  model.on("change:strokes change:radius change:colour", paint);
  model.on("change:tool", take);
  model.on("change:shape change:width change:height", fit);
  fit();
  take();
  load();
}
export default { render };
