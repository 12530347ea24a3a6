"use strict";
/* The reference: draws the OpenAPI document of this server. What is inside an entry is drawn when it is opened. */

const el = (id) => document.getElementById(id);
const PREFIX = "#/components/schemas/";
const entries = [];
let models = {};

function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function typeOf(schema) {
  const node = make("span");
  if (!schema || (!schema.type && !schema.$ref && !schema.anyOf && !schema.enum && !schema.const)) node.append("anything");
  else if (schema.$ref) {
    const name = schema.$ref.slice(PREFIX.length);
    const link = make("a", name);
    link.href = "#model-" + name;
    node.append(link);
  } else if (schema.anyOf) schema.anyOf.forEach((part, at) => node.append(at ? " or " : "", typeOf(part)));
  else if (schema.enum) node.append("one of " + schema.enum.join(", "));
  else if (schema.type === "array") node.append("list of ", typeOf(schema.items));
  else if (schema.type === "object" && schema.additionalProperties && typeof schema.additionalProperties === "object") node.append("map to ", typeOf(schema.additionalProperties));
  else node.append(String(schema.type || schema.const));
  return node;
}

function table(heads, rows) {
  const node = make("table", null, "fields");
  const head = node.createTHead().insertRow();
  heads.forEach((text) => head.append(make("th", text)));
  const body = node.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    cells.forEach((cell) => row.insertCell().append(cell));
  }
  return node;
}

const shown = (value) => (value === undefined ? "" : make("code", JSON.stringify(value)));

function contents(content) {
  const [type, media] = Object.entries(content || {})[0] || [];
  if (!type) return null;
  const node = make("div");
  node.append(typeOf(media.schema), make("span", " · " + type, "faint"));
  return node;
}

function operation(verb, path, op) {
  const parts = [];
  if (op.parameters.length) {
    const rows = op.parameters.map((p) => [make("code", p.name), p.in + (p.required ? ", required" : ""), typeOf(p.schema), shown(p.schema.default), p.description || ""]);
    parts.push(make("h3", "Parameters"), table(["Name", "In", "Type", "Default", ""], rows));
  }
  if (op.requestBody) parts.push(make("h3", op.requestBody.required ? "Body" : "Body, may be left out"), contents(op.requestBody.content));
  parts.push(make("h3", "Answers"));
  parts.push(table(["Status", "", "Body"], Object.entries(op.responses).map(([status, answer]) => [make("code", status === "default" ? "4xx, 5xx" : status), answer.description, contents(answer.content) || "empty"])));
  parts.push(make("h3", "Example"), make("pre", example(verb, path, op)));
  return parts;
}

function example(verb, path, op) {
  const needed = op.parameters.filter((p) => p.in === "query" && p.required).map((p) => `${p.name}=…`).join("&");
  const lines = [`curl ${verb === "get" ? "" : "-X " + verb.toUpperCase() + " "}'${location.origin}${path}${needed ? "?" + needed : ""}'`];
  const type = op.requestBody && Object.keys(op.requestBody.content)[0];
  if (type) lines.push(`  -H 'Content-Type: ${type}'`, type === "text/plain" ? "  -d 'value'" : "  -d @body.json");
  return lines.join(" \\\n");
}

function model(schema) {
  if (schema.enum) return [make("div", schema.enum.join(", "))];
  const needed = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([name, part]) => [make("code", name + (needed.has(name) ? " *" : "")), typeOf(part), shown(part.default)]);
  return [make("p", schema.description || "", "faint"), table(["Field", "Type", "Default"], rows)];
}

function entry(head, words, draw, id) {
  const node = make("details", null, "entry");
  const summary = make("summary");
  summary.append(...head);
  node.append(summary);
  if (id) node.id = id;
  node.addEventListener("toggle", () => {
    if (!node.open || node.children.length > 1) return;
    const inside = make("div", null, "inside");
    inside.append(...draw());
    node.append(inside);
  });
  entries.push({ node, words: words.toLowerCase() });
  return node;
}

function group(title, nodes) {
  const section = make("section", null, "group");
  const card = make("div", null, "card");
  card.append(...nodes);
  section.append(make("h2", title), card);
  return section;
}

function draw(document_) {
  models = document_.components.schemas;
  el("version").textContent = document_.info.version;
  const tags = new Map();
  for (const [path, verbs] of Object.entries(document_.paths)) {
    for (const [verb, op] of Object.entries(verbs)) {
      const head = [make("span", verb.toUpperCase(), "verb " + verb), make("span", path, "path"), make("span", op.summary, "faint")];
      const node = entry(head, [verb, path, op.summary, op.tags[0]].join(" "), () => operation(verb, path, op));
      if (!tags.has(op.tags[0])) tags.set(op.tags[0], []);
      tags.get(op.tags[0]).push(node);
    }
  }
  const sections = [...tags].map(([tag, nodes]) => group(tag, nodes));
  const known = Object.keys(models).sort().map((name) => entry([make("span", name, "path")], name + " model", () => model(models[name]), "model-" + name));
  el("groups").replaceChildren(...sections, group("Models", known));
  filter();
  openLinked();
}

function filter() {
  const words = el("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const one of entries) {
    one.node.hidden = !words.every((word) => one.words.includes(word));
    count += one.node.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll(".group")) section.hidden = !section.querySelector("details:not([hidden])");
  el("count").textContent = count + (count === 1 ? " entry" : " entries");
}

function openLinked() {
  const node = location.hash.startsWith("#model-") && document.getElementById(location.hash.slice(1));
  if (!node) return;
  el("words").value = "";
  filter();
  node.open = true;
  node.scrollIntoView({ block: "start" });
}

el("words").addEventListener("input", filter);
window.addEventListener("hashchange", openLinked);
fetch("/api-docs").then((answer) => answer.json()).then(draw).catch((problem) => {
  el("notice").hidden = false;
  el("notice").textContent = "The interface document could not be read: " + problem.message;
});
