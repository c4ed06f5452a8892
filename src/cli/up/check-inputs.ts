import type { Diagnostic, KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { compile } from '../../graph/index.ts';
import { builtinSource, combineSources, crdSource } from '../../schema/index.ts';
import type { InputObject, Inputs } from './load-inputs.ts';

/** What checking the user's files gave. */
export interface CheckedInputs {
  readonly graphs: readonly Graph[];
  readonly diagnostics: readonly Diagnostic[];
}

export function isDefinition(object: KubeObject): boolean {
  return object.apiVersion.startsWith('kro.run/') && object.kind === 'ResourceGraphDefinition';
}

function isCrd(object: KubeObject): boolean {
  return object.apiVersion === 'apiextensions.k8s.io/v1' && object.kind === 'CustomResourceDefinition';
}

/**
 * Compiles every definition of the inputs. Kinds come from the built-in bundle, the CRDs in the files, and
 * the other definitions in the files: a definition whose kinds another one makes is compiled after it.
 */
export function checkInputs(inputs: Inputs): CheckedInputs {
  const crds = inputs.objects.map(({ object }) => object).filter(isCrd);
  const graphs: Graph[] = [];
  const diagnostics: Diagnostic[] = [...inputs.diagnostics];
  let waiting = inputs.objects.filter(({ object }) => isDefinition(object));
  for (;;) {
    const sources = combineSources(
      builtinSource(),
      crdSource([...crds, ...graphs.map(({ instance }) => instance.crd)]),
    );
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
    if (failed.length === 0 || graphs.length === before) {
      for (const { input, diagnostics: found } of failed) {
        diagnostics.push(...found.map((diagnostic) => inFile(diagnostic, input)));
      }
      return { graphs, diagnostics };
    }
    waiting = failed.map(({ input }) => input);
  }
}

/** Problems of a composition carry no YAML position; the definition's name says where they belong. */
function inFile(diagnostic: Diagnostic, { object, file }: InputObject): Diagnostic {
  if (diagnostic.source !== undefined) return diagnostic;
  return { ...diagnostic, message: `${file}: ${object.metadata.name ?? 'definition'}: ${diagnostic.message}` };
}
