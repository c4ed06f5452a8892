import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { TypeKroError } from '@typekro/kit/core';
import { type OciReference, formatReference, parseReference } from '@typekro/oci';

/** Another package that a package needs. */
export interface PackageNeed {
  /** The repository of the other package, without a tag: `oci://HOST/REPOSITORY`. */
  readonly reference: string;
  /** The versions that fit, as npm writes ranges: `^1.2.0`, `>=1 <3`. */
  readonly range: string;
}

const MAX_RANGE_LENGTH = 128;
/** No comma: it separates needs. */
const RANGE = /^[\w .*^~<>=|+-]+$/;

/** Is it a range of versions that semver can read? */
export const isRange = (text: string): boolean =>
  text.length <= MAX_RANGE_LENGTH && RANGE.test(text) && text.trim() !== '' && validRange(text) !== null;

/** Does the version fit? A version before a release fits only a range that names one with the same three numbers. */
export const isInRange = (version: string, range: string): boolean => satisfies(version, range);

/**
 * The repository of a reference, without its tag and digest.
 *
 * @throws TypeKroError `oci/reference`
 */
export function repositoryOf(reference: string): string {
  const { registry, repository } = parseReference(reference);
  return formatReference({ registry, repository });
}

/** A reference in a text from outside; `undefined` for a text that is none. */
export function referenceIn(text: string): OciReference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof TypeKroError) return undefined;
    throw error;
  }
}

/** Is it a reference to a repository, without a tag and a digest? */
export const isRepository = (text: string): boolean => referenceIn(text) !== undefined && repositoryOf(text) === text;

/** The text of a need, as `parseNeed` reads it. */
export const needText = ({ reference, range }: PackageNeed): string => `${reference}@${range}`;

/**
 * Reads `oci://HOST/REPOSITORY@RANGE`.
 *
 * @throws TypeKroError `package/need` with the part that is wrong, and `oci/reference`
 */
export function parseNeed(text: string): PackageNeed {
  const at = text.indexOf('@', text.indexOf('/', 'oci://'.length));
  const [reference, range] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (repositoryOf(reference) !== reference) throw badNeed(text, 'it has a tag, and a need has a range of versions');
  if (isRange(range)) return { reference, range };
  const why = range === '' ? 'it has no range of versions' : `${JSON.stringify(range)} is no range of versions`;
  throw badNeed(text, why);
}

/**
 * Reads the needs of a package, each as `parseNeed` does.
 *
 * @throws TypeKroError with the codes of `parseNeed`, and `package/need` for two needs with one repository
 */
export function parseNeeds(texts: readonly string[]): PackageNeed[] {
  const needs = texts.map(parseNeed);
  const second = needs.find(({ reference }, index) => needs.findIndex((each) => each.reference === reference) < index);
  if (second !== undefined) throw badNeed(needText(second), 'another need has the same repository; write one range');
  return needs;
}

const badNeed = (text: string, why: string): TypeKroError =>
  new TypeKroError(`${JSON.stringify(text)} is no need: ${why}`, {
    code: 'package/need',
    remedy: "write the repository and a range of versions: 'oci://HOST/REPOSITORY@^1.2.0'",
  });
