import { controllerCrds } from '../../controller/index.ts';
import type { Diagnostic, KubeObject } from '../../core/index.ts';
import { formatApiVersion, formatRef, parseApiVersion, refOf } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { compile, isDefinition } from '../../graph/index.ts';
import type { SchemaSource } from '../../schema/index.ts';
import { builtinSource, combineSources, crdSource, nearestName } from '../../schema/index.ts';
import { checkInstances } from './check-instances.ts';
import type { InputObject, Inputs } from './load-inputs.ts';

/** What checking the user's files gave. */
export interface CheckedInputs {
  readonly graphs: readonly Graph[];
  readonly diagnostics: readonly Diagnostic[];
}

export function isCrd(object: KubeObject): boolean {
  return object.apiVersion === 'apiextensions.k8s.io/v1' && object.kind === 'CustomResourceDefinition';
}

/**
 * Compiles every definition of the inputs. Kinds come from the built-in bundle, the CRDs in the files, and
 * the other definitions in the files: a definition whose kinds another one makes is compiled after it.
 * Objects that stand twice in the files and objects of kinds that nobody serves are problems, too.
 */
export function checkInputs(inputs: Inputs): CheckedInputs {
  const crds = inputs.objects.map(({ object }) => object).filter(isCrd);
  const graphs: Graph[] = [];
  const diagnostics: Diagnostic[] = [...inputs.diagnostics, ...findDuplicates(inputs.objects)];
  let waiting = inputs.objects.filter(({ object }) => isDefinition(object));
  for (;;) {
    const sources = combineSources(builtinSource(), crdSource([...crds, ...graphs.map(crdOf)]));
    const failed: { readonly input: InputObject; readonly diagnostics: readonly Diagnostic[] }[] = [];
    const before = graphs.length;
    for (const input of waiting) {
      const result = compile(input.document ?? (input.object as never), {
        sources,
        target: 'typekro',
        features: { omit: true, now: true },
      });
      if (result.graph === undefined) failed.push({ input, diagnostics: result.diagnostics });
      else {
        graphs.push(result.graph);
        diagnostics.push(...result.diagnostics.map((diagnostic) => inFile(diagnostic, input)));
      }
    }
    // Another round may know the kinds that this one has added.
    if (failed.length === 0) {
      const served = combineSources(sources, crdSource([...controllerCrds(), ...graphs.map(crdOf)]));
      const found = [
        ...findUnknownKinds(inputs.objects, served),
        ...checkInstances(inputs.objects, [...crds, ...graphs.map(crdOf)]),
      ];
      return { graphs, diagnostics: [...diagnostics, ...found] };
    }
    if (graphs.length === before) {
      for (const { input, diagnostics: found } of failed) {
        diagnostics.push(...found.map((diagnostic) => inFile(diagnostic, input)));
      }
      return { graphs, diagnostics };
    }
    waiting = failed.map(({ input }) => input);
  }
}

function crdOf({ instance }: Graph): KubeObject {
  return instance.crd;
}

/** Two objects of one name would overwrite each other, and so would the APIs of two definitions of one kind. */
function findDuplicates(inputs: readonly InputObject[]): Diagnostic[] {
  const first = new Map<string, InputObject>();
  const diagnostics: Diagnostic[] = [];
  for (const input of inputs) {
    const { object } = input;
    const { group } = parseApiVersion(object.apiVersion);
    const { name = '', namespace = 'default' } = object.metadata;
    const claims: (readonly [key: string, what: string])[] = [
      [`${object.kind}.${group} ${namespace}/${name}`, formatRef(refOf(object))],
    ];
    const made = isDefinition(object) ? instanceKind(object) : undefined;
    if (made !== undefined) claims.push([`kind ${made}`, `a definition of the kind ${made}`]);
    for (const [key, what] of claims) {
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, input);
        continue;
      }
      const message = `${what} stands in the files twice; the first is ${placeOf(other)}`;
      diagnostics.push(problem(input, ['metadata', 'name'], 'input/duplicate', message, 'leave one of them out'));
      break;
    }
  }
  return diagnostics;
}

/** `Kind.group` of the API that a definition makes, as far as it can be told before it is compiled. */
function instanceKind({ spec }: KubeObject): string | undefined {
  const { kind, group = 'kro.run' } = (spec?.['schema'] ?? {}) as { readonly kind?: unknown; readonly group?: unknown };
  return typeof kind === 'string' && typeof group === 'string' ? `${kind}.${group}` : undefined;
}

/** Objects that no API takes. Asked when every definition compiles: a broken one hides its own kind. */
function findUnknownKinds(inputs: readonly InputObject[], served: SchemaSource): Diagnostic[] {
  return inputs.flatMap((input) => {
    const { apiVersion, kind } = input.object;
    if (served.resourceOf({ ...parseApiVersion(apiVersion), kind }) !== undefined) return [];
    const kinds = [...served.kinds()];
    const versions = kinds.filter((known) => known.kind === kind).map(formatApiVersion);
    const near = nearestName(
      kind,
      kinds.filter((known) => formatApiVersion(known) === apiVersion).map((known) => known.kind),
    );
    const hint =
      versions.length > 0
        ? `${kind} is served in ${versions.join(', ')}`
        : near === undefined
          ? 'name the file with its CustomResourceDefinition or ResourceGraphDefinition, too'
          : `did you mean "${near}"?`;
    return [problem(input, ['kind'], 'input/unknown-kind', `${apiVersion} has no kind "${kind}"`, hint)];
  });
}

function problem(input: InputObject, path: readonly string[], code: string, message: string, hint: string): Diagnostic {
  const source = input.document?.position(path);
  const diagnostic = { code, severity: 'error' as const, message, hint };
  return source === undefined ? inFile(diagnostic, input) : { ...diagnostic, source };
}

/** Where an object stands in the user's files: `app.yaml:12`, or the file alone for one that code made. */
export function placeOf({ file, document }: InputObject): string {
  return document === undefined ? file : `${file}:${document.position([]).line}`;
}

/** Problems of a composition carry no YAML position; the definition's name says where they belong. */
function inFile(diagnostic: Diagnostic, { object, file }: InputObject): Diagnostic {
  if (diagnostic.source !== undefined) return diagnostic;
  return { ...diagnostic, message: `${file}: ${object.metadata.name ?? 'definition'}: ${diagnostic.message}` };
}
