/** The rows of the ledger: every optimisation of memory or time in the packages, with its gain. */

/** A replacement in one file. The text occurs there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** An optimisation whose gain a workload shows. */
export interface MeasuredRow {
  readonly name: string;
  /** The effect of the optimisation. */
  readonly what: string;
  /** The file in `bench/ledger/workloads`. */
  readonly workload: string;
  /** The edits that remove the optimisation. */
  readonly without: readonly Edit[];
  /**
   * Unit of the workload's figure: milliseconds of processor time or of delay, bytes of heap for each object, megabytes
   * of resident memory.
   */
  readonly unit: 'ms' | 'B' | 'MB';
  /** The gain when the row was written, on Node 20.20 with two shared cores. */
  readonly gain: string;
}

/** An optimisation whose gain is a part of a larger figure. */
export interface UnmeasuredRow {
  readonly name: string;
  readonly what: string;
  readonly where: string;
  /** The gain if it is known, and the command that prints the larger figure if there is one. */
  readonly gain: string;
  /** The reason why no workload shows this gain alone. */
  readonly why: string;
}

const CACHE = 'packages/controller/src/controller/cache';

/** Replaces a counted loop over `keys` by an iteration. */
const countedKeys = (file: string): Edit => ({
  file,
  find: 'for (let index = 0; index < keys.length; index += 1) {\n    const key = keys[index] as string;',
  replace: 'for (const key of keys) {',
});

export const ROWS: readonly (MeasuredRow | UnmeasuredRow)[] = [
  {
    name: 'intern-strings',
    what: 'Strings that thousands of objects repeat (labels, namespaces, types) are kept once.',
    workload: 'cache',
    without: [
      {
        file: `${CACHE}/intern.ts`,
        find: '  if (text.length > MAX_TEXT_LENGTH) return text;\n  const place',
        replace: '  if (text.length > 0) return text;\n  const place',
      },
    ],
    unit: 'B',
    gain: '143 of 852 B',
  },
  {
    name: 'intern-json',
    what: 'Equal conditions, finalizers, single labels and annotations, and leaves of the spec of a Graph are one frozen object.',
    workload: 'cache',
    without: [
      {
        file: `${CACHE}/intern.ts`,
        find: '  const json = stringifyJson(value);\n',
        replace: '  if (typeof value === "object") return value;\n  const json = stringifyJson(value);\n',
      },
    ],
    unit: 'B',
    gain: '174 of 875 B',
  },
  {
    name: 'compact-layout',
    what: 'An entry is parsed from its JSON again, so that its memory layout has exactly its members.',
    workload: 'cache',
    without: [
      {
        file: `${CACHE}/compact.ts`,
        find: '    return JSON.parse(JSON.stringify(object)) as KubeObject;',
        replace: '    return { ...object, metadata: { ...object.metadata } };',
      },
    ],
    unit: 'B',
    gain: '119 of 820 B',
  },
  {
    name: 'digest-buffer',
    what: 'A digest encodes the bytes of the hash, and is not a slice of its hex string.',
    workload: 'cache',
    without: [
      {
        file: 'packages/engine/src/runtime/objects/fingerprint.ts',
        find: "cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20)",
        replace: "cryptoLibrary().hash('sha256', canonicalJson(value), 'hex').slice(0, 40)",
      },
    ],
    unit: 'B',
    gain: '63 of 764 B',
  },
  {
    name: 'small-sets',
    what: 'Sets of up to 32 strings are stored as lists.',
    workload: 'index-sets',
    without: [
      { file: `${CACHE}/small-set.ts`, find: 'const MAX_ARRAY_LENGTH = 32;', replace: 'const MAX_ARRAY_LENGTH = 0;' },
    ],
    unit: 'B',
    gain: '74 of 265 B',
  },
  {
    name: 'exact-lists',
    what: 'Small sets grow by `concat`, which reserves no memory for more members.',
    workload: 'index-sets',
    without: [
      {
        file: `${CACHE}/small-set.ts`,
        find: 'this.#members = this.#members.concat(member);',
        replace: 'this.#members.push(member);',
      },
    ],
    unit: 'B',
    gain: '123 of 314 B',
  },
  {
    name: 'lazy-digests',
    what: 'Values that are in memory are compared directly. A value is digested only when the digest is stored.',
    workload: 'fingerprints',
    without: [
      {
        file: 'packages/engine/src/runtime/objects/fingerprint.ts',
        find: '    this.value = value;\n',
        replace: '    this.value = value;\n    this.#digest = digestOf(value);\n',
      },
      {
        file: 'packages/engine/src/runtime/objects/fingerprint.ts',
        find: "  if (typeof a !== 'string' && typeof b !== 'string') return jsonEquals(a.value, b.value);\n",
        replace: '',
      },
    ],
    unit: 'ms',
    gain: '140 of 379 ms',
  },
  {
    name: 'compose-counted-loops',
    what: 'Manifests are copied, checked and written in counted loops, which allocate nothing before code is optimised.',
    workload: 'compose',
    without: [
      countedKeys('packages/sdk/src/compose/resources/create-resource.ts'),
      countedKeys('packages/sdk/src/compose/emit/emit-template.ts'),
      countedKeys('packages/sdk/src/factories/simple/common.ts'),
      {
        file: 'packages/sdk/src/compose/emit/print-yaml.ts',
        find: '    for (let index = 0; index < keys.length; index += 1) {\n      const key = keys[index] as string;\n      const text',
        replace: '    for (const key of keys) {\n      const text',
      },
      {
        file: 'packages/sdk/src/compose/emit/flows.ts',
        find: '    for (let index = 0; index < keys.length; index += 1) {\n      const key = keys[index] as string;',
        replace: '    for (const key of keys) {',
      },
    ],
    unit: 'ms',
    gain: '10 of 485 ms',
  },
  {
    name: 'graph-counted-loops',
    what: 'Counted loops walk the templates and collect their fields.',
    workload: 'compose',
    without: [
      {
        file: 'packages/engine/src/graph/walk.ts',
        find: '    for (let index = 0; index < keys.length; index += 1) {\n      const key = keys[index] as string;',
        replace: '    for (const key of keys) {',
      },
      {
        file: 'packages/engine/src/graph/problems.ts',
        find: '  for (let index = 0; index < items.length; index += 1) {\n    const one = find(items[index] as T);',
        replace: '  for (const item of items) {\n    const one = find(item);',
      },
      {
        file: 'packages/engine/src/graph/warnings/warn-literals.ts',
        find: '      for (let index = 0; index < keys.length; index += 1) {\n        const key = keys[index] as string;',
        replace: '      for (const key of keys) {',
      },
      {
        file: 'packages/engine/src/graph/link-resources.ts',
        find: '    for (let index = 0; index < fields.length; index += 1) {\n      const field = fields[index] as Analysed<FieldSite>;',
        replace: '    for (const field of fields) {',
      },
    ],
    unit: 'ms',
    gain: '14 of 510 ms',
  },
  {
    name: 'evaluation-without-closure',
    what: 'An evaluation gets its node and environment as arguments, so that no closure is allocated.',
    workload: 'compose',
    without: [
      {
        file: 'packages/sdk/src/compose/interp/env.ts',
        find: '    return work(node, env);\n',
        replace: '    return (() => work(node, env))();\n',
      },
    ],
    unit: 'ms',
    gain: '9 of 505 ms',
  },
  {
    name: 'literal-table',
    what: 'The interning of a literal, or of the members of a map literal, looks up the values themselves and builds no string key.',
    workload: 'compose',
    without: [
      {
        file: 'packages/sdk/src/compose/ir/node.ts',
        find: '  let node = table.literals.get(value);\n',
        replace:
          "  if (type !== undefined) return makeNode({ kind: 'lit', args: [], value, type });\n  let node = table.literals.get(value);\n",
      },
    ],
    unit: 'ms',
    gain: '3 of 509 ms',
  },
  {
    name: 'schema-types',
    what: 'The static type of each part of a schema is made once.',
    workload: 'compose',
    without: [
      {
        file: 'packages/sdk/src/compose/library/schema-type.ts',
        find: 'oncePerObject((schema) => convert(schema, specType, true))',
        replace: '(schema) => convert(schema, specType, true)',
      },
    ],
    unit: 'ms',
    gain: '37 of 537 ms',
  },
  {
    name: 'fast-parser',
    what: 'Expressions without a mistake are parsed by recursive descent; only the others go to the parser that recovers from errors.',
    workload: 'expressions',
    without: [
      {
        file: 'packages/cel/src/syntax/parse-expression.ts',
        find: '  if (lexical.length === 0)\n',
        replace: '  if (lexical.length < 0)\n',
      },
    ],
    unit: 'ms',
    gain: '18.7 of 19.0 s',
  },
  {
    name: 'lexer-result',
    what: 'The lexer reuses one object for the result of each scan.',
    workload: 'expressions',
    without: [
      {
        file: 'packages/cel/src/syntax/lexer.ts',
        find: 'const scan = { type: -1, end: 0 };',
        replace: 'let scan = { type: -1, end: 0 };',
      },
      {
        file: 'packages/cel/src/syntax/lexer.ts',
        find: '  scan.type = type;\n  scan.end = end;\n',
        replace: '  scan = { type, end };\n',
      },
    ],
    unit: 'ms',
    gain: 'none: 0 of 218 ms; the object stays because all scan functions return their result in it',
  },
  {
    name: 'plain-data',
    what: 'Data is searched for accessors only once; data without accessors is remembered.',
    workload: 'evaluations',
    without: [
      {
        file: 'packages/cel/src/eval/safe-data.ts',
        find: '  if (!isContainer(data) || plain.has(data)) return data;',
        replace: '  if (!isContainer(data)) return data;',
      },
      { file: 'packages/cel/src/eval/safe-data.ts', find: '  plain.add(data);\n', replace: '' },
      {
        file: 'packages/cel/src/eval/safe-data.ts',
        find: '  if (Array.isArray(data)) for (const entry of data) if (isContainer(entry)) plain.add(entry);\n',
        replace: '',
      },
    ],
    unit: 'ms',
    gain: '397 of 410 ms',
  },
  {
    name: 'clock-without-modules',
    what: 'Times are read and written without `performance` and `toISOString`, which load modules and calendars of Node.',
    workload: 'clock',
    without: [
      {
        file: 'packages/kit/src/core/time.ts',
        find: '  const time = process.hrtime();\n',
        replace: '  if (performance.now() > 0) return performance.now();\n  const time = process.hrtime();\n',
      },
      {
        file: 'packages/kit/src/core/time.ts',
        find: '  if (!(year >= 0 && year <= 9999)) return date.toISOString();',
        replace: '  if (year > 0) return date.toISOString();',
      },
    ],
    unit: 'MB',
    gain: '1.1 of 1.4 MB',
  },
  {
    name: 'plain-kubeconfig',
    what: 'Plain kubeconfigs are read without the YAML library.',
    workload: 'kubeconfig',
    without: [
      {
        file: 'packages/kube/src/config/plain-yaml.ts',
        find: '  // A flow map that is not JSON needs a full parser.\n',
        replace: '  if (text.length > 0) return undefined;\n',
      },
    ],
    unit: 'MB',
    gain: '7.2 of 7.3 MB',
  },
  {
    name: 'small-heap',
    what: 'The controller collects garbage early and runs without the optimising compilers.',
    workload: 'heap',
    without: [
      {
        file: 'packages/cli/src/process/small-heap.ts',
        find: '  if (!hasSecondCompiler()) loadModules();\n',
        replace: '  if (options.length >= 0) return;\n',
      },
    ],
    unit: 'MB',
    gain: '45 of 96 MB',
  },
  {
    name: 'event-loop-turns',
    what: 'Between expensive passes, the event loop runs every 50 ms; a pass is never interrupted.',
    workload: 'turns',
    without: [
      {
        file: 'packages/controller/src/controller/queue/event-loop-yielder.ts',
        find: '    return this.#options.now() - this.#since >= MAX_TURN_MS;',
        replace: '    return this.#options.now() < 0;',
      },
    ],
    unit: 'ms',
    gain: '1.4 of 1.6 s',
  },
  {
    name: 'code-parts',
    what: 'Writes, tables, documents, the simulation and the engine of definitions are loaded 20 ms after the start, or before if a request needs them.',
    workload: 'start',
    without: [
      {
        file: 'packages/cluster/src/lazy-modules.ts',
        find: "import { LazyModule } from './lazy-module.ts';",
        replace: `import { LazyModule } from './lazy-module.ts';
import * as writingCode from './writing.ts';
import * as tablesCode from './table/table.ts';
import * as openApiCode from './openapi/open-api-reply.ts';
import * as schemaEngineCode from './crd/schema-engine.ts';
import * as simulationCode from './controllers/index.ts';`,
      },
      ...(
        [
          ['writing', './writing.ts'],
          ['tables', './table/table.ts'],
          ['openApi', './openapi/open-api-reply.ts'],
          ['schemaEngine', './crd/schema-engine.ts'],
          ['simulation', './controllers/index.ts'],
        ] as const
      ).map(([part, file]) => ({
        file: 'packages/cluster/src/lazy-modules.ts',
        find: `export const ${part} = new LazyModule(() => import('${file}'));`,
        replace: `export const ${part} = new LazyModule(() => Promise.resolve(${part}Code));`,
      })),
    ],
    unit: 'ms',
    gain: '29 of 140 ms',
  },
  {
    name: 'deferred-compaction',
    what: 'Objects are compacted a second after they arrived, a few at a time.',
    where: `${CACHE}/deferred-compactor.ts`,
    gain: 'no compaction of objects that change again within the second; `ROWS=many npm run bench -- controller` prints the processor time that contains it',
    why: 'the gain depends on how often the same object changes within a second',
  },
  {
    name: 'step-memory',
    what: 'A step renders an object again only when one of its inputs changed.',
    where: 'packages/engine/src/runtime/step-memory.ts',
    gain: 'it is a part of the processor time that `ROWS=idle,chain npm run bench -- controller` prints',
    why: 'the controller holds the memory; packages/engine/src/runtime/step-memory.test.ts counts the evaluations that it saves',
  },
  {
    name: 'eight-requests-at-a-time',
    what: 'A client opens at most eight sockets for short requests, and finds slow requests with one timer.',
    where: 'packages/kube/src/http/sockets.ts',
    gain: '0.25 MB for each socket with TLS; `ROWS=many npm run bench -- controller` prints the peak',
    why: 'it needs a server with TLS in another process',
  },
  {
    name: 'late-optimization',
    what: 'V8 optimizes a function of a command only after it ran fifteen times as long as usual.',
    where: 'packages/cli/src/process/optimize-late.ts',
    gain: '0.4 of 1.2 s for validate of 24 definitions, 0.3 of 1.65 s for a plan of 300 instances (npm run bench -- cli)',
    why: 'the process of a command is the workload, from its first file on',
  },
  {
    name: 'start-parts',
    what: 'The bundles separate the files that an import of the package needs from the rest of each room.',
    where: 'scripts/start-parts.mjs',
    gain: '0.36 of 1.91 MB of code, and 2 of 60 MB of memory, for `import "typekro"`',
    why: 'the build makes it; test/package/imports.test.ts limits the size of the loaded files',
  },
  {
    name: 'limited-heap-growth',
    what: 'Commands that read many instances collect garbage when the heap has grown by 70 % of its live size, not only at four times that size.',
    where: 'packages/cli/src/process/small-heap.ts',
    gain: '85 of 210 MB for a plan of 1000 instances × 5 (npm run bench -- cli)',
    why: 'it needs a cluster with thousands of objects in another process',
  },
  {
    name: 'types-by-line',
    what: 'The facts of a built-in type are parsed at their first use, and a process at rest does not keep their source text.',
    where: 'packages/engine/src/schema/type-table.ts',
    gain: '0.5 of 0.7 MB; `ROWS=many,idle npm run bench -- controller` prints the memory at rest',
    why: 'a garbage collection drops the text, and a workload cannot choose the moment',
  },
  {
    name: 'first-writes',
    what: 'The first write of an object is stored as a number in a list, not as a history in a map.',
    where: 'packages/controller/src/controller/drift/rewrites.ts',
    gain: '0.9 of 1.1 MB for 1000 instances of five objects, until the sweep a minute later',
    why: 'it needs the writes of thousands of objects, as `ROWS=many,idle npm run bench -- controller` makes them',
  },
  {
    name: 'no-reports-without-inspect',
    what: 'A controller without the inspect interface keeps no reports of its instances.',
    where: 'packages/controller/src/controller/run-controller.ts',
    gain: '0.4 MB for 1000 instances; `ROWS=many,idle npm run bench -- controller` prints the memory at rest',
    why: 'it needs the steps of thousands of instances',
  },
  {
    name: 'late-libraries',
    what: 'The YAML, RE2 and HTTP libraries, acorn and the data of Kubernetes are loaded at their first use.',
    where: 'packages/kit/src/core/late-libraries.ts, packages/kit/src/core/assets.ts',
    gain: "`npm run bench -- start` prints the import of 'typekro' and its memory",
    why: 'each is one dynamic import; the row plain-kubeconfig shows the memory of the YAML library alone',
  },
  {
    name: 'probes-without-date',
    what: 'Responses to probes have no Date header, because Node would load its calendars for it.',
    where: 'packages/controller/src/controller/probes.ts',
    gain: 'the calendars are those of the row clock-without-modules',
    why: 'the process loads the calendars when either optimisation is missing, so both rows have the same megabyte',
  },
  {
    name: 'equal-lists',
    what: 'An update compares lists as wholes before it matches their elements by their keys.',
    workload: 'updates',
    without: [
      {
        file: 'packages/cluster/src/fields/compare-fields.ts',
        find: '  if (areEqualLists(before, after)) return SAME;\n',
        replace: '',
      },
    ],
    unit: 'ms',
    gain: '288 of 2,008 ms',
  },
  {
    name: 'few-surplus-events',
    what: 'A collection of the embedded cluster keeps only a few events beyond its window, instead of twice the window.',
    workload: 'kept-events',
    without: [
      {
        file: 'packages/cluster/src/store/event-history.ts',
        find: 'this.#maxEvents = window + Math.ceil(window * MAX_SURPLUS);',
        replace: 'this.#maxEvents = window * 2;',
      },
    ],
    unit: 'MB',
    gain: '8.8 of 48.0 MB',
  },
];
