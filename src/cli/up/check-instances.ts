import type { Diagnostic, JsonValue, KubeObject } from '../../core/index.ts';
import { parseApiVersion } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import type { Schema } from '../../schema/index.ts';
import { applyDefaults, crdSource, nearestName, prune, schemaAt, validate } from '../../schema/index.ts';
import type { InputObject } from './load-inputs.ts';

/**
 * What is wrong with the objects whose kinds the given CRDs define (instances of definitions, above all), by their
 * schemas and after defaults, as an API server would find it: each problem with its field and its place in the file.
 * Fields that nobody knows are warnings, since a server drops them.
 */
export function checkInstances(inputs: readonly InputObject[], crds: readonly KubeObject[]): Diagnostic[] {
  const source = crdSource(crds);
  return inputs.flatMap((input) => {
    const { object } = input;
    const schema = source.schemaOf({ ...parseApiVersion(object.apiVersion), kind: object.kind });
    return schema === undefined ? [] : problemsOf(input, schema);
  });
}

function problemsOf(input: InputObject, schema: Schema): Diagnostic[] {
  // Objects of files and modules are JSON by the time they are here.
  const value = input.object as unknown as JsonValue;
  const errors = validate(schema, applyDefaults(schema, value)).map(({ field, message }) =>
    report(input, field, 'error', 'input/invalid-field', message),
  );
  const unknown = prune(schema, value).unknown.map((field) => {
    const steps = stepsOf(field);
    const name = String(steps.at(-1) ?? '');
    const parent = schemaAt(schema, steps.slice(0, -1));
    const near = nearestName(name, Object.keys(parent?.properties ?? {}));
    const hint = near === undefined ? 'the server drops it' : `did you mean "${near}"? The server drops it as it is`;
    return { ...report(input, field, 'warning', 'input/unknown-field', `unknown field "${name}"`), hint };
  });
  return [...errors, ...unknown];
}

function report(
  { object, file, document }: InputObject,
  field: string,
  severity: Diagnostic['severity'],
  code: string,
  text: string,
): Diagnostic {
  const source = document?.position(stepsOf(field));
  const what = `${object.kind} ${object.metadata.name ?? ''}: ${field}: ${text}`;
  return source === undefined
    ? { code, severity, message: `${file}: ${what}` }
    : { code, severity, message: what, source };
}

/** The steps of a path as Kubernetes writes it: `spec.ports[0].name`, `spec.labels[a.b]`. */
function stepsOf(field: string): PathStep[] {
  return [...field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([text, inBrackets]) => {
    if (inBrackets === undefined) return text;
    return /^\d+$/.test(inBrackets) ? Number(inBrackets) : inBrackets;
  });
}
