import { sep } from 'node:path';
import { type JsonObject, type JsonValue, isJsonObject, stringifyJson, TypeKroError } from '@typekro/kit/core';
import { type Command, type CommandInput, usageError } from '../command.ts';
import { fileSubject } from '../explain/subject.ts';
import { insideRoot, isModule } from './inside-root.ts';

/** A tool of the protocol. It converts its arguments to the input of a read-only command, and runs the command. */
export interface McpTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly inputSchema: JsonObject;
  readonly load: () => Promise<Command>;
  /** Converts arguments to the command's input. Throws `TypeKroError` for files that the limits forbid. */
  toInput(given: JsonObject, limits: McpLimits): ToolInput;
}

/** The options and standard input with which a tool runs its command. */
export interface ToolInput extends CommandInput {
  readonly stdin?: string;
}

/** The limits on what tools may read. */
export interface McpLimits {
  /** Tools read files only in this folder and its subfolders. */
  readonly root: string;
  /** True when tools may load modules. Loading a module runs its code. */
  readonly modules: boolean;
  /** The options that select the cluster. */
  readonly cluster: CommandInput['options'];
}

const MAX_NAME_LENGTH = 4096;
const MAX_FILES = 200;
/** No file system allows the NUL character in a name. */
const NAME_PATTERN = '^[^\\u0000]+$';
const MAX_TEXT_LENGTH = 2_000_000;

const text = (description: string): JsonObject => ({
  type: 'string',
  maxLength: MAX_NAME_LENGTH,
  pattern: NAME_PATTERN,
  description,
});
const flag = (description: string): JsonObject => ({ type: 'boolean', description });
const paths = (description: string): JsonObject => ({
  type: 'array',
  minItems: 1,
  maxItems: MAX_FILES,
  items: { type: 'string', maxLength: MAX_NAME_LENGTH, pattern: NAME_PATTERN },
  description,
});
const schema = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  properties,
  required: [...required],
  additionalProperties: false,
});

const FILES = paths('YAML or JSON files with definitions, instances and other objects');
const CRDS = paths('files or folders with CustomResourceDefinitions of kinds that the files use');
const INSTANCE = text('NAME, NAMESPACE/NAME, KIND/NAME or KIND/NAMESPACE/NAME');
const NAMESPACE = text('namespace of an instance whose name has none');

/** All tools. Each tool runs the command with the same name. */
export const MCP_TOOLS: readonly McpTool[] = [
  {
    name: 'validate',
    title: 'Check definitions',
    description:
      'Checks ResourceGraphDefinitions and the other objects of the files without a cluster: schema, expressions, types, dependencies, and the objects that they make, by the rules of an API server. Returns every problem with its code, position and remedy.',
    inputSchema: schema({
      files: FILES,
      text: { type: 'string', maxLength: MAX_TEXT_LENGTH, description: 'YAML instead of files' },
      crds: CRDS,
      strict: flag('warnings count as errors'),
    }),
    load: () => import('../commands/validate-command.ts').then(({ validate }) => validate),
    toInput(given, limits) {
      const content = given['text'];
      if ((typeof content === 'string') === (given['files'] !== undefined)) throw oneOf('files', 'text');
      return {
        positionals: typeof content === 'string' ? ['-'] : filesOf(given['files'], limits),
        options: { ...crdsOf(given, limits), ...flagOf(given, 'strict') },
        ...(typeof content === 'string' ? { stdin: content } : {}),
      };
    },
  },
  {
    name: 'render',
    title: 'Objects of an instance',
    description:
      'Returns the objects that an instance gets, in the order of their dependencies, without a cluster. Values that only a cluster knows are named, with the nodes that they wait for.',
    inputSchema: schema(
      {
        files: FILES,
        values: { type: 'object', description: 'the spec of the instance; by default the instances of the files' },
        observed: paths('objects that exist, as kubectl get -o yaml prints them: files or folders'),
        name: text('name of the instance'),
        namespace: text('namespace of the instance'),
        definition: text('name of one definition, where the files hold several'),
        crds: CRDS,
      },
      ['files'],
    ),
    load: () => import('../commands/render-command.ts').then(({ render }) => render),
    toInput(given, limits) {
      const { values } = given;
      return {
        positionals: filesOf(given['files'], limits),
        options: {
          output: 'yaml',
          ...texts(given, 'name', 'namespace', 'definition'),
          ...(given['observed'] === undefined ? {} : { observed: filesOf(given['observed'], limits).join(',') }),
          ...(isJsonObject(values) ? { values: '-' } : {}),
          ...crdsOf(given, limits),
        },
        ...(isJsonObject(values) ? { stdin: stringifyJson(values) } : {}),
      };
    },
  },
  {
    name: 'plan',
    title: 'What an apply would change',
    description:
      'Shows what an apply of the files would change in the cluster, for the definitions and every live instance: created, changed field by field, replaced, pruned, deferred or blocked. The API server checks each write by a dry run; nothing is stored. With a snapshot, no request is sent to a cluster.',
    inputSchema: schema(
      {
        files: FILES,
        snapshot: text('a file of typekro snapshot instead of the cluster'),
        delete: flag('plan the deletion of the objects in the files'),
        namespace: text('plan only instances of this namespace'),
        all: flag('list every instance'),
        crds: CRDS,
      },
      ['files'],
    ),
    load: () => import('../commands/plan-command.ts').then(({ plan }) => plan),
    toInput: (given, limits) => ({
      positionals: filesOf(given['files'], limits),
      options: {
        ...(given['snapshot'] === undefined ? limits.cluster : { snapshot: filesOf([given['snapshot']], limits)[0] }),
        ...texts(given, 'namespace'),
        ...flagOf(given, 'delete'),
        ...flagOf(given, 'all'),
        ...crdsOf(given, limits),
      },
    }),
  },
  {
    name: 'why',
    title: 'Why an instance waits',
    description:
      'Follows the reasons of an instance of the cluster, or of one of its nodes, down to the one object, condition or event that it waits for, with what to do about it.',
    inputSchema: schema(
      {
        instance: text('NAME, NAMESPACE/NAME, KIND/NAME or KIND/NAMESPACE/NAME; append /NODE for one node'),
        namespace: NAMESPACE,
      },
      ['instance'],
    ),
    load: () => import('../commands/instance/why-command.ts').then(({ why }) => why),
    toInput: instanceInput,
  },
  {
    name: 'tree',
    title: 'Nodes of an instance',
    description: 'Returns every node of an instance of the cluster with its objects, its state and the reason.',
    inputSchema: schema({ instance: INSTANCE, namespace: NAMESPACE }, ['instance']),
    load: () => import('../commands/instance/tree-command.ts').then(({ tree }) => tree),
    toInput: instanceInput,
  },
  {
    name: 'explain',
    title: 'What a field, kind or code means',
    description:
      'Explains a field of the kind that a definition makes (subject: the file; path: spec.replicas, or the id of a node and a field), a kind of Kubernetes (Deployment.spec.strategy), or the code of a problem (graph/cycle).',
    inputSchema: schema(
      {
        subject: text('a file, a kind with the path of a field, or a code'),
        path: text('path of a field of the definition in the file'),
        definition: text('name of one definition, where the file holds several'),
        crds: CRDS,
      },
      ['subject'],
    ),
    load: () => import('../commands/explain-command.ts').then(({ explain }) => explain),
    toInput(given, limits) {
      return {
        positionals: subjectOf(String(given['subject']), String(given['path'] ?? ''), limits),
        options: { ...texts(given, 'definition'), ...crdsOf(given, limits) },
      };
    },
  },
];

/**
 * Returns the arguments of `explain`. Checks the named file against the limits. `app.yaml.spec.replicas` names the file
 * `app.yaml`.
 */
function subjectOf(subject: string, path: string, limits: McpLimits): string[] {
  const found = fileSubject(subject, path, limits.root);
  return found === undefined ? [subject, path] : [...filesOf([found.file], limits), found.path];
}

function instanceInput(given: JsonObject, { cluster }: McpLimits): ToolInput {
  return { positionals: [String(given['instance'])], options: { ...cluster, ...texts(given, 'namespace') } };
}

function filesOf(names: JsonValue | undefined, { root, modules }: McpLimits): string[] {
  return (Array.isArray(names) ? names : []).map((name) => {
    const given = String(name);
    if (given === '-') throw usageError('- is not a file', 'name a file');
    const inside = insideRoot(root, given);
    // A command reads the standard input for `-`, but the file with this name for `./-`.
    const file = inside === '-' ? `.${sep}-` : inside;
    // A comma would split the name, because options list names separated by commas.
    if (file.includes(',')) {
      throw usageError(`${file} has a comma in its name`, 'give the file another name');
    }
    if (!isModule(file) || modules) return file;
    throw new TypeKroError(`${file} is a module, whose code would run when it is read`, {
      code: 'mcp/module',
      remedy:
        'start typekro mcp with --modules where you trust the code, or pass a YAML file: typekro gitops writes one from a composition',
    });
  });
}

function crdsOf(given: JsonObject, limits: McpLimits): CommandInput['options'] {
  return given['crds'] === undefined ? {} : { crds: filesOf(given['crds'], limits).join(',') };
}

function texts(given: JsonObject, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : [])));
}

function flagOf(given: JsonObject, name: string): Record<string, true> {
  return given[name] === true ? { [name]: true } : {};
}

function oneOf(...names: readonly string[]): TypeKroError {
  return usageError(`exactly one of ${names.join(' and ')} is needed`, `give ${names[0]}`);
}
