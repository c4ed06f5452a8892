import type { Diagnostic, KubeObject } from '../../core/index.ts';
import { isJsonObject, parseApiVersion } from '../../core/index.ts';
import type { EditorDocument, Workspace } from '../../editor/index.ts';
import { MAX_EDITED_LENGTH } from '../../editor/index.ts';
import type { Graph } from '../../graph/index.ts';
import { builtinSource } from '../../schema/index.ts';
import { checkInputs } from '../up/check-inputs.ts';
import type { InputObject } from '../up/load-inputs.ts';
import { manifestOf } from '../up/read-manifest.ts';

/** The problems of a file, and its compiled definitions and Graphs. */
export interface CheckedDocument {
  readonly diagnostics: readonly Diagnostic[];
  readonly graphs: readonly Graph[];
  readonly graphObjects: readonly Graph[];
}

const NOTHING: CheckedDocument = { diagnostics: [], graphs: [], graphObjects: [] };

/**
 * Checks an open file as `typekro validate` does, against the kinds of the workspace. Files of other tools have no
 * problems here: only a file with an object of Kubernetes is checked.
 */
export async function checkDocument(document: EditorDocument, workspace: Workspace): Promise<CheckedDocument> {
  if (document.isTooLong) return { ...NOTHING, diagnostics: [tooLong(document)] };
  if (!isManifest(document)) return NOTHING;
  const { objects, diagnostics } = manifestOf(document.parsed(), document.text.text);
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
 * Checks the objects that a composition made. Their problems have places in the code.
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

/** Does a document of the file look like an object of Kubernetes? */
function isManifest({ parts, text }: EditorDocument): boolean {
  if (!/^\s*["']?(?:apiVersion|kind)["']?\s*:/m.test(text.text)) return false;
  return parts.some(({ part }) => {
    const { value } = part;
    if (!isJsonObject(value)) return false;
    return Object.hasOwn(value, 'apiVersion') || (Object.hasOwn(value, 'kind') && Object.hasOwn(value, 'metadata'));
  });
}

/**
 * Leaves out unknown kinds of groups that nothing in the workspace defines. A cluster may serve them, and the editor
 * asks no cluster.
 */
function withoutForeign(
  checked: CheckedDocument,
  objects: readonly InputObject[],
  crds: readonly KubeObject[],
): CheckedDocument {
  const own = new Set(['kro.run', ...crds.map(({ spec }) => String(spec?.['group']))]);
  const builtin = new Set([...builtinSource().kinds()].map(({ group }) => group));
  const foreign = new Set(
    objects.flatMap(({ object, document }) => {
      const { group } = parseApiVersion(object.apiVersion);
      const { line, column } = document?.position(['kind']) ?? {};
      return own.has(group) || builtin.has(group) ? [] : [`${line}:${column}`];
    }),
  );
  const isForeign = ({ code, source }: Diagnostic): boolean =>
    code === 'input/unknown-kind' && foreign.has(`${source?.line}:${source?.column}`);
  return { ...checked, diagnostics: checked.diagnostics.filter((each) => !isForeign(each)) };
}

function tooLong({ file }: EditorDocument): Diagnostic {
  return {
    code: 'yaml/too-large',
    severity: 'warning',
    message: `the file is longer than ${MAX_EDITED_LENGTH / 1024 / 1024} MiB, so it is not checked while it is edited`,
    hint: `check it with typekro validate ${file}`,
    source: { file, line: 1, column: 1 },
  };
}
