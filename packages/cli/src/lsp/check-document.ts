import { type Diagnostic, type KubeObject, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { type InputObject } from '@typekro/app/plan';
import { type EditorDocument, type Workspace, MAX_EDITED_LENGTH } from '@typekro/editor';
import { type Graph, Kinds } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { shellWord } from '@typekro/app/text';
import { checkInputs } from '../checks/check-inputs.ts';
import { withPlaceOfKinds } from '../checks/without-consequences.ts';
import { manifestOf } from '../inputs/read-manifest.ts';

/** The problems of a file, and its compiled definitions and Graphs. */
export interface CheckedDocument {
  readonly diagnostics: readonly Diagnostic[];
  readonly graphs: readonly Graph[];
  readonly graphObjects: readonly Graph[];
}

const NOTHING: CheckedDocument = { diagnostics: [], graphs: [], graphObjects: [] };

/**
 * Checks an open file as `typekro validate` does, against the kinds of the workspace. Reports no problems for a file
 * without Kubernetes objects, because such a file belongs to another tool.
 */
export async function checkDocument(document: EditorDocument, workspace: Workspace): Promise<CheckedDocument> {
  if (document.isTooLong) return mayBeManifest(document) ? { ...NOTHING, diagnostics: [tooLong(document)] } : NOTHING;
  if (!isManifest(document, workspace)) return NOTHING;
  const { objects, diagnostics } = manifestOf(document.parsed(), document.text.text);
  // The parser and the compiler each need a second for a large document. Requests are answered between them.
  await new Promise((resolve) => setImmediate(resolve));
  const { file, uri } = document;
  const inputs = {
    objects: objects.map((entry) => ({ ...entry, file })),
    diagnostics,
    texts: new Map<string, string>(),
  };
  const crds = workspace.crdsOutside(uri);
  return withoutForeign(await checkInputs(inputs, { crds }), inputs.objects, crds);
}

/**
 * Checks the objects that a composition created. The positions of their problems are in the code.
 *
 * @param loading the problems that were found while the composition was loaded
 */
export async function checkModuleObjects(
  objects: readonly InputObject[],
  loading: readonly Diagnostic[],
  crds: readonly KubeObject[],
): Promise<CheckedDocument> {
  return checkInputs({ objects, diagnostics: loading, texts: new Map<string, string>() }, { crds });
}

/**
 * Does a file that is too long to be parsed look like a manifest? A YAML manifest has a line that begins with `kind`. A
 * JSON manifest begins with `apiVersion` or `kind`.
 */
function mayBeManifest({ text: { text } }: EditorDocument): boolean {
  const isJson = /^\s*\{/.test(text);
  return isJson ? /^\s*\{\s*"(?:apiVersion|kind)"\s*:/.test(text) : /^["']?kind["']?[\t ]*:/m.test(text);
}

/**
 * Does a document of the file look like a Kubernetes object? Files of other tools can also have `apiVersion` and
 * `kind`. A document without `metadata` therefore counts only if the workspace knows its kind.
 */
function isManifest({ parts, text }: EditorDocument, { source }: Workspace): boolean {
  // This check avoids parsing most files of other tools.
  if (!/(?:^|[{,])[\t ]*["']?(?:apiVersion|kind)["']?[\t ]*:/m.test(text.text)) return false;
  return parts.some(({ part: { value } }) => {
    if (!isJsonObject(value)) return false;
    const { apiVersion, kind } = value;
    if (Object.hasOwn(value, 'metadata') && (apiVersion !== undefined || kind !== undefined)) return true;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
    return source.resourceOf({ ...parseApiVersion(apiVersion), kind }) !== undefined;
  });
}

/**
 * Removes the problems about unknown kinds in API groups that are not defined by Kubernetes, the workspace or the file.
 * A cluster may serve such a kind, and the language server does not read a cluster.
 */
function withoutForeign(
  checked: CheckedDocument,
  objects: readonly InputObject[],
  crds: readonly KubeObject[],
): CheckedDocument {
  const inFile = [...objects.map(({ object }) => object).filter(Kinds.isCrd), ...checked.graphs.map(crdOfGraph)];
  const known = new Set([
    'kro.run',
    ...[...crds, ...inFile].map(({ spec }) => String(spec?.['group'])),
    ...[...builtinSource().kinds()].map(({ group }) => group),
  ]);
  const foreign = new Set(
    objects.flatMap(({ object, document }) => {
      if (known.has(parseApiVersion(object.apiVersion).group)) return [];
      // If another group has the kind, the problem is reported at `apiVersion` instead of `kind`.
      return [document?.position(['kind']), document?.position(['apiVersion'])].map(placeKey);
    }),
  );
  const isForeign = ({ code, source }: Diagnostic): boolean =>
    code === 'input/unknown-kind' && foreign.has(placeKey(source));
  const own = checked.diagnostics.filter((each) => !isForeign(each));
  return { ...checked, diagnostics: withPlaceOfKinds(own, HERE) };
}

/** The remedy for an unknown kind in an editor, which has no options. */
const HERE = 'put its CustomResourceDefinition or ResourceGraphDefinition into a file of the workspace';

const crdOfGraph = ({ instance }: Graph): KubeObject => instance.crd;
const placeKey = (place: Diagnostic['source']): string => `${place?.line}:${place?.column}`;

function tooLong({ file }: EditorDocument): Diagnostic {
  return {
    code: 'yaml/too-large',
    severity: 'warning',
    message: `the file is longer than ${MAX_EDITED_LENGTH / 1024 / 1024} MiB, so it is not checked while it is edited`,
    hint: `check it with typekro validate ${shellWord(file)}`,
    source: { file, line: 1, column: 1 },
  };
}
