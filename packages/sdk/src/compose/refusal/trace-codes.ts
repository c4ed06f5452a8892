import type { CodeInfo } from '@typekro/kit/core';

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
 * `env` (dev or prod), `on`, `tag?`, `tags` (a list of strings) and `parts` (a list of objects with `key` and `count`).
 * The examples of `status-extra`, `status-field`, `status-missing` and `status-type` have the declared status
 * `{ phase, size? }`.
 */
export const traceCodes: readonly CodeInfo[] = [
  error(
    'absent',
    'A value that may be absent is used as if it were always present.',
    '(spec) => {\n  ConfigMap({ id: "c", name: `app-${spec.tag}` });\n}',
    'Give it a default with `??`, or test it first.',
  ),
  error(
    'argument',
    'A factory is called with an argument that it does not have, or without one that it needs.',
    '(spec) => {\n  Deployment({ id: "web", name: spec.name, image: "nginx", replica: 2 });\n}',
    'Use the name that the message suggests, or add the missing argument. An `id` must be a constant.',
  ),
  error(
    'async',
    'The composition, or a function that it calls, is async.',
    'async (spec) => {\n  ConfigMap({ id: "c", name: spec.name });\n}',
    'Await promises before the composition, and pass the results to it.',
  ),
  error(
    'duplicate-id',
    'Two resources have the same id.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name });\n  ConfigMap({ id: "c", name: "other" });\n}',
    'Give each resource its own id.',
  ),
  error(
    'field',
    'The composition reads a field that the schema does not have.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.nmae });\n}',
    'Read a field that exists; the message suggests a similar name. With `strict: false`, resources may have unknown fields.',
  ),
  error(
    'id',
    'The id of a resource cannot be used.',
    '(spec) => {\n  ConfigMap({ id: "my-map", name: spec.name });\n}',
    'Begin with a lowercase letter, and use letters and digits only. Do not use words that kro reserves.',
  ),
  error(
    'identity',
    'Two objects or lists are compared. JavaScript compares their identity, not their contents.',
    '(spec) => ({ same: spec.tags === spec.parts })',
    'Compare fields, or the strings that `join` returns.',
  ),
  error(
    'in-place',
    'A list of the spec would be changed in place.',
    '(spec) => {\n  spec.tags.sort();\n}',
    'Use `toSorted()`, `toReversed()`, or copy the list first: `[...list].sort()`.',
  ),
  error(
    'lost-text',
    'Code that is not traced made a string from a value of the graph, and the string is not in the graph. The code may have made a decision that depends on the string.',
    '(spec) => {\n  ConfigMap({ id: "c", name: isLong(spec.name) ? "long" : "short" });\n}',
    'Move this code into the composition. An `opaque` function may pass values on, but must not read them.',
  ),
  error(
    'loop-bound',
    'The number of iterations of a loop depends on a value that is known only when the graph runs.',
    '(spec) => {\n  let i = 0;\n  while (i < spec.size) i++;\n}',
    'Use `for..of` over a list, or `for (let i = 0; i < n; i++)`.',
  ),
  error(
    'loop-carried',
    'An iteration of a loop over a list of the spec depends on earlier iterations in a way that has no CEL form.',
    '(spec) => {\n  let last = "x";\n  for (const tag of spec.tags) last = `${last.length}${tag}`;\n  return { last };\n}',
    'Use a supported form: a sum, a joined string, a count, a minimum or maximum, a test for any or all, push, or the first match.',
  ),
  error(
    'loop-exit',
    'A loop over a list of the spec makes resources and ends before the end of the list.',
    '(spec) => {\n  for (const tag of spec.tags) {\n    if (tag === "stop") break;\n    ConfigMap({ id: "c", name: tag });\n  }\n}',
    'Make the list shorter first, with `filter` or `slice`.',
  ),
  error(
    'loop-step',
    'A counted loop up to a value of the spec does not go up by one.',
    '(spec) => {\n  for (let i = 0; i < spec.size; i += 2) ConfigMap({ id: "c", name: `c${i}` });\n}',
    'Count by one, and compute the other numbers from the counter: `i * 2`.',
  ),
  error(
    'maybe-undefined',
    'The composition reads a member of a value that may be undefined.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.tag.trim() });\n}',
    'Test the value first, or read the member with `?.` and give a default.',
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
    'Compute the value before the composition. If the function only passes values on, mark it with `opaque()`.',
  ),
  error(
    'no-cel',
    'An operation has no form in CEL.',
    '(spec) => ({ order: spec.name.localeCompare("b") })',
    'Follow the remedy of the message, or compute the value before the composition.',
  ),
  error(
    'not-integer',
    'An integer field gets a value that may have a fraction.',
    '(spec) => {\n  Deployment({ id: "d", name: spec.name, image: "x", replicas: spec.size / 2 });\n}',
    'Round the value with `Math.floor`, `Math.ceil` or `Math.round`.',
  ),
  error(
    'outer-write',
    'A composition assigns a variable that is declared outside of it.',
    '(spec) => {\n  total = spec.size;\n}',
    'Declare the variable inside the composition, and return it.',
  ),
  error(
    'predicate',
    'A resource is made inside the condition of `filter`, `some`, `find` and the like.',
    '(spec) => {\n  spec.tags.some((tag) => ConfigMap({ id: "c", name: tag }) !== undefined);\n}',
    'Make resources in `map`, `forEach` or `for..of`.',
  ),
  error(
    'read-only',
    'A composition changes the spec or a resource.',
    '(spec) => {\n  spec.name = "other";\n}',
    'Change a copy.',
  ),
  error(
    'regex',
    'A regular expression uses a feature that RE2, the engine of CEL, does not have.',
    '(spec) => ({ hit: /a(?=b)/.test(spec.name) })',
    'Remove look-around and back-references.',
  ),
  error(
    'secret-status',
    'The status reads values of a Secret, and every user who may read the instance could read them.',
    '(spec) => {\n  const token = externalRef("v1", "Secret", "token");\n  return { token: token.data.value };\n}',
    'Return the name of the Secret. A test for the presence of a key (`"value" in token.data`) is allowed.',
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
    'Return the field, or declare it optional.',
  ),
  error(
    'status-type',
    'A field of the status has a different type than in the declared status.',
    '(spec) => ({ phase: spec.on })',
    'Return a value of the declared type, or change the declaration.',
  ),
  error(
    'stock',
    'The target is stock kro, which lacks something that the graph uses.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { at: Cel.expr("string(now())") } });\n}',
    "Leave this part out, or print the graph for the other target: `toYaml({ target: 'typekro' })`.",
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
    'Copy the values that you need into a `const` first, or run with the transform (`typekro/register`).',
  ),
  error(
    'throw-in-try',
    'A `throw` under a condition of the graph is inside `try`.',
    '(spec) => {\n  try {\n    if (spec.on) throw new Error("no");\n  } catch {\n    return {};\n  }\n}',
    'Decide with `if` instead.',
  ),
  error(
    'too-large',
    'An expression or a recursion exceeds its limit.',
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
    'Declare or import the name. In a returned object, the key of a resource is a name only in the code below the resource.',
  ),
  error(
    'unsupported',
    'A part of the language is not translated.',
    '(spec) => {\n  class Names {}\n  return { names: new Names() };\n}',
    'Use plain functions and data. Move classes and generators out of the composition.',
  ),
  error(
    'untraced',
    'Code that is not traced computes with a value of the graph.',
    '(spec) => {\n  return { twice: twice(spec.size) };\n}',
    'Move this code into the composition.',
  ),
  error(
    'user-error',
    'The function throws an exception, always or in one branch of a condition of the graph.',
    '(spec) => {\n  const table = { dev: { cpu: 1 } };\n  return { cpu: spec.on ? table.prod.cpu : 2 };\n}',
    'Correct the code at the reported position. The message contains the exception.',
  ),
  error(
    'validation',
    'A precondition reads several fields that are not members of one object below the spec, or the live object of a resource. A definition can only have rules about one field of the spec, or about the members of one object in it.',
    '(spec) => {\n  if (spec.size > 3 && spec.name === "small") throw new Error("too large");\n  ConfigMap({ id: "c", name: spec.name });\n}',
    'Check one field at a time, or put the fields into one object of the spec.',
  ),
  warning(
    'derived-field',
    'The object does not have the field. The factory computes the field from other fields.',
    '(spec) => {\n  const web = Deployment({ id: "web", name: spec.name, image: "x" });\n  return { phase: web.status.phase };\n}',
    'The graph is correct. To avoid the warning, read the field that the message names.',
  ),
  warning(
    'late-field',
    'With `strict: false`, the graph reads a field that no schema has. The field is not checked.',
    '(spec) => {\n  const web = Deployment({ id: "web", name: spec.name, image: "x" });\n  return { color: web.status.color };\n}',
    'Read a field that exists, or declare the kind with `types`.',
  ),
  warning(
    'message',
    'The message of a precondition contains values. A rule can only have a constant message, which shows expressions instead.',
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
    'Give both branches one type. Otherwise the type of the value is unknown.',
  ),
  warning(
    'never',
    'A string is compared with a value that it never has.',
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
    'Printed YAML contains the values of a Secret in plain text.',
    '(spec) => {\n  Secret({ id: "token", name: spec.name, stringData: { value: "hunter2" } });\n}',
    'Make the Secret outside the graph and refer to it with `externalRef`, or protect the printed YAML like the Secret.',
  ),
  warning(
    'quantity',
    'The composition joins a quantity from strings, and the joined string might not be a quantity.',
    '(spec) => {\n  Deployment({ id: "web", name: spec.name, image: "x", resources: { limits: { memory: `${spec.size}${spec.name}` } } });\n}',
    'Take the whole quantity from the spec.',
  ),
  warning(
    'quoted-template',
    'A string in quotes contains `${…}` with a name of the composition. Only a string in backticks is a template.',
    '(spec) => {\n  ConfigMap({ id: "c", name: spec.name, data: { host: "${spec.name}.local" } });\n}',
    'Write the string in backticks.',
  ),
  warning(
    'status-extra',
    'A spread, or a function outside the composition, adds a field that the declared status does not have.',
    '(spec) => {\n  const defaults = JSON.parse("{\\"color\\": \\"red\\"}");\n  return { phase: spec.name, ...defaults };\n}',
    'Declare the field in the status of the definition, or name the fields that you return.',
  ),
  warning(
    'status-guard',
    'A resource exists only while a condition on another resource holds.',
    '(spec) => {\n  const web = Deployment({ id: "web", name: spec.name, image: "x" });\n  if (web.status.readyReplicas > 0) ConfigMap({ id: "c", name: spec.name });\n}',
    'If the resource must not be created and deleted repeatedly, let the spec decide.',
  ),
  warning(
    'undefined-text',
    'A value that is `undefined` or `null` while the composition is traced becomes part of a string. The string then contains the word "undefined" or "null".',
    '(spec) => {\n  const registry = process.env.NO_SUCH_REGISTRY;\n  Deployment({ id: "web", name: spec.name, image: `${registry}/shop:1` });\n}',
    'Give the value a default with `??`, or set the environment variable.',
  ),
];
