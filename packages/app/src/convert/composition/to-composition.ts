import { type JsonObject, isJsonObject, TypeKroError } from '@typekro/kit/core';
import { isCounter } from '@typekro/sdk/compose';
import { builtinFactoryNames, factoryKey } from '@typekro/sdk/factories';
import type { Expression, Graph, GraphNode, Hole, PathStep } from '@typekro/engine/graph';
import { Naming, Nodes, Path } from '@typekro/engine/graph';
import { type BuiltinSource, type Schema, builtinSource, crdSource } from '@typekro/engine/schema';
import { textAt } from '@typekro/kit/kubernetes';
import { type Code, call, isVariableName, listCode, objectCode, printCode, stringCode, textCode } from './code.ts';
import { dataCode } from './data-code.ts';
import { expressionCode, isWrittenAsCel, renamedTo } from './expression-code.ts';
import { FileNames, IMPORTED } from './file-names.ts';
import type { ExpressionScope, ReadableResource } from './javascript-of.ts';
import { arktypeObject, jsonSchemaCode } from './spec-schema.ts';
import { type Inexpressible, largeIntegersOfSchema, servedOptions, unknownParts } from './unknown-parts.ts';

/** A definition and its compiled graph. */
export interface DefinitionGraph {
  readonly definition: JsonObject;
  readonly graph: Graph;
  /**
   * Converts the path of a part of the definition to its location in the user's files, such as
   * `app.yaml:12:5: spec.schema.scope`. Returns `undefined` for a part without a location.
   */
  readonly shownPlace?: (path: string) => string | undefined;
}

/**
 * Returns the text of a TypeScript file with one composition per definition, and with the other objects unchanged. When
 * such a composition is traced, the result is a definition with the same effect.
 *
 * @throws TypeKroError `convert/no-form` with every part that a composition cannot express
 */
export function toComposition(definitions: readonly DefinitionGraph[], objects: readonly JsonObject[]): string {
  const file = new FileNames();
  const parts = definitions.map(({ definition, graph }) => new CompositionWriter(definition, graph, file).write());
  const lost = parts.flatMap(({ problems, name }, index) =>
    problems.map(({ path, reason }) => `${definitions[index]?.shownPlace?.(path) ?? `${name}: ${path}`}: ${reason}`),
  );
  if (lost.length > 0) throw noForm(lost);
  const instances = objects.map((object) => {
    const name = file.take(exportName(textAt(object, 'metadata', 'name'), 'instance'), 'Instance');
    const head = `export const ${name} = `;
    return `${head}${printCode(dataCode(object), 0, head.length)};\n`;
  });
  return [file.imports(), ...parts.map(({ text: own }) => own), ...instances].join('\n');
}

function noForm(lines: readonly string[]): TypeKroError {
  return new TypeKroError(`a composition cannot express\n  ${lines.join('\n  ')}`, {
    code: 'convert/no-form',
    remedy: 'change these parts, or keep the definition in YAML: every command accepts it',
  });
}

/** Names that variables of a composition's function cannot have. */
const OUTER: readonly string[] = [...IMPORTED, 'spec'];

let builtin: { readonly source: BuiltinSource; readonly factories: ReadonlyMap<string, string> } | undefined;

/** Returns the built-in kinds and the names of their factories. They are read only once. */
function builtinKinds(): NonNullable<typeof builtin> {
  if (builtin !== undefined) return builtin;
  const source = builtinSource();
  builtin = { source, factories: builtinFactoryNames(source) };
  return builtin;
}

class CompositionWriter {
  readonly #definition: JsonObject;
  readonly #graph: Graph;
  readonly #file: FileNames;
  readonly #problems: Inexpressible[] = [];
  readonly #variables = new Map<string, string>();
  /** The variables that the generated JavaScript reads. */
  readonly #read = new Set<string>();
  #readsSpec = false;

  constructor(definition: JsonObject, graph: Graph, file: FileNames) {
    this.#definition = definition;
    this.#graph = graph;
    this.#file = file;
    const taken = new Set(OUTER);
    for (const id of graph.nodes.keys()) {
      let name = isVariableName(id) && !taken.has(id) ? id : `${id}Resource`;
      for (let number = 2; taken.has(name); number += 1) name = `${id}Resource${number}`;
      taken.add(name);
      this.#variables.set(id, name);
    }
  }

  write(): { readonly name: string; readonly text: string; readonly problems: readonly Inexpressible[] } {
    const graph = this.#graph;
    const parts = unknownParts(this.#definition);
    for (const each of parts.problems) this.#problems.push(each);
    const stored = schemaOf(graph, 'spec') ?? { type: 'object', properties: {} };
    const large = largeIntegersOfSchema(stored);
    for (const each of large) this.#problems.push(each);
    const specSchema = large.length === 0 ? stored : { type: 'object', properties: {} };
    const spec = arktypeObject(specSchema);
    if (spec !== undefined) this.#file.use('arktype');
    const scope = this.#scope(spec === undefined ? undefined : specSchema);
    const bodies = graph.order.map((id) => this.#node(graph.nodes.get(id) as GraphNode, scope));
    const status = this.#status(scope);
    // The set of read variables is complete only after all expressions are converted, so the statements are printed
    // last.
    const lines = bodies.flatMap((write) => write());
    const declared = status === undefined ? undefined : this.#statusType();
    const { group, version, kind } = graph.instance;
    const head = objectCode([
      ['name', stringCode(graph.name)],
      ['apiVersion', stringCode(version)],
      ...(group === 'kro.run' ? [] : [['group', stringCode(group)] as const]),
      ['kind', stringCode(kind)],
      ...servedOptions(this.#definition).map(([key, value]) => [key, dataCode(value)] as const),
      ['spec', spec === undefined ? jsonSchemaCode(specSchema) : call('type', spec)],
      ...(declared === undefined ? [] : [['status', call('type', declared)] as const]),
    ]);
    const returned = status === undefined ? [] : [`    return ${printCode(status, 4, 'return '.length)};`];
    const parameters = this.#readsSpec ? '(spec)' : '()';
    const name = this.#file.take(exportName(graph.name, 'app'), 'Composition');
    const options = parts.allowBreakingChanges ? '  { allowBreakingChanges: true },\n' : '';
    const body = [...lines, ...returned].join('\n');
    return {
      name: graph.name,
      text:
        `export const ${name} = kubernetesComposition(\n  ${printDivided(head, 2)},\n` +
        `  ${parameters} => {${body === '' ? '' : `\n${body}\n  `}},\n${options});\n`,
      problems: this.#problems,
    };
  }

  #scope(spec: Schema | undefined): ExpressionScope {
    const { source, factories } = builtinKinds();
    return {
      spec,
      resource: (id): ReadableResource | undefined => {
        const node = this.#graph.nodes.get(id);
        const variable = this.#variables.get(id);
        if (node === undefined || variable === undefined || node.nodeType !== 'resource' || !Nodes.isTyped(node))
          return undefined;
        const hasFactory = factories.has(factoryKey(node.type)) && isWhole(node);
        const schema = hasFactory ? source.schemaOf(node.type) : undefined;
        const { group, kind } = node.type;
        return { variable, schema, isCounter: (field) => isCounter(group, kind, field) };
      },
      iterator: () => undefined,
    };
  }

  /** Converts an expression. If a composition cannot express it, records a problem. */
  #expression(expression: Expression, scope: ExpressionScope, path: string, form?: 'list'): Code {
    const written = expressionCode(expression, scope, form);
    if ('reason' in written) {
      this.#problems.push({ path, reason: `\${${expression.cel}}: ${written.reason}` });
      return textCode('undefined');
    }
    for (const variable of written.resources) this.#read.add(variable);
    this.#readsSpec ||= written.readsSpec;
    if (written.isCel) this.#file.use('Cel');
    return written.code;
  }

  #data(
    { skeleton, holes }: { readonly skeleton: JsonObject; readonly holes: readonly Hole[] },
    scope: ExpressionScope,
    place: string,
  ): Code {
    const filled = new Map(holes.map((hole) => [pathKey(hole.path), hole]));
    return dataCode(skeleton, (path) => {
      const hole = filled.get(pathKey(path));
      return hole === undefined ? undefined : this.#expression(hole.expression, scope, `${place}.${hole.pathText}`);
    });
  }

  /**
   * Converts a node. Returns a function that prints the statements of the node. The caller calls this function when all
   * read variables are known.
   */
  #node(node: GraphNode, outer: ExpressionScope): () => readonly string[] {
    const place = `spec.resources[${node.index}]`;
    const dimensions = node.nodeType === 'collection' ? node.forEach : [];
    const iterators = new Map<string, { readonly variable: string; readonly schema: Schema | undefined }>();
    const loops = dimensions.map(({ name, expression }, index) => {
      const list = this.#expression(expression, outer, `${place}.forEach[${index}].${name}`, 'list');
      const isFree = isVariableName(name) && !OUTER.includes(name) && !this.#isVariable(name);
      const variable = isFree ? name : `${name}Item`;
      const hasShape = !isWrittenAsCel(expression, outer);
      iterators.set(name, { variable, schema: hasShape ? itemsOf(expression, outer.spec) : undefined });
      const lead = '  '.repeat(index + 2);
      const head = `${lead}for (const ${variable} of `;
      return `${head}${printCode(list, lead.length, head.length - lead.length, 3)}) {`;
    });
    const scope: ExpressionScope = { ...outer, iterator: (name) => iterators.get(name) };
    const object = this.#data(node.template, scope, `${place}.${Nodes.isExternal(node) ? 'externalRef' : 'template'}`);
    if (node.template.skeleton['apiVersion'] === undefined || node.template.skeleton['apiVersion'] === '') {
      this.#problems.push({ path: `${place}.apiVersion`, reason: 'an object needs an apiVersion' });
    }
    const made = this.#made(node, object);
    const includes = node.includeWhen.map((each, index) =>
      call('withIncludeWhen', this.#condition(each, scope, `${place}.includeWhen[${index}]`)),
    );
    const readies = node.readyWhen.map((each, index) =>
      // A condition on each object of a collection reads `each`. A composition has no such variable, so the condition
      // stays CEL.
      call(
        'withReadyWhen',
        node.nodeType === 'resource'
          ? this.#condition(each, scope, `${place}.readyWhen[${index}]`)
          : stringCode(each.cel),
      ),
    );
    // In kro's `propagateWhen`, each iterator and `each` mean an object of the collection. A composition has only
    // `each`.
    const propagates = (node.propagateWhen ?? []).map(({ cel }) =>
      call('withPropagateWhen', stringCode(renamedTo('each', cel, new Set(iterators.keys())))),
    );
    const policy = 'deletionPolicy' in node ? node.deletionPolicy : undefined;
    const policies = policy === undefined ? [] : [call('withDeletionPolicy', stringCode(policy))];
    const external = ('externalFields' in node && node.externalFields) || [];
    if (external.length > 0)
      policies.push(call('withExternalFields', listCode(external.map((steps) => stringCode(steps.join('.'))))));
    const variable = this.#variables.get(node.id) ?? node.id;
    const lead = '  '.repeat(loops.length + 2);
    return () => {
      const calls = [...includes, ...readies, ...propagates, ...policies];
      const isRead = this.#read.has(variable) || calls.length > 0;
      const head = isRead ? `const ${variable} = ` : '';
      return [
        ...loops,
        `${lead}${head}${printCode(made, lead.length, head.length)};`,
        ...calls.map((each) => `${lead}${variable}.${printCode(each, lead.length, variable.length + 1)};`),
        ...loops.map((_, index) => `${'  '.repeat(loops.length + 1 - index)}}`),
      ];
    };
  }

  #isVariable(name: string): boolean {
    return [...this.#variables.values()].includes(name);
  }

  /** Converts a condition to JavaScript if possible, and to CEL if not. */
  #condition(expression: Expression, scope: ExpressionScope, place: string): Code {
    const isCel = isWrittenAsCel(expression, scope);
    return isCel ? stringCode(expression.cel) : this.#expression(expression, scope, place);
  }

  /** Makes the call that creates the object: a call of the factory of its kind, or of the generic factory. */
  #made(node: GraphNode, object: Code): Code {
    const members = object.kind === 'object' ? object.members : [];
    const id = ['id', stringCode(node.id)] as const;
    if (Nodes.isExternal(node)) {
      if (node.nodeType === 'external' && isNamed(node)) {
        this.#file.use('externalRef');
        return call('externalRef', objectCode([id, ...members]));
      }
      this.#file.use('createResource');
      return call('createResource', object, objectCode([id, ['external', textCode('true')]]));
    }
    if (members.some(([name]) => name === 'id')) {
      this.#file.use('createResource');
      return call('createResource', object, objectCode([id]));
    }
    this.#file.use('factories');
    const factory =
      Nodes.isTyped(node) && isWhole(node) ? builtinKinds().factories.get(factoryKey(node.type)) : undefined;
    if (factory === undefined) return call('k8s.customResource', objectCode([id, ...members]));
    const fields = members.filter(([name]) => name !== 'apiVersion' && name !== 'kind');
    return call(`k8s.${factory}`, objectCode([id, ...fields]));
  }

  #status(scope: ExpressionScope): Code | undefined {
    const { skeleton, holes, conditions } = this.#graph.status;
    for (const { pathText, expression } of holes) {
      const secret = secretReadBy(expression, this.#graph);
      if (secret === undefined) continue;
      this.#problems.push({
        path: `spec.schema.status.${pathText}`,
        reason: `it shows values of the Secret ${secret}, which compositions refuse; show the name of the Secret instead`,
      });
    }
    const fields = this.#data({ skeleton, holes }, scope, 'spec.schema.status');
    const own = (conditions ?? []).map((each, index) =>
      this.#expression(each, scope, `spec.schema.status.conditions[${index}]`),
    );
    if (own.length === 0) return Object.keys(skeleton).length === 0 ? undefined : fields;
    return objectCode([...(fields.kind === 'object' ? fields.members : []), ['conditions', listCode(own)]]);
  }

  /** Writes the type of the status, with the fields of the definition. */
  #statusType(): Code | undefined {
    const { skeleton } = this.#graph.status;
    const { properties = {} } = schemaOf(this.#graph, 'status') ?? {};
    const own = Object.keys(skeleton).filter((name) => Object.hasOwn(properties, name));
    if (own.length < Object.keys(skeleton).length) return undefined;
    const fields = Object.fromEntries(own.map((name) => [name, allRequired(properties[name] ?? {})]));
    const code = arktypeObject({ type: 'object', properties: fields, required: own });
    if (code !== undefined) this.#file.use('arktype');
    return code;
  }
}

/** Makes the name of an export from the name of an object. */
const exportName = (name: string, otherwise: string): string =>
  Naming.suggestId(name) ?? (isVariableName(name) ? name : otherwise);

/** Prints an object literal on several lines, even when it is short. */
function printDivided(code: Code, indent: number): string {
  if (code.kind !== 'object') return printCode(code, indent);
  const inner = indent + 2;
  const lines = code.members.map(
    ([name, value]) => `${' '.repeat(inner)}${name}: ${printCode(value, inner, name.length + 2)},\n`,
  );
  return `{\n${lines.join('')}${' '.repeat(indent)}}`;
}

const pathKey = (path: readonly PathStep[]): string => Path.format(path);

/** The members of metadata that the factories of built-in kinds accept. */
const METADATA: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
]);

/** Does the typed factory of the kind accept all members of the object? */
function isWhole({ template: { skeleton } }: GraphNode): boolean {
  const metadata = skeleton['metadata'];
  return isJsonObject(metadata) && Object.keys(metadata).every((name) => METADATA.has(name)) && !('status' in skeleton);
}

/** Does the reference have only a name and possibly a namespace? */
function isNamed({ template: { skeleton } }: GraphNode): boolean {
  const metadata = skeleton['metadata'];
  return isJsonObject(metadata) && Object.keys(metadata).every((name) => name === 'name' || name === 'namespace');
}

function schemaOf({ instance }: Graph, part: 'spec' | 'status'): Schema | undefined {
  return crdSource([instance.crd]).schemaOf(instance)?.properties?.[part];
}

/** The id of a Secret whose values an expression reads. */
function secretReadBy({ cel, references }: Expression, { nodes }: Graph): string | undefined {
  return references.find((id) => {
    const type = nodes.get(id)?.type;
    return type?.kind === 'Secret' && type.group === '' && /\.\??(?:data|stringData)\b/.test(cel);
  });
}

/** The schema of the elements of a list of the spec. */
function itemsOf({ cel }: Expression, spec: Schema | undefined): Schema | undefined {
  const path = /^schema\.spec\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)$/.exec(cel)?.[1];
  let at = path === undefined ? undefined : spec;
  for (const name of path?.split('.') ?? []) {
    at = at?.properties !== undefined && Object.hasOwn(at.properties, name) ? at.properties[name] : undefined;
  }
  return at?.items;
}

/** Makes all fields of a schema required, because a composition writes every field of its status. */
function allRequired(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, allRequired(each)])),
          required: Object.keys(properties),
        }),
    ...(items === undefined ? {} : { items: allRequired(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: allRequired(additionalProperties) } : {}),
  };
}
