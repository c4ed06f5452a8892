/**
 * Loops and `reduce()` calls that carry a value between iterations. For every spec, each program produces the same
 * result as its graph.
 */
export const CARRIED: Readonly<Record<string, string>> = {
  'the element with the largest size, from undefined': `(s) => { let best; for (const x of s.items) if (!best || x.size > best.size) best = x; return { best: best?.key ?? 'none', n: best ? best.size : 0 }; }`,
  'the last of the largest elements, from null': `(s) => { let best = null; for (const x of s.items) { if (best === null || x.size >= best.size) { best = x; } } return { best: best ? best.key : 'none', none: best === null }; }`,
  'the element with the largest size, chosen by a conditional': `(s) => { let best; for (const x of s.items) best = best === undefined || best.size < x.size ? x : best; return { best: best?.key ?? 'none' }; }`,
  'the element with the largest size, in forEach': `(s) => { let best; s.items.forEach((x) => { if (best === undefined || best.size < x.size) best = x; }); return { b: best?.key ?? 'none' }; }`,
  'the best of some elements': `(s) => { let best; for (const x of s.items) { if (!x.on) continue; if (!best || x.size > best.size) best = x; } return { b: best?.key ?? 'none', has: best !== undefined }; }`,
  'the least of some elements, from null': `(s) => { let best = null; for (const x of s.items) if (x.size > 0 && (best === null || x.size < best.size)) best = x; return { b: best?.key ?? 'none', isNull: best === null }; }`,
  'the largest number, from undefined': `(s) => { let m; for (const x of s.items) if (m === undefined || x.size > m) m = x.size; return { m: m ?? -99 }; }`,
  'the largest number, by Math.max': `(s) => { let m; for (const x of s.nums) m = m === undefined ? x : Math.max(m, x); return { m: m ?? -99 }; }`,
  'a sum from undefined': `(s) => { let m; for (const x of s.items) m = (m ?? 0) + x.size; return { m: m ?? -99 }; }`,
  'a text from undefined': `(s) => { let out; for (const t of s.tags) out = out === undefined ? t : out + ',' + t; return { out: out ?? 'none' }; }`,
  'texts with a comma between them': `(s) => ({ r: s.items.reduce((a, x) => a ? \`\${a},\${x.key}\` : x.key, '') })`,
  'texts with a semicolon between them, with a test by ===': `(s) => ({ r: s.items.reduce((a, x) => a === '' ? x.key : a + ';' + x.key, '') })`,
  'texts with a comma between them, with a test of the length': `(s) => ({ r: s.tags.reduce((a, x) => a.length > 0 ? \`\${a},\${x}\` : x, '') })`,
  'texts with a comma between them, as statements': `(s) => { let r = ''; for (const t of s.tags) { if (r) r += ','; r += t; } return { r }; }`,
  'texts of some elements': `(s) => { let r = ''; for (const t of s.items) { if (t.size > 1) r += (r ? '&' : '') + t.key; } return { r }; }`,
  'texts with another separator before the first': `(s) => { let r = ''; for (const t of s.items) { r += (r ? '&' : '?') + t.key + '=' + t.size; } return { r }; }`,
  'keys of a map': `(s) => { let y = ''; for (const k of Object.keys(s.labels ?? {})) y = y ? \`\${y},\${k}\` : k; return { y }; }`,
  'entries of a map': `(s) => { let y = ''; for (const [k, v] of Object.entries(s.labels ?? {})) y = y === '' ? \`\${k}=\${v}\` : \`\${y},\${k}=\${v}\`; return { y }; }`,
  'texts that begin with empty ones': `(s) => { let y = ''; for (const x of ['', '', ...s.tags]) y = y ? \`\${y}-\${x}\` : x; return { y }; }`,
  'each element once': `(s) => ({ r: s.tags.reduce((a, x) => a.includes(x) ? a : [...a, x], []) })`,
  'each key once, after an initial element': `(s) => ({ r: s.items.reduce((a, x) => !a.includes(x.key) ? [...a, x.key] : a, [s.name]) })`,
  'each key once, after an initial element, with concat': `(s) => ({ r: s.items.reduce((a, x) => a.includes(x.key) ? a : a.concat(x.key), [s.name]) })`,
  'each of some elements once': `(s) => ({ r: s.items.reduce((a, x) => x.size > 1 && !a.includes(x.key) ? [...a, x.key] : a, []) })`,
  'each element once, assigned': `(s) => { let r = []; for (const t of s.tags) r = r.includes(t) ? r : [...r, t]; return { r }; }`,
  'texts of some elements as statements': `(s) => { let r = ''; for (const t of s.items) { if (t.size > 1) { if (r) r += ', '; r += t.key; } } return { r: r || 'none' }; }`,
  'each element once, under a condition': `(s) => { let r = []; for (const t of s.tags) { if (!r.includes(t)) r = [...r, t]; } return { r }; }`,
  'some elements, assigned': `(s) => { let r = []; for (const t of s.items) r = t.size > 1 ? [...r, t.key] : r; return { r }; }`,
  'the largest, from -Infinity': `(s) => { let mx = -Infinity; for (const n of s.nums) if (n > mx) mx = n; return { mx: Number.isFinite(mx) ? mx : 0 }; }`,
  'the largest by Math.max, from -Infinity': `(s) => { let mx = -Infinity; for (const n of s.nums) mx = Math.max(mx, n); return { r: mx === -Infinity ? 0 : mx }; }`,
  'the largest of some, from -Infinity': `(s) => { let best = -Infinity; for (const x of s.items) { if (x.on && x.size > best) { best = x.size; } } return { best: best === -Infinity ? -1 : best }; }`,
  'the least with reduce, from Infinity': `(s) => ({ r: s.nums.reduce((m, v) => Math.min(m, v), Infinity) > 3 })`,
  'the least and the largest, from Infinity and -Infinity': `(s) => { let lo = Infinity, hi = -Infinity; for (const v of s.nums) { lo = Math.min(lo, v); hi = Math.max(hi, v); } return { r: s.nums.length ? hi - lo : 0 }; }`,
  'an object with a member named length': `(s) => { let box = { length: 0, n: 0 }; for (const x of s.items) box = { length: box.length + 1, n: box.n + x.size }; return { l: box.length, n: box.n }; }`,
  'an object with a member named length, with reduce': `(s) => { const r = s.items.reduce((a, x) => ({ n: a.n + x.size, length: a.length + 1 }), { n: 0, length: 0 }); return { n: r.n, l: r.length }; }`,
  'a member that begins at -Infinity': `(s) => { let best = { n: -Infinity }; for (const x of s.items) { best = { n: Math.max(best.n, x.size) }; } return { r: s.items.length > 0 ? best.n : 0 }; }`,
  'the first element, by ??=': `(s) => { let f; for (const x of s.items) f ??= x; return { f: f?.key ?? 'none' }; }`,
  'the first element that is on': `(s) => { let f; for (const x of s.items) if (!f && x.on) f = x; return { f: f?.key ?? 'none' }; }`,
  'the longest text': `(s) => { let longest = ''; for (const t of s.tags) if (t.length > longest.length) longest = t; return { longest }; }`,
  'a best element that a resource takes': `(s) => { let best; for (const x of s.items) if (!best || x.size > best.size) best = x; if (best) ConfigMap({ name: 'best-' + best.key, data: { size: best.size } }); return {}; }`,
  'a best element in an inner loop': `(s) => { const out = []; for (const t of s.tags) { let best; for (const x of s.items) if (!best || x.size > best.size) best = x; out.push(t + (best?.key ?? 'none')); } return { out }; }`,
  'a name beside the largest number': `(s) => { let top = ''; let max = -1; for (const x of s.items) if (x.size > max) { max = x.size; top = x.key; } return { top, max }; }`,
  'a name beside the last of the largest': `(s) => { let top = 'none', max = 0; for (const x of s.items) { if (x.size >= max) { max = x.size; top = x.key; } } return { top, max }; }`,
  'a name beside the least of some': `(s) => { let top = 'none', min = 5; for (const x of s.items) if (x.on && x.size < min) { top = x.key; min = x.size; } return { top, min }; }`,
  'the position of the largest': `(s) => { let at = -1, max = -1; s.items.forEach((x, i) => { if (x.size > max) { max = x.size; at = i; } }); return { at, max }; }`,
  'members beside the largest': `(s) => { const st = { max: -1, top: '' }; for (const x of s.items) if (x.size > st.max) { st.max = x.size; st.top = x.key; } return st; }`,
  'an object that holds the best': `(s) => { let best = { key: 'none', size: -100 }; for (const x of s.items) if (x.size > best.size) best = { key: x.key, size: x.size }; return best; }`,
  'an object created in each iteration': `(s) => { let t = { n: 0, keys: [] }; for (const x of s.items) t = { n: t.n + x.size, keys: [...t.keys, x.key] }; return t; }`,
  'reduce to an object': `(s) => s.items.reduce((acc, x) => ({ n: acc.n + x.size, keys: [...acc.keys, x.key] }), { n: 0, keys: [] })`,
  'reduce to an object, by spreads': `(s) => { const r = s.items.reduce((acc, x) => ({ ...acc, n: acc.n + x.size, c: acc.c + 1 }), { n: 0, c: 0, k: 'x' }); return { n: r.n, c: r.c, k: r.k }; }`,
  'reduce to an object, by a condition': `(s) => s.items.reduce((acc, x) => (x.on ? { ...acc, on: acc.on + 1 } : { ...acc, off: acc.off + 1 }), { on: 0, off: 0 })`,
  'reduce to an object with a map': `(s) => s.items.reduce((a, x) => ({ ...a, by: { ...a.by, [x.key]: x.size }, n: a.n + 1 }), { by: {}, n: 0 })`,
  'reduce to a pair of lists': `(s) => { const [on, off] = s.items.reduce(([a, b], x) => (x.on ? [[...a, x.key], b] : [a, [...b, x.key]]), [[], []]); return { on, off }; }`,
  'reduce to a pair of numbers': `(s) => { const [a, b] = s.items.reduce(([x, y], i) => [x + i.size, y + 1], [0, 0]); return { a, b }; }`,
  'reduce with patterns': `(s) => { const { total, n } = s.items.reduce(({ total, n }, x) => ({ total: total + x.size, n: n + (x.on ? 1 : 0) }), { total: 0, n: 0 }); return { avg: n > 0 ? Math.round(total / n) : 0, total }; }`,
  'reduce from null': `(s) => ({ v: s.items.reduce((a, b) => (!a || b.size > a.size ? b : a), null)?.key ?? 'none' })`,
  'reduce from undefined': `(s) => ({ v: s.items.reduce((m, x) => (m === undefined || x.size < m ? x.size : m), undefined) ?? -1 })`,
  'reduce with the position': `(s) => ({ v: s.items.reduce((a, x, i) => (x.size > a.size ? { size: x.size, at: i } : a), { size: 0, at: -1 }) })`,
  'null that a branch replaces': `(s) => { let v = null; if (s.flag) v = s.name; let u = null; if (!s.flag && u === null) u = s.name; return { w: v === null, u: u ?? 'x', k: v === undefined }; }`,
};

/** The replacements that messages about refused loops recommend. */
export const REMEDIES: Readonly<Record<string, string>> = {
  'a Set with a condition': `(s) => { const f = new Set(['base', ...(s.flag ? ['flag'] : [])]); return { l: [...f], has: f.has('flag'), n: f.size }; }`,
  'each element once, in capitals': `(s) => ({ out: [...new Set(s.tags)].map((t) => t.toUpperCase()) })`,
  'the first element of each key': `(s) => ({ v: s.items.filter((x, i) => s.items.findIndex((y) => y.on === x.on) === i).map((x) => x.key) })`,
  'a count for each key': `(s) => { const keys = [...new Set(s.tags)]; return { m: Object.fromEntries(keys.map((k) => [k, s.tags.filter((t) => t === k).length])) }; }`,
  'the elements of each key': `(s) => { const keys = [...new Set(s.items.map((x) => x.note ?? 'none'))]; return { m: Object.fromEntries(keys.map((k) => [k, s.items.filter((x) => (x.note ?? 'none') === k).map((x) => x.key)])) }; }`,
  'a plain object for a Map': `(s) => { const m = Object.fromEntries(s.items.map((x) => [x.key, x.size])); const seen = {}; for (const t of s.tags) seen[t] = true; return { v: m.k ?? -5, n: Object.keys(m).length, a: 'a' in seen }; }`,
};

/**
 * Loops that are refused: they combine two carried values in one iteration, or change which members a carried object
 * has.
 */
export const REFUSED: Readonly<Record<string, string>> = {
  'two numbers that are swapped': `(s) => { let a = 0, b = 1; for (const x of s.items) { const t = a; a = b; b = t + x.size; } return { a, b }; }`,
  'a member that adds up another one': `(s) => s.items.reduce((a, x) => ({ n: a.n + 1, m: a.m + a.n }), { n: 0, m: 0 })`,
  'an object that loses a member': `(s) => { let b = { key: 'x', size: 0 }; for (const x of s.items) if (x.size > b.size) b = { size: x.size }; return { k: b.key ?? 'none' }; }`,
};
