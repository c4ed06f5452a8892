import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type DefinedNames, type ParsedCrd, readNames } from '../crd/parsed-crd.ts';
import type { Store } from '../store/store.ts';

interface NamesCondition {
  readonly type: 'NamesAccepted';
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/**
 * The accepted names of a definition, and the condition that says whether all names are accepted. A name is accepted
 * unless another definition of the group already has this name as an accepted name. Short names are accepted only
 * together. If a name is not accepted, the previously accepted name stays.
 */
export function acceptNames(store: Store, definition: ParsedCrd): { accepted: JsonObject; condition: NamesCondition } {
  const { names } = definition;
  const taken = takenNames(store, definition);
  const before = acceptedNames(definition.object);
  const accepted: { -readonly [Key in keyof DefinedNames]: DefinedNames[Key] } = { ...before };
  let problem: { reason: string; message: string } | undefined;
  const claim = (name: string, reason: string, set: ReadonlySet<string>) => {
    if (!set.has(name)) return true;
    problem = { reason, message: `${goQuote(name)} is already in use` };
    return false;
  };
  if (claim(names.plural, 'PluralConflict', taken.resources)) accepted.plural = names.plural;
  if (claim(names.singular, 'SingularConflict', taken.resources)) accepted.singular = names.singular;
  const shortProblems = names.shortNames
    .filter((name) => taken.resources.has(name))
    .map((name) => `${goQuote(name)} is already in use`);
  if (shortProblems.length > 0)
    problem = {
      reason: 'ShortNamesConflict',
      message: shortProblems.length === 1 ? (shortProblems[0] ?? '') : `[${shortProblems.join(', ')}]`,
    };
  else accepted.shortNames = names.shortNames;
  if (claim(names.kind, 'KindConflict', taken.kinds)) accepted.kind = names.kind;
  if (claim(names.listKind, 'ListKindConflict', taken.kinds)) accepted.listKind = names.listKind;
  accepted.categories = names.categories;
  const condition: NamesCondition =
    problem === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...problem };
  return { accepted: shown(accepted), condition };
}

function shown(names: DefinedNames): JsonObject {
  return {
    plural: names.plural,
    ...(names.singular === '' ? {} : { singular: names.singular }),
    ...(names.shortNames.length === 0 ? {} : { shortNames: [...names.shortNames] }),
    kind: names.kind,
    ...(names.listKind === '' ? {} : { listKind: names.listKind }),
    ...(names.categories.length === 0 ? {} : { categories: [...names.categories] }),
  };
}

/** The names of this definition that another definition of the group already has as accepted names. */
function takenNames(
  store: Store,
  { object: own, group, names }: ParsedCrd,
): { resources: Set<string>; kinds: Set<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  const definitions = store.collection('apiextensions.k8s.io', 'customresourcedefinitions');
  for (const name of [names.plural, names.singular, ...names.shortNames, names.kind, names.listKind]) {
    if (name === '') continue;
    // There may be thousands of definitions, and each is settled several times.
    for (const { object } of definitions.having(namesInGroup, `${group}/${name}`)) {
      if (object.metadata.uid === own.metadata.uid) continue;
      const { kind, listKind, plural, singular, shortNames } = acceptedNames(object);
      if ([plural, singular, ...shortNames].includes(name)) resources.add(name);
      if (kind === name || listKind === name) kinds.add(name);
    }
  }
  return { resources, kinds };
}

/** The accepted names of a definition, each after its group. */
function namesInGroup(definition: KubeObject): string[] {
  const { plural, singular, shortNames, kind, listKind } = acceptedNames(definition);
  return [plural, singular, ...shortNames, kind, listKind].map(
    (name) => `${String(definition.spec?.['group'])}/${name}`,
  );
}

function acceptedNames({ status }: KubeObject): DefinedNames {
  return readNames(isJsonObject(status?.['acceptedNames']) ? status['acceptedNames'] : {});
}
