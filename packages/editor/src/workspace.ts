import type { TextDocumentContentChangeEvent } from 'vscode-languageserver';
import { type GroupVersionKind, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { type Graph, compile, controllerCrds, isDefinition, Kinds, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import type { BuiltinSource, SchemaSource } from '@typekro/engine/schema';
import { builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { type DocumentPart, type EditorDocument, openDocument } from './editor-document.ts';

/** The CustomResourceDefinitions that a file contains, and those of the definitions in the file. */
interface FileKinds {
  readonly crds: readonly KubeObject[];
}

/** The number of open documents that keep their parsed forms. The others are parsed again when they are requested. */
const MAX_PARSED_DOCUMENTS = 6;

/** The kinds that the workspace knows. */
interface WorkspaceSource {
  readonly source: SchemaSource;
  /** The CRDs of the files, and those that come with the package. */
  readonly crds: readonly KubeObject[];
  /** The API groups that the files use. */
  readonly groups: ReadonlySet<string>;
}

/** The files of a workspace: open documents, and files on disk that are not open. */
export class Workspace {
  readonly #open = new Map<string, EditorDocument>();
  readonly #onDisk = new Map<string, EditorDocument>();
  readonly #kinds = new Map<string, FileKinds>();
  /** The open documents with parsed forms, in the order of their last checks. */
  readonly #recent = new Set<string>();
  readonly #shipped: (groups: ReadonlySet<string>) => readonly KubeObject[];
  #source: WorkspaceSource | undefined;

  /** @param shipped returns the CRDs that come with the package, for groups that no file defines */
  constructor(shipped: (groups: ReadonlySet<string>) => readonly KubeObject[]) {
    this.#shipped = shipped;
  }

  open(uri: string, file: string, version: number, text: string): EditorDocument {
    const document = openDocument(uri, file, version, text);
    this.#open.set(uri, document);
    this.#noteGroups(document);
    return document;
  }

  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): EditorDocument | undefined {
    const document = this.#open.get(uri)?.changed(version, changes);
    if (document === undefined) return undefined;
    this.#open.set(uri, document);
    this.#noteGroups(document);
    return document;
  }

  /**
   * Records the kinds of an open document after its definitions were compiled. Returns true when the kinds changed.
   *
   * @param graphs the compiled definitions; those with errors are missing
   */
  noteCompiled(uri: string, graphs: readonly Graph[]): boolean {
    const document = this.#open.get(uri);
    if (document === undefined) return false;
    this.#keepForms(uri);
    return this.#noteKinds(document, graphs);
  }

  /**
   * Records the use of a document. If too many documents have parsed forms, drops those of the least recently used
   * document.
   */
  #keepForms(uri: string): void {
    this.#recent.delete(uri);
    this.#recent.add(uri);
    if (this.#recent.size <= MAX_PARSED_DOCUMENTS) return;
    const [oldest = ''] = this.#recent;
    this.#recent.delete(oldest);
    const document = this.#open.get(oldest);
    if (document !== undefined) this.#open.set(oldest, document.withoutForms());
  }

  /** Closes a document. The last known text of the file on disk replaces it. */
  close(uri: string): void {
    this.#open.delete(uri);
    this.#recent.delete(uri);
    const file = this.#onDisk.get(uri);
    if (file === undefined) this.#forgetKinds(uri);
    else this.#noteKinds(file);
  }

  /** Records the text of a file on disk. Returns true when the kinds of the workspace changed. */
  setFile(uri: string, file: string, text: string): boolean {
    const document = openDocument(uri, file, 0, text);
    this.#onDisk.set(uri, document);
    if (this.#open.has(uri)) return false;
    this.#noteGroups(document);
    const hasChanged = this.#noteKinds(document);
    // The parsed forms of a closed file are not kept.
    this.#onDisk.set(uri, openDocument(uri, file, 0, text));
    return hasChanged;
  }

  /** Records that a file does not exist. Returns true when the kinds of the workspace changed. */
  removeFile(uri: string): boolean {
    this.#onDisk.delete(uri);
    return !this.#open.has(uri) && this.#forgetKinds(uri);
  }

  /** The open document, or the file on disk. */
  document(uri: string): EditorDocument | undefined {
    return this.#open.get(uri) ?? this.#onDisk.get(uri);
  }

  isOpen(uri: string): boolean {
    return this.#open.has(uri);
  }

  openDocuments(): readonly EditorDocument[] {
    return [...this.#open.values()];
  }

  /** All documents. For a file that is open, only the open document is included. */
  documents(): readonly EditorDocument[] {
    const closed = [...this.#onDisk.values()].filter(({ uri }) => !this.#open.has(uri));
    return [...this.#open.values(), ...closed];
  }

  /** The CRDs of all other files, and those that come with the package. */
  crdsOutside(uri: string): readonly KubeObject[] {
    const own = new Set(this.#kinds.get(uri)?.crds ?? []);
    return this.#state().crds.filter((crd) => !own.has(crd));
  }

  /** The schemas of all kinds that the workspace knows. Returns the same object until a file changes the kinds. */
  get source(): SchemaSource {
    return this.#state().source;
  }

  /** Does a definition or CRD in a file of the workspace define the kind? */
  definesKind(type: GroupVersionKind): boolean {
    const wanted = `${type.kind}.${type.group}`;
    return [...this.#kinds.values()].some(({ crds }) => crds.some((crd) => kindOfCrd(crd) === wanted));
  }

  #state(): WorkspaceSource {
    if (this.#source !== undefined) return this.#source;
    const own = [...this.#kinds.values()].flatMap(({ crds }) => crds);
    const groups = new Set(this.documents().flatMap(groupsIn));
    const crds = [...own, ...this.#shipped(unknownGroups(groups, own))];
    const source = combineSources(builtinSource(), crdSource([...crds, ...controllerCrds()]));
    return (this.#source = { source, crds, groups });
  }

  /**
   * The files' API groups determine which CRDs of the package are used. A new group therefore requires a new selection.
   */
  #noteGroups(document: EditorDocument): void {
    const { groups } = this.#source ?? {};
    if (groups !== undefined && !groupsIn(document).every((group) => groups.has(group))) this.#source = undefined;
  }

  #noteKinds(document: EditorDocument, graphs?: readonly Graph[]): boolean {
    const before = this.#kinds.get(document.uri)?.crds ?? [];
    const crds = document.parts.flatMap(({ part }) => this.#crdsIn(part, before, graphs));
    const isSame =
      crds.length === before.length && crds.every((crd, index) => jsonEquals(crd as never, before[index] as never));
    if (isSame) return false;
    this.#kinds.set(document.uri, { crds });
    this.#source = undefined;
    return true;
  }

  #forgetKinds(uri: string): boolean {
    const hadKinds = (this.#kinds.get(uri)?.crds.length ?? 0) > 0;
    this.#kinds.delete(uri);
    if (hadKinds) this.#source = undefined;
    return hadKinds;
  }

  /**
   * A definition with errors has the CRD of its schema. If the schema has errors, too, it keeps the CRD that it had. Its
   * instances therefore stay checked while it is edited.
   */
  #crdsIn(part: DocumentPart, before: readonly KubeObject[], graphs?: readonly Graph[]): readonly KubeObject[] {
    const { value } = part;
    if (!isJsonObject(value) || typeof value['apiVersion'] !== 'string' || typeof value['kind'] !== 'string') return [];
    const object = value as KubeObject;
    if (Kinds.isCrd(object)) return part.parsed.documents.length > 0 ? [object] : [];
    if (!isDefinition(object)) return [];
    const kind = kindOfDefinition(object);
    const found = graphs?.find(({ instance }) => kindOfCrd(instance.crd) === kind);
    if (found !== undefined) return [found.instance.crd];
    const [document] = part.parsed.documents;
    const options = { sources: this.#state().source, target: 'typekro', features: TYPEKRO_FEATURES } as const;
    const compiled = document === undefined ? undefined : compile(document, options);
    const crd = compiled?.graph?.instance.crd ?? compiled?.crd;
    return crd === undefined ? before.filter((each) => kindOfCrd(each) === kind) : [crd];
  }
}

let builtinGroups: readonly string[] | undefined;

function groupsOf(source: BuiltinSource): readonly string[] {
  return (builtinGroups ??= [...new Set([...source.kinds()].map(({ group }) => group))]);
}

function groupOfCrd({ spec }: KubeObject): string {
  const group = spec?.['group'];
  return typeof group === 'string' ? group : '';
}

function kindOfCrd({ spec }: KubeObject): string {
  const names = spec?.['names'];
  return `${isJsonObject(names) ? String(names['kind']) : ''}.${String(spec?.['group'])}`;
}

function kindOfDefinition({ spec }: KubeObject): string {
  const schema = spec?.['schema'];
  if (!isJsonObject(schema)) return '';
  return `${String(schema['kind'])}.${typeof schema['group'] === 'string' ? schema['group'] : 'kro.run'}`;
}

/** The API groups in the values of `apiVersion` of a document. */
const groupsIn = ({ text }: EditorDocument): string[] =>
  [...text.text.matchAll(/apiVersion["']?:\s*["']?([\w.-]+)\/\w/g)].map(([, group = '']) => group);

/** The groups that neither Kubernetes nor a CRD of a file defines. */
function unknownGroups(groups: ReadonlySet<string>, crds: readonly KubeObject[]): ReadonlySet<string> {
  const known = new Set([...groupsOf(builtinSource()), ...crds.map(groupOfCrd), 'kro.run', '']);
  return new Set([...groups].filter((group) => !known.has(group)));
}
