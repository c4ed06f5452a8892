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
  const definitions = store.collection('apiextensions.k8s.io', 'customresourcedefinitions');
  const { uid } = definition.object.metadata;
  const isTaken = (sort: string, name: string) =>
    [...definitions.having(nameKeys, `${sort} ${definition.group}/${name}`)].some(
      (each) => each.object.metadata.uid !== uid,
    );
  const before = acceptedNames(definition.object);
  const accepted: { -readonly [Key in keyof DefinedNames]: DefinedNames[Key] } = { ...before };
  let problem: { reason: string; message: string } | undefined;
  const claim = (sort: string, name: string, reason: string) => {
    if (!isTaken(sort, name)) return true;
    problem = { reason, message: `${goQuote(name)} is already in use` };
    return false;
  };
  if (claim('resource', names.plural, 'PluralConflict')) accepted.plural = names.plural;
  if (claim('resource', names.singular, 'SingularConflict')) accepted.singular = names.singular;
  const shortProblems = names.shortNames
    .filter((name) => isTaken('resource', name))
    .map((name) => `${goQuote(name)} is already in use`);
  if (shortProblems.length > 0)
    problem = {
      reason: 'ShortNamesConflict',
      message: shortProblems.length === 1 ? (shortProblems[0] ?? '') : `[${shortProblems.join(', ')}]`,
    };
  else accepted.shortNames = names.shortNames;
  if (claim('kind', names.kind, 'KindConflict')) accepted.kind = names.kind;
  if (claim('kind', names.listKind, 'ListKindConflict')) accepted.listKind = names.listKind;
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

/** The keys of the accepted names of a definition. There may be thousands of definitions, each settled several times. */
function nameKeys(definition: KubeObject): string[] {
  const { plural, singular, shortNames, kind, listKind } = acceptedNames(definition);
  const keysOf = (sort: string, names: readonly string[]) =>
    names.filter((name) => name !== '').map((name) => `${sort} ${String(definition.spec?.['group'])}/${name}`);
  return [...keysOf('resource', [plural, singular, ...shortNames]), ...keysOf('kind', [kind, listKind])];
}

function acceptedNames({ status }: KubeObject): DefinedNames {
  return readNames(isJsonObject(status?.['acceptedNames']) ? status['acceptedNames'] : {});
}
