"""The JavaScript around every script: it hands over the input, and turns the result or the error into text.

The text that `run` answers begins with a letter: V a value (JSON follows), E an error (a pair in JSON: its text, its stack), A the guards
of the shared realm stopped the script. All intrinsics are taken before the script runs, so one that rewrites prototypes confuses only
itself.
"""

from __future__ import annotations

CORE = r"""
const parse = JSON.parse, stringify = JSON.stringify, isArray = Array.isArray, isView = ArrayBuffer.isView, toBig = BigInt, text = String;
const numeric = Number, globalEval = eval, { apply, ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
const plain = Object.prototype, substring = text.prototype.substring, wellFormed = text.prototype.toWellFormed, hasOwn = Object.hasOwn;
const bigText = toBig.prototype.toString;
const sizeOfMap = getOwnPropertyDescriptor(Map.prototype, 'size').get, eachOfMap = Map.prototype.forEach;
const boxes = [Number.prototype.valueOf, String.prototype.valueOf, Boolean.prototype.valueOf];
const flat = (s) => apply(substring, s, [0]);
const quoted = (s) => stringify(apply(wellFormed, s, []));
const MANY = 2 ** 63, SAFE = 2 ** 53, DEEP = 400;
let marker;

function number(n) {
  if (n !== n) return '"NaN"';
  if (n === 1 / 0) return '"Infinity"';
  if (n === -1 / 0) return '"-Infinity"';
  if (n === 0) return 1 / n < 0 ? '-0.0' : '0';
  if (n % 1 !== 0) return text(n);
  if (n < SAFE && n > -SAFE) return text(n);
  if (n < MANY && n >= -MANY) return apply(bigText, toBig(n), []);
  const digits = text(n);
  for (let i = 0; i < digits.length; i++) if (digits[i] === 'e') return digits;
  return digits + '.0';
}
function big(n) {
  return n < MANY && n >= -MANY ? apply(bigText, n, []) : number(numeric(n));
}
function list(value, depth) {
  let out = '[';
  const length = value.length;
  for (let i = 0; i < length; i++) out += (i ? ',' : '') + json(value[i], depth);
  return out + ']';
}
function map(value, depth) {
  let out = '';
  apply(eachOfMap, value, [(item, key) => {
    out += (out ? ',' : '') + quoted(typeof key === 'symbol' ? 'Symbol()' : text(key)) + ':' + json(item, depth);
  }]);
  return '{' + out + '}';
}
function special(value, depth) {
  for (let i = 0; i < 3; i++) {
    let inner;
    try { inner = apply(boxes[i], value, []); } catch (e) { continue; }
    return json(inner, depth);
  }
  try { apply(sizeOfMap, value, []); } catch (e) { return undefined; }
  return map(value, depth);
}
function object(value, depth) {
  const prototype = getPrototypeOf(value);
  if (prototype !== plain && prototype !== null) {
    const known = special(value, depth);
    if (known !== undefined) return known;
  }
  let out = '';
  const keys = ownKeys(value);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key !== 'string') continue;
    const property = getOwnPropertyDescriptor(value, key);
    if (property === undefined || !property.enumerable) continue;
    out += (out ? ',' : '') + quoted(key) + ':' + json(value[key], depth);
  }
  return '{' + out + '}';
}
function json(value, depth) {
  switch (typeof value) {
    case 'number': return number(value);
    case 'string': return quoted(value);
    case 'boolean': return value ? 'true' : 'false';
    case 'bigint': return big(value);
    case 'undefined': return 'null';
    case 'symbol': return '{}';
  }
  if (value === null) return 'null';
  if (depth > DEEP) { marker = { deep: true }; throw marker; }
  return isArray(value) || (isView(value) && typeof value.length === 'number') ? list(value, depth + 1) : object(value, depth + 1);
}
function described(error) {
  let words, stack = '';
  try { words = text(error); } catch (e) { words = 'an error that has no text'; }
  try { if (typeof error === 'object' && error !== null) stack = text(error.stack); } catch (e) { stack = ''; }
  return 'E[' + quoted(words) + ',' + quoted(stack) + ']';
}
function rendered(value) {
  marker = undefined;
  try { return flat('V' + json(value, 0)); } catch (e) {
    return flat(e === marker && marker ? 'E["The result contains itself or is nested too deeply",""]' : described(e));
  }
}
"""

FRESH = (
    "(function () {'use strict';"
    + CORE
    + r"""
return function run(source, document, G) {
  let value;
  G.$ = parse(document);
  try { value = globalEval(source); } catch (e) { return flat(described(e)); }
  return rendered(value);
};
})()
"""
)

CHECK = r"""
(function () { const globalEval = eval, text = String, faults = [SyntaxError, RangeError, InternalError]; return (source) => {
  globalThis.__stop = {};
  try { globalEval(source); } catch (e) {
    for (let i = 0; i < 3; i++) if (e instanceof faults[i]) return text(e);
  }
  return '';
}; })()
"""

GUARDS = r"""
const now = Date.now, { defineProperty } = Reflect, freeze = Object.freeze, LIST = 50000, TEXT = 20000, STOP = { stop: true };
const CALLBACKS = {
  every: 1, some: 1, forEach: 1, filter: 1, map: 1, find: 1, findIndex: 1, findLast: 1, findLastIndex: 1,
  reduce: 1, reduceRight: 1, sort: 1, toSorted: 1, flatMap: 1,
};
let deadline = Infinity, alarmed = false;

function alarm() { alarmed = true; throw STOP; }
function tick() { if (now() > deadline) alarm(); }
function ticking(fn) { return typeof fn === 'function' ? function () { tick(); return apply(fn, undefined, arguments); } : fn; }
function small(value) {
  if (typeof value === 'string') { if (value.length > TEXT) alarm(); }
  else if (isArray(value) && value.length > LIST) alarm();
}
function checked(self, given) {
  tick();
  for (let i = 0; i < given.length; i++) small(given[i]);
  small(self);
}
function flattened(list) {
  for (let i = 0; i < list.length; i++) small(list[i]);
  return apply(nativeFlat, list, []);
}
const nativeFlat = Array.prototype.flat, nativeMap = Array.prototype.map;
function ofList(name, fn) {
  return function () {
    if (!isArray(this)) alarm();
    checked(this, arguments);
    if (name === 'flat') { if (arguments.length) alarm(); return flattened(this); }
    if (CALLBACKS[name] === 1 && arguments.length) arguments[0] = ticking(arguments[0]);
    return name === 'flatMap' ? flattened(apply(nativeMap, this, arguments)) : apply(fn, this, arguments);
  };
}
function ofText(name, fn) {
  return function () {
    if (typeof this === 'object' && isArray(this)) alarm();
    checked(this instanceof text ? apply(boxes[1], this, []) : this, arguments);
    if (name === 'replace' || name === 'replaceAll') arguments[1] = ticking(arguments[1]);
    return apply(fn, this, arguments);
  };
}
function ofObject(name, fn) {
  return function () { checked(undefined, arguments); return apply(fn, this, arguments); };
}
function guard(object, wrap, names) {
  for (const name of names || ownKeys(object)) {
    if (typeof name !== 'string' || name === 'constructor' || name === 'valueOf' || (name === 'toString' && wrap === ofText)) continue;
    const property = getOwnPropertyDescriptor(object, name);
    if (property && typeof property.value === 'function') defineProperty(object, name, { value: wrap(name, property.value) });
  }
}
guard(Array.prototype, ofList);
guard(String.prototype, ofText);
guard(RegExp.prototype, ofObject, ['exec', 'test', 'compile']);
guard(JSON, ofObject);
guard(Number.prototype, ofObject, ['toString']);
const nativeFrom = Array.from;
defineProperty(Array, 'from', { value: function from(items, fn) {
  checked(items, []);
  return arguments.length > 1 ? apply(nativeFrom, Array, [items, ticking(fn)]) : apply(nativeFrom, Array, [items]);
} });
defineProperty(String, 'raw', { value: alarm });
for (const home of [Object, Map]) {
  const native = home.groupBy;
  if (native) defineProperty(home, 'groupBy', { value: function groupBy(items, fn) {
    checked(items, []);
    return apply(native, home, [items, ticking(fn)]);
  } });
}
{
  const native = JSON.stringify;
  defineProperty(JSON, 'stringify', { value: function stringify(value, replacer, space) {
    if (isArray(replacer) && replacer.length > 1000) alarm();
    return apply(native, JSON, [value, typeof replacer === 'function' ? alarm() : replacer, space]);
  } });
  const reading = JSON.parse;
  defineProperty(JSON, 'parse', { value: function parse(source, reviver) {
    return apply(reading, JSON, reviver === undefined ? [source] : [source, ticking(reviver)]);
  } });
}
"""

LOCK = r"""
const seen = new Set(), prototypes = new Set(), code = new Set();
function reach(value) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  reach(getPrototypeOf(value));
  for (const key of ownKeys(value)) {
    const property = getOwnPropertyDescriptor(value, key);
    if (key === 'prototype' && (typeof property.value === 'object' || typeof property.value === 'function')) prototypes.add(property.value);
    reach(property.value); reach(property.get); reach(property.set);
  }
}
const samples = [function () {}, function* () {}, async function () {}, async function* () {}, (x) => x];
for (const sample of samples) { reach(sample); code.add(getPrototypeOf(sample)); }
const iterators = [[].values(), ''[Symbol.iterator](), new Map().entries(), new Set().values(), 'a'.matchAll(/a/g), (function* () {})()];
for (const sample of iterators) reach(sample);
reach(globalThis);
seen.delete(globalThis);
function overridable(object, key, property) {
  const value = property.value;
  return {
    get: code.has(object) && key === 'constructor' ? alarm : () => value,
    set: function (given) {
      if (this === object || (typeof this !== 'object' && typeof this !== 'function') || this === null) return;
      defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
    },
    enumerable: false, configurable: false,
  };
}
for (const object of prototypes) for (const key of ownKeys(object)) {
  const property = getOwnPropertyDescriptor(object, key);
  if (typeof key !== 'string' || !property.writable || !property.configurable) continue;
  defineProperty(object, key, overridable(object, key, property));
}
for (const object of seen) freeze(object);
defineProperty(globalThis, '__podium_tick', { value: freeze(tick) });
for (const key of ownKeys(globalThis)) defineProperty(globalThis, key, { writable: false, enumerable: false, configurable: false });
const scoped = globalEval('(function ($) { return eval(arguments[1]); })');
"""

SHARED = (
    "(function () {"
    + CORE
    + GUARDS
    + LOCK
    + r"""
const G = globalThis;
return function run(source, document, budget) {
  let value, answer;
  alarmed = false;
  deadline = now() + budget;
  try { value = scoped(parse(document), source); answer = rendered(value); } catch (e) { answer = flat(described(e)); }
  for (const key in G) delete G[key];
  return alarmed ? 'A' : answer;
};
})()
"""
)
