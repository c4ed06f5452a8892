import type { CodeInfo } from '../../core/index.ts';

const info =
  (severity: CodeInfo['severity']) =>
  (name: string, summary: string, example: string, remedy: string): CodeInfo => ({
    code: `trace/${name}`,
    severity,
    language: 'composition',
    summary,
    example: `${example}\n`,
    remedy,
  });

const error = info('error');
const warning = info('warning');

/**
 * The codes of diagnostics about a composition function. The examples are functions of a spec with `name`, `size`,
 * `env` (dev or prod), `on`, `tag?`, `tags` (a list of texts) and `parts` (a list of objects with `key` and `count`).
 * The examples of `status-extra`, `status-field`, `status-missing` and `status-type` have the declared status `{ phase,
 * size? }`.
 */
export const traceCodes: readonly CodeInfo[] = [
  error(
    'absent',
    'A value that may be absent is used where JavaScript would take it for a value.',
    '(spec) => {\n  ConfigMap({ id: "c", name: `app-${spec.tag}` });\n}',
    'Give it a default with `??`, or test it first.',
  ),
  error(
    'argument',
    'A factory is called with an argument that it does not have, or without one that it needs.',
    '(spec) => {\n  Deployment({ id: "web", name: spec.name, image: "nginx", replica: 2 });\n}',
    'Use the name that the message suggests; give what is missing. An `id` must be a constant.',
  ),
  error(
    'async',
    'The composition, or a function that it calls, is async.',
    'async (spec) => {\n  ConfigMap({ id: "c", name: spec.name });\n}',
    'Await things before the composition and pass the results in.',
  ),
  error(
    'duplicate-id',
    'Two resources have the same id.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name });\n  ConfigMap({ id: "c", name: "other" });\n}',
    'Give each resource an id of its own.',
  ),
  error(
    'field',
    'A field is read that the schema does not have.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.nmae });\n}',
    'Read a field that exists; the message names the nearest. `strict: false` lets unknown fields of resources pass.',
  ),
  error(
    'id',
    'The id of a resource cannot be used.',
    '(spec) => {\n  ConfigMap({ id: "my-map", name: spec.name });\n}',
    'Begin with a small letter and use letters and digits only; the words of kro are taken.',
  ),
  error(
    'identity',
    'Two objects or lists are compared, which in JavaScript asks whether they are the same one.',
    '(spec) => ({ same: spec.tags === spec.parts })',
    'Compare fields, or the texts that `join` makes.',
  ),
  error(
    'in-place',
    'A list of the spec would be changed in place.',
    '(spec) => {\n  spec.tags.sort();\n}',
    'Use `toSorted()`, `toReversed()`, or copy the list first: `[...list].sort()`.',
  ),
  error(
    'lost-text',
    'Code that is not traced made a text from a value, and the text is not in the graph: something was decided by it.',
    '(spec) => {\n  ConfigMap({ id: "c", name: isLong(spec.name) ? "long" : "short" });\n}',
    'Do it in the composition itself; `opaque` functions may pass values on, not look at them.',
  ),
  error(
    'loop-bound',
    'How often a loop runs depends on a value that is known only when the graph runs.',
    '(spec) => {\n  let i = 0;\n  while (i < spec.size) i++;\n}',
    'Use `for..of` over a list, or `for (let i = 0; i < n; i++)`.',
  ),
  error(
    'loop-carried',
    'A turn of a loop over a list of the spec depends on the turns before it in a way that has no CEL form.',
    '(spec) => {\n  let last = "x";\n  for (const tag of spec.tags) last = `${last.length}${tag}`;\n  return { last };\n}',
    'Sums, joined texts, counts, minimum and maximum, any and all, push and the first match are supported.',
  ),
  error(
    'loop-exit',
    'A loop over a list of the spec makes resources and ends early.',
    '(spec) => {\n  for (const tag of spec.tags) {\n    if (tag === "stop") break;\n    ConfigMap({ id: "c", name: tag });\n  }\n}',
    'Make the list shorter first, with `filter` or `slice`.',
  ),
  error(
    'loop-step',
    'A counted loop up to a value of the spec does not go up by one.',
    '(spec) => {\n  for (let i = 0; i < spec.size; i += 2) ConfigMap({ id: "c", name: `c${i}` });\n}',
    'Count by one and compute the rest: `i * 2`.',
  ),
  error(
    'maybe-undefined',
    'A member is read of something that may be undefined.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.tag.trim() });\n}',
    'Test it first, or read it with `?.` and give a default.',
  ),
  error(
    'member',
    'A value has no such method or property.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name.toUpercase() });\n}',
    'Use the name that the message suggests.',
  ),
  error(
    'native-call',
    'A function without readable source is called with a value of the graph.',
    '(spec) => ({ host: new URL(spec.name).host })',
    'Compute it before the composition, or mark a function that only passes values on with `opaque()`.',
  ),
  error(
    'no-cel',
    'What the program does has no form in CEL.',
    '(spec) => ({ order: spec.name.localeCompare("b") })',
    'Do as the message says, or compute it before the composition.',
  ),
  error(
    'not-integer',
    'A value that may have a fraction ends in an integer field.',
    '(spec) => {\n  Deployment({ id: "d", name: spec.name, image: "x", replicas: spec.size / 2 });\n}',
    'Wrap it in `Math.floor`, `Math.ceil` or `Math.round`.',
  ),
  error(
    'outer-write',
    'A variable outside of the composition is assigned while the graph is built.',
    '(spec) => {\n  total = spec.size;\n}',
    'Declare it inside and return it.',
  ),
  error(
    'predicate',
    'A resource is made inside the condition of `filter`, `some`, `find` and the like.',
    '(spec) => {\n  spec.tags.some((tag) => ConfigMap({ id: "c", name: tag }) !== undefined);\n}',
    'Make resources in `map`, `forEach` or `for..of`.',
  ),
  error(
    'read-only',
    'The spec or a resource is written.',
    '(spec) => {\n  spec.name = "other";\n}',
    'Make a copy and change that.',
  ),
  error(
    'regex',
    'A regular expression uses what RE2, the engine of CEL, does not have.',
    '(spec) => ({ hit: /a(?=b)/.test(spec.name) })',
    'Do without look-around and back-references.',
  ),
  error(
    'secret-status',
    'The status reads values of a Secret, and everyone who may read the instance would read them.',
    '(spec) => {\n  const token = externalRef("v1", "Secret", "token");\n  return { token: token.data.value };\n}',
    'Return the name of the Secret. Whether a key is there (`"value" in token.data`) may be told.',
  ),
  error(
    'status-field',
    'The composition returns a field that the declared status does not have.',
    '(spec) => ({ phase: spec.name, sise: spec.size })',
    'Use the name that the message suggests, or declare the field in the status of the definition.',
  ),
  error(
    'status-missing',
    'The declared status requires a field that the composition never returns.',
    '(spec) => ({ size: spec.size })',
    'Return it, or declare it optional.',
  ),
  error(
    'status-type',
    'A field of the status is something else than what the status declares.',
    '(spec) => ({ phase: spec.on })',
    'Give what is declared, or declare the field as what it is.',
  ),
  error(
    'stock',
    'The target is stock kro, which lacks something that the graph uses.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { at: Cel.expr("string(now())") } });\n}',
    "Leave it out, or write for `toYaml({ target: 'typekro' })`.",
  ),
  error(
    'syntax',
    'Hand-written CEL cannot be parsed.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { a: Cel.expr("1 +") } });\n}',
    'Correct the expression.',
  ),
  error(
    'this',
    '`this` of the surrounding method cannot be read here.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { a: this.owner } });\n}',
    'Copy what is needed into a `const` first, or run with the transform (`typekro/register`).',
  ),
  error(
    'throw-in-try',
    'A `throw` under a condition of the graph stands inside `try`.',
    '(spec) => {\n  try {\n    if (spec.on) throw new Error("no");\n  } catch {\n    return {};\n  }\n}',
    'Decide with `if` instead.',
  ),
  error(
    'too-large',
    'An expression or a recursion grows beyond all measure.',
    '(spec) => {\n  const sum = (n) => (n === 0 ? 0 : n + sum(n - 1));\n  return { sum: sum(spec.size) };\n}',
    'End the recursion on a known value, split the expression, or put the decision into the spec.',
  ),
  error(
    'types',
    'An operation between values of these types has no CEL form.',
    '(spec) => ({ odd: spec.name < spec.size })',
    'Convert one side.',
  ),
  error(
    'unknown-name',
    'A name is not declared anywhere.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { a: missing } });\n}',
    'Declare or import it. In the declarative form the keys of the returned object name the resources before them.',
  ),
  error(
    'unsupported',
    'A part of the language is not translated.',
    '(spec) => {\n  class Names {}\n  return { names: new Names() };\n}',
    'Write it with plain functions and data; classes and generators belong outside.',
  ),
  error(
    'untraced',
    'Code that is not traced computes with a value of the graph.',
    '(spec) => {\n  return { twice: twice(spec.size) };\n}',
    'Do it in the composition itself.',
  ),
  error(
    'user-error',
    'The function fails, on one side of a condition of the graph or in every case.',
    '(spec) => {\n  const table = { dev: { cpu: 1 } };\n  return { cpu: spec.on ? table.prod.cpu : 2 };\n}',
    'Correct the place that is named; the message is the exception.',
  ),
  error(
    'validation',
    'A precondition looks at several fields that have no common object, and a definition has no place for such a rule.',
    '(spec) => {\n  if (spec.size > 3 && spec.name === "small") throw new Error("too large");\n  ConfigMap({ id: "c", name: spec.name });\n}',
    'Check one field at a time, or put the fields into one object of the spec.',
  ),
  warning(
    'derived-field',
    'The field is not one of the object: the factory computes it from others.',
    '(spec) => {\n  const web = Deployment({ id: "web", name: spec.name, image: "x" });\n  return { phase: web.status.phase };\n}',
    'Nothing; or read the field that the message names.',
  ),
  warning(
    'late-field',
    'With `strict: false`, a field that no schema knows is taken as it comes.',
    '(spec) => {\n  const web = Deployment({ id: "web", name: spec.name, image: "x" });\n  return { color: web.status.color };\n}',
    'Read a field that exists, or declare the kind with `types`.',
  ),
  warning(
    'message',
    'The message of a precondition is a constant text.',
    '(spec) => {\n  if (spec.size > 3) throw new Error(`too large: ${spec.size}`);\n  ConfigMap({ id: "c", name: spec.name });\n}',
    'Write a message without values.',
  ),
  warning(
    'missing-image',
    'A workload has no image; the API server will refuse it.',
    '(spec) => {\n  Deployment({ id: "web", name: spec.name });\n}',
    'Add `image`.',
  ),
  warning(
    'mixed-branches',
    'The branches of hand-written CEL have different types.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name });\n  return { a: Cel.expr("schema.spec.on ? 1 : \\"none\\"") };\n}',
    'Give both branches one type; until then the value is of unknown type.',
  ),
  warning(
    'never',
    'A text is compared with one that it cannot be.',
    '(spec) => ({ live: spec.env === "production" })',
    'Compare with one of the values that the schema lists.',
  ),
  warning(
    'never-equal',
    'Values of different types are compared with `===`, which is never true.',
    '(spec) => ({ odd: spec.name === spec.size })',
    'Convert one side, or remove the comparison.',
  ),
  warning(
    'printed-secret',
    'Printed YAML holds the values of a Secret for everyone to read.',
    '(spec) => {\n  Secret({ id: "token", name: spec.name, stringData: { value: "hunter2" } });\n}',
    'Make the Secret outside the graph and refer to it with `externalRef`, or keep what is printed as you keep the Secret.',
  ),
  warning(
    'quantity',
    'A quantity is joined from texts, and the joined text may be none.',
    '(spec) => {\n  Deployment({ id: "web", name: spec.name, image: "x", resources: { limits: { memory: `${spec.size}${spec.name}` } } });\n}',
    'Take the whole quantity from the spec.',
  ),
  warning(
    'quoted-template',
    'A text in quotes holds `${…}` with a name of the composition; only back-ticks make it a template.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { host: "${spec.name}.local" } });\n}',
    'Write it in back-ticks.',
  ),
  warning(
    'status-extra',
    'A spread, or a function outside the composition, brings a field into the status that is not declared.',
    '(spec) => {\n  const defaults = JSON.parse("{\\"color\\": \\"red\\"}");\n  return { phase: spec.name, ...defaults };\n}',
    'Declare the field in the status of the definition, or name the fields that you return.',
  ),
  warning(
    'status-guard',
    'A resource exists only while a condition on another resource holds.',
    '(spec) => {\n  const web = Deployment({ id: "web", name: spec.name, image: "x" });\n  if (web.status.readyReplicas > 0) ConfigMap({ id: "c", name: spec.name });\n}',
    'Decide by the spec where the resource should not come and go.',
  ),
  warning(
    'undefined-text',
    'A value that is `undefined` or `null` while the composition is followed is printed into a text, which then holds that word.',
    '(spec) => {\n  const registry = process.env.NO_SUCH_REGISTRY;\n  Deployment({ id: "web", name: spec.name, image: `${registry}/shop:1` });\n}',
    'Give it a default with `??`, or set the variable of the environment.',
  ),
];
