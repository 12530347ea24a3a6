"use strict";
/* The start page: recent executions, and one execution with its tasks. Only the rows in view are in the page. */

const PAGE_SIZE = 50;
const ROW_HEIGHT = 40;
const LIST_EVERY_MS = 3000;
const DETAIL_EVERY_MS = 2000;
const MS_PER_TASK = 5; // a large execution is looked at less often
const SHOWN_CHARACTERS = 100000;
const TONE = {
  COMPLETED: "good", RUNNING: "busy", IN_PROGRESS: "busy", SCHEDULED: "held", PAUSED: "held", COMPLETED_WITH_ERRORS: "held",
  FAILED: "bad", FAILED_WITH_TERMINAL_ERROR: "bad", TIMED_OUT: "bad", TERMINATED: "off", CANCELED: "off", SKIPPED: "off",
};
const SHORT = { FAILED_WITH_TERMINAL_ERROR: "failed for good", COMPLETED_WITH_ERRORS: "with errors" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const OPEN = new Set(["RUNNING", "PAUSED"]);

const el = (id) => document.getElementById(id);
const state = { start: 0, total: 0, run: null, waits: new Map(), picked: null, timer: 0, round: 0 };

function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

const statusMark = (status) => make("span", SHORT[status] || status.replaceAll("_", " ").toLowerCase(), "status " + (TONE[status] || "off"));

function when(value) {
  if (!value) return "";
  const time = new Date(value);
  const today = time.toDateString() === new Date().toDateString();
  return today ? time.toLocaleTimeString([], CLOCK) : time.toLocaleString([], { month: "short", day: "numeric", ...CLOCK });
}

function span(ms) {
  if (!(ms >= 0)) return "";
  if (ms < 1000) return Math.round(ms) + " ms";
  const s = ms / 1000;
  if (s < 60) return s.toFixed(1) + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + Math.round(s % 60) + " s";
  return (s / 3600).toFixed(1) + " h";
}

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message || "The server answered " + answer.status);
  return body;
}

function tell(problem) {
  el("notice").hidden = !problem;
  el("notice").textContent = problem || "";
}

/* The list */

async function showList(round) {
  const query = new URLSearchParams({ start: state.start, size: PAGE_SIZE, sort: "startTime:DESC", freeText: el("words").value.trim() || "*" });
  if (el("status").value) query.set("query", "status=" + el("status").value);
  const page = await ask("/api/workflow/search?" + query);
  if (round !== state.round) return;
  state.total = page.totalHits;
  const last = Math.min(state.start + PAGE_SIZE, page.totalHits);
  el("range").textContent = page.totalHits ? `${state.start + 1}–${last} of ${page.totalHits}` : "0";
  el("before").disabled = state.start === 0;
  el("after").disabled = last >= page.totalHits;
  const head = make("div", null, "row head");
  for (const title of ["Workflow", "Status", "Execution", "Started", "Time"]) head.append(make("span", title));
  const rows = page.results.map(runRow);
  el("runs").replaceChildren(...(rows.length ? [head, ...rows] : [make("div", emptyText(), "empty")]));
}

function emptyText() {
  return el("words").value || el("status").value ? "No execution matches." : "Nothing has run yet. Start a workflow with POST /api/workflow/{name}.";
}

function runRow(run) {
  const row = make("a", null, "row");
  row.href = "/execution/" + encodeURIComponent(run.workflowId);
  const name = make("span", run.workflowType);
  name.append(make("span", " v" + run.version, "faint"));
  row.append(name, statusMark(run.status), make("span", run.workflowId, "mono faint"), make("span", when(run.startTime)), make("span", span(run.executionTime), "faint"));
  return row;
}

/* One execution */

async function showRun(id, round) {
  const path = "/api/workflow/" + encodeURIComponent(id);
  const run = await ask(path + "?includeTasks=true");
  const why = OPEN.has(run.status) ? await ask(path + "/why") : null;
  if (round !== state.round) return;
  state.run = run;
  state.waits = new Map(why ? why.tasks.map((task) => [task.taskId, task.text]) : []);
  document.title = `${run.workflowName} · Podium`;
  facts(run);
  el("reason").hidden = !run.reasonForIncompletion;
  el("reason").textContent = run.reasonForIncompletion || "";
  el("why").hidden = !why || !why.text;
  el("why").textContent = why ? why.text : "";
  el("space").style.height = run.tasks.length * ROW_HEIGHT + "px";
  drawTasks();
  drawPanel();
}

function facts(run) {
  const parent = run.parentWorkflowId ? Object.assign(make("a", run.parentWorkflowId, "mono"), { href: "/execution/" + encodeURIComponent(run.parentWorkflowId) }) : null;
  const end = run.endTime || Date.now();
  const entries = [
    ["Workflow", `${run.workflowName} v${run.workflowVersion}`], ["Status", statusMark(run.status)], ["Execution", make("span", run.workflowId, "mono")],
    ["Started", when(run.createTime)], ["Ended", when(run.endTime)], ["Time", span(end - run.createTime)], ["Tasks", String(run.tasks.length)],
    ["Correlation", run.correlationId], ["Parent", parent],
  ];
  el("facts").replaceChildren(...entries.filter((entry) => entry[1]).map(([title, value]) => {
    const pair = make("div");
    const cell = make("dd");
    cell.append(value);
    pair.append(make("dt", title), cell);
    return pair;
  }));
}

function drawTasks() {
  const tasks = state.run ? state.run.tasks : [];
  const box = el("window");
  const from = Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT) - 5);
  const to = Math.min(tasks.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW_HEIGHT) + 5);
  const rows = [];
  for (let at = from; at < to; at++) rows.push(taskRow(tasks[at], at));
  el("space").replaceChildren(...(tasks.length ? rows : [make("div", "No task yet.", "empty")]));
}

function taskRow(task, at) {
  const row = make("div", null, "row pick" + (task.taskId === state.picked ? " picked" : ""));
  row.style.transform = `translateY(${at * ROW_HEIGHT}px)`;
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", String(task.taskId === state.picked));
  row.dataset.task = task.taskId;
  const took = task.startTime ? (task.endTime || Date.now()) - task.startTime : NaN;
  const name = make("span", task.referenceTaskName);
  if (task.retryCount) name.append(make("span", ` attempt ${task.retryCount + 1}`, "faint"));
  row.append(make("span", task.seq, "faint"), name, make("span", task.taskType, "faint"), statusMark(task.status), make("span", span(took), "faint right"));
  return row;
}

function printed(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value === undefined ? {} : value, null, 2);
  return text.length > SHOWN_CHARACTERS ? text.slice(0, SHOWN_CHARACTERS) + "\n… the API has the rest" : text;
}

function drawPanel() {
  const task = state.run.tasks.find((one) => one.taskId === state.picked);
  const panel = el("panel");
  const parts = [];
  const section = (title, value) => parts.push(make("h3", title), make("pre", printed(value)));
  if (task) {
    parts.push(make("h2", task.referenceTaskName), statusMark(task.status));
    if (state.waits.has(task.taskId)) parts.push(make("p", state.waits.get(task.taskId), "waits"));
    if (task.reasonForIncompletion) section("Reason", task.reasonForIncompletion);
    section("Input", task.inputData);
    section("Output", task.outputData);
    const { inputData, outputData, workflowTask, ...rest } = task;
    if (task.subWorkflowId) {
      const link = make("a", "Open the sub-workflow");
      link.href = "/execution/" + encodeURIComponent(task.subWorkflowId);
      parts.push(make("h3", "Sub-workflow"), link);
    }
    section("Everything else", rest);
  } else {
    section("Input", state.run.input || {});
    section("Output", state.run.output || {});
    section("Variables", state.run.variables || {});
  }
  const scrolled = panel.dataset.of === String(state.picked) ? panel.scrollTop : 0;
  panel.replaceChildren(...parts);
  panel.dataset.of = String(state.picked);
  panel.scrollTop = scrolled;
}

function pick(taskId) {
  state.picked = state.picked === taskId ? null : taskId;
  drawTasks();
  drawPanel();
}

function step(by) {
  const tasks = state.run ? state.run.tasks : [];
  const at = tasks.findIndex((task) => task.taskId === state.picked);
  const next = Math.max(0, Math.min(tasks.length - 1, at + by));
  if (!tasks.length || next === at) return;
  state.picked = tasks[next].taskId;
  const box = el("window");
  const top = next * ROW_HEIGHT;
  const seen = box.clientHeight - el("head").offsetHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  if (top + ROW_HEIGHT > box.scrollTop + seen) box.scrollTop = top + ROW_HEIGHT - seen;
  drawTasks();
  drawPanel();
}

/* Where we are, and looking again */

function opened() {
  const found = location.pathname.match(/^\/execution\/([^/]+)/);
  return found ? decodeURIComponent(found[1]) : null;
}

async function look() {
  clearTimeout(state.timer);
  const round = ++state.round;
  const id = opened();
  el("list").hidden = id !== null;
  el("detail").hidden = id === null;
  let pause = LIST_EVERY_MS;
  if (!document.hidden) {
    try {
      await (id === null ? showList(round) : showRun(id, round));
      if (round === state.round) tell(null);
      if (id !== null && state.run) pause = OPEN.has(state.run.status) ? Math.max(DETAIL_EVERY_MS, state.run.tasks.length * MS_PER_TASK) : 10000;
    } catch (problem) {
      if (round === state.round) tell(problem.message);
    }
  }
  if (round === state.round) state.timer = setTimeout(look, pause);
}

function go(path) {
  history.pushState(null, "", path);
  arrive();
}

function arrive() {
  Object.assign(state, { run: null, picked: null });
  document.title = "Podium";
  for (const id of ["facts", "space", "panel"]) el(id).replaceChildren();
  el("window").scrollTop = 0;
  look();
}

async function showServer() {
  el("version").textContent = window.podium ? window.podium.version : "";
  try {
    const status = await ask("/api/health");
    el("health").className = "status " + (status.healthy ? "good" : "bad");
    el("health").textContent = status.healthy ? "healthy" : "unhealthy";
  } catch {
    el("health").className = "status bad";
    el("health").textContent = "unreachable";
  }
  setTimeout(showServer, 10000);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const inside = link && link.origin === location.origin && (link.pathname === "/" || link.pathname.startsWith("/execution/"));
  if (!inside || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.pathname);
});
let typing = 0;
const anew = () => { state.start = 0; look(); };
el("words").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(anew, 250); });
el("status").addEventListener("change", anew);
el("before").addEventListener("click", () => { state.start = Math.max(0, state.start - PAGE_SIZE); look(); });
el("after").addEventListener("click", () => { state.start += PAGE_SIZE; look(); });
el("window").addEventListener("scroll", drawTasks, { passive: true });
el("window").addEventListener("click", (event) => { const row = event.target.closest("[data-task]"); if (row) pick(row.dataset.task); });
el("window").addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
  if (by) { event.preventDefault(); step(by); }
});
window.addEventListener("resize", () => { if (state.run) drawTasks(); });
window.addEventListener("popstate", arrive);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
showServer();
look();
