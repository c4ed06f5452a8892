import { type JsonValue, getOwn, isJsonObject, TypeKroError } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { parseDefinitions, Path, type PathStep } from '@typekro/engine/graph';
import { isDigest, type OciReference, formatReference } from '@typekro/oci';
import { printYaml } from '@typekro/sdk/compose';
import type { PackageIdentity } from './installed-package.ts';
import { isPackageName, isVersion } from './package-info.ts';
import { referenceIn } from './package-needs.ts';

/** The name of the file that holds the digests of packages, in the working directory. */
export const LOCK_FILE = 'typekro.lock';

/** The version of the format. */
const LOCK_VERSION = 1;
const HEADER = '# The packages that typekro has chosen. Keep this file in version control, and use --locked in CI.\n';

/** A package as `typekro.lock` has it. */
export interface LockedPackage extends PackageIdentity {
  /** Its place in a registry, without the digest. */
  readonly reference: string;
}

/** The entry for a package at this place. */
export const lockedPackage = (
  identity: PackageIdentity,
  { digest: _digest, ...place }: OciReference,
): LockedPackage => ({ ...identity, reference: formatReference(place) });

/** The text of the file, with equal bytes for equal packages in any order. */
export function lockText(packages: readonly LockedPackage[]): string {
  const sorted = packages.toSorted((a, b) => compareText(a.name, b.name));
  const entries = sorted.map(({ name, version, reference, digest }) => ({ name, version, reference, digest }));
  return `${HEADER}${printYaml({ lockVersion: LOCK_VERSION, packages: entries })}`;
}

/**
 * Reads the text of the file. Every field is checked, because an ignored one could be a pin that is not obeyed.
 *
 * @throws TypeKroError `package/lock-file` with the places of all problems
 */
export function readLock(text: string, file = LOCK_FILE): LockedPackage[] {
  const { documents, diagnostics } = parseDefinitions(text, file);
  const problems = diagnostics.map(
    ({ message, source }) => `${file}:${source?.line ?? 1}:${source?.column ?? 1}: ${message}`,
  );
  const [document, second] = documents;
  const add = (steps: readonly PathStep[], why: string): void => {
    const { line, column } = document?.position(steps) ?? { line: 1, column: 1 };
    problems.push(`${file}:${line}:${column}: ${steps.length === 0 ? 'the file' : Path.format(steps)} ${why}`);
  };
  const checkFields = (value: JsonValue | undefined, steps: readonly PathStep[], fields: Fields): boolean => {
    if (!isJsonObject(value)) {
      add(steps, 'is not an object');
      return false;
    }
    for (const key of Object.keys(value)) if (!Object.hasOwn(fields, key)) add([...steps, key], 'is not known');
    for (const [key, [what, isRight]] of Object.entries(fields)) {
      if (!isRight(getOwn(value, key))) add([...steps, key], `is not ${what}`);
    }
    return true;
  };
  if (second !== undefined) problems.push(`${file}:${second.position([]).line}:1: there is more than one document`);
  const value = document?.value;
  const entries = checkFields(value, [], LOCK) && isJsonObject(value) ? value['packages'] : [];
  const list: readonly JsonValue[] = Array.isArray(entries) ? entries : [];
  const names = new Set<JsonValue | undefined>();
  for (const [index, entry] of list.entries()) {
    const steps = ['packages', index];
    checkFields(entry, steps, ENTRY);
    const name = isJsonObject(entry) ? getOwn(entry, 'name') : undefined;
    if (names.has(name)) add([...steps, 'name'], 'is that of an earlier entry');
    names.add(name);
  }
  if (problems.length === 0) return list as unknown as LockedPackage[];
  throw new TypeKroError(problems.join('\n'), {
    code: 'package/lock-file',
    remedy: `nothing was applied; correct ${file}, or restore it from version control`,
  });
}

/** The fields of an object, each with what it must be. */
type Fields = Readonly<Record<string, readonly [what: string, isRight: (value: JsonValue | undefined) => boolean]>>;

const textThat =
  (isRight: (text: string) => boolean) =>
  (value: JsonValue | undefined): boolean =>
    typeof value === 'string' && isRight(value);

const LOCK: Fields = {
  lockVersion: [`${LOCK_VERSION}, the version that this typekro reads`, (value) => value === LOCK_VERSION],
  packages: ['a list', Array.isArray],
};

const ENTRY: Fields = {
  name: ['the name of a package', textThat(isPackageName)],
  version: ['a semantic version', textThat(isVersion)],
  reference: [
    'a reference without a digest',
    textThat((text) => referenceIn(text)?.tag !== undefined && !text.includes('@')),
  ],
  digest: ['a SHA-256 digest', isDigest],
};

/**
 * Refuses a package that `typekro.lock` has with another digest, if its tag was moved, or if only locked packages are
 * wanted.
 *
 * @param isPinned does the reference of the user have the digest? A moved tag then does not matter
 * @throws TypeKroError `package/tag-moved` and `package/not-locked`, with both digests
 */
export function refuseUnlocked(
  before: readonly LockedPackage[],
  next: LockedPackage,
  { isLocked, isPinned }: { readonly isLocked: boolean; readonly isPinned: boolean },
): void {
  const { name, version, reference, digest } = next;
  const locked = before.find((each) => each.name === name);
  if (locked?.digest === digest) return;
  if (locked?.reference === reference && !isPinned) {
    throw new TypeKroError(`the tag was moved: ${reference} named ${locked.digest}, and now names ${digest}`, {
      code: 'package/tag-moved',
      remedy: `nothing was applied; compare the packages: typekro diff ${reference}@${locked.digest} ${reference}@${digest}; to accept the new one, delete the entry of ${name} in ${LOCK_FILE}`,
    });
  }
  if (!isLocked) return;
  const has = locked === undefined ? `does not have ${name}` : `has ${name} ${locked.version} with ${locked.digest}`;
  throw new TypeKroError(`${LOCK_FILE} ${has}, and this is ${version} with ${digest}`, {
    code: 'package/not-locked',
    remedy: 'nothing was applied; the same command without --locked writes the new digest into the file',
  });
}
