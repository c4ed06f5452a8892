/** Computes the environment variables and the command of a container's process. */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { listAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type ConfigProblem, type ConfigSource, configEntries } from './config-source.ts';
import { type PodFacts, fieldText, resourceText } from './downward.ts';
import { expandVariables } from './container-settings.ts';

/** The names of the variables that a container inherits from the cluster's own process. */
export const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ'] as const;

/** Returns the variables of `INHERITED` that are set in `env`. */
export function inheritedVariables(env: Readonly<Record<string, string | undefined>>): Map<string, string> {
  return new Map(
    INHERITED.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The sources of a container's variables. */
export interface EnvironmentInput {
  readonly pod: KubeObject;
  readonly container: JsonObject;
  readonly config: ConfigSource;
  readonly facts: PodFacts;
  /** The variables of the cluster's own process. The pod may replace them. */
  readonly inherited: ReadonlyMap<string, string>;
  /** Variables that the pod cannot replace, such as the path of the folder with its volumes. */
  readonly fixed: ReadonlyMap<string, string>;
}

/**
 * The variables of a container. As in Kubernetes, `env` takes precedence over `envFrom`, and `envFrom` over inherited
 * variables. Fixed variables take precedence over all others. A reference `$(NAME)` can use only variables that are set
 * before it.
 */
export function containerEnvironment(input: EnvironmentInput): Map<string, string> | ConfigProblem {
  const variables = new Map([...input.inherited, ...input.fixed]);
  // The fixed variables are set before those of the pod, so that references can use them.
  const problem = addSources(input, variables) ?? addVariables(input, variables);
  if (problem !== undefined) return problem;
  for (const [name, value] of variables) {
    if (name === '' || /[=\0]/.test(name)) return { problem: `${goQuote(name)} cannot be the name of a variable` };
    if (value.includes('\0')) return { problem: `the variable ${goQuote(name)} has a NUL character` };
  }
  return variables;
}

const SOURCES = [
  ['configMapRef', 'configmap'],
  ['secretRef', 'secret'],
] as const;

function addSources({ container, config, fixed }: EnvironmentInput, variables: Map<string, string>) {
  for (const entry of objectsAt(container, 'envFrom')) {
    for (const [member, kind] of SOURCES) {
      const reference = optionalAt(entry, member);
      if (reference === undefined) continue;
      const name = textAt(reference, 'name');
      const object = config.find(kind, name);
      if (object === undefined) {
        if (reference['optional'] === true) continue;
        return { problem: `${kind} ${goQuote(name)} not found` };
      }
      for (const [key, value] of configEntries(kind, object)) {
        const variable = textAt(entry, 'prefix') + key;
        if (!fixed.has(variable)) variables.set(variable, value.toString('utf8'));
      }
    }
  }
  return undefined;
}

function addVariables(input: EnvironmentInput, variables: Map<string, string>): ConfigProblem | undefined {
  for (const entry of objectsAt(input.container, 'env')) {
    const name = textAt(entry, 'name');
    if (input.fixed.has(name)) continue;
    const source = optionalAt(entry, 'valueFrom');
    const value = source === undefined ? expandVariables(textAt(entry, 'value'), variables) : valueFrom(input, source);
    if (value === undefined) continue;
    if (typeof value !== 'string') return value;
    variables.set(name, value);
  }
  return undefined;
}

/** The value that `valueFrom` refers to; `undefined` for an optional source that does not exist. */
function valueFrom({ pod, container, config, facts }: EnvironmentInput, source: JsonObject) {
  const field = optionalAt(source, 'fieldRef');
  if (field !== undefined) {
    const path = textAt(field, 'fieldPath');
    return fieldText(pod, path, facts) ?? { problem: `the field ${goQuote(path)} is not known` };
  }
  const resource = optionalAt(source, 'resourceFieldRef');
  if (resource !== undefined) {
    const text = resourceText(pod, container, resource);
    return text ?? { problem: `the resource ${goQuote(textAt(resource, 'resource'))} is not known` };
  }
  for (const [member, kind] of [
    ['configMapKeyRef', 'configmap'],
    ['secretKeyRef', 'secret'],
  ] as const) {
    const reference = optionalAt(source, member);
    if (reference === undefined) continue;
    const [name, key] = [textAt(reference, 'name'), textAt(reference, 'key')];
    const object = config.find(kind, name);
    const value = object === undefined ? undefined : configEntries(kind, object).get(key);
    if (value !== undefined) return value.toString('utf8');
    if (reference['optional'] === true) return undefined;
    if (object === undefined) return { problem: `${kind} ${goQuote(name)} not found` };
    const kindName = kind === 'configmap' ? 'ConfigMap' : 'Secret';
    return { problem: `couldn't find key ${key} in ${kindName} ${pod.metadata.namespace}/${name}` };
  }
  const [member = 'valueFrom'] = Object.keys(source);
  return { problem: `a variable has the source ${member}, which a local process cannot use` };
}

/** The command and the arguments of a container, with expanded references. */
export function containerCommand(
  container: JsonObject,
  variables: ReadonlyMap<string, string>,
): readonly string[] | ConfigProblem {
  const command = listAt(container, 'command').map(String);
  if (command.length === 0) {
    return {
      problem:
        `the container ${goQuote(textAt(container, 'name'))} has no command; a local process has no image, so the ` +
        'command of the image is not known',
    };
  }
  const words = [...command, ...listAt(container, 'args').map(String)].map((word) => expandVariables(word, variables));
  return words.some((word) => word.includes('\0')) ? { problem: 'the command has a NUL character' } : words;
}
