import { compareSemver, parseSemver } from '@typekro/cel/semver';
import { getOwn, isJsonObject, type JsonValue, parseJson, stringifyJson } from '@typekro/kit/core';
import { Failure } from '@typekro/kit/golang';
import { badPackage } from '@typekro/oci';
import { isRange, isRepository, type PackageNeed } from './package-needs.ts';

/** The name of the file that describes a package. */
export const INFO_FILE = 'typekro.package.json';

/** The version of the format that this program writes, and the only one that it reads. */
const FORMAT_VERSION = 1;

/** A kind that the definitions of a package make. */
export interface ProvidedKind {
  readonly group: string;
  readonly kind: string;
  /** The served versions of the API. */
  readonly versions: readonly string[];
  /** The name of the definition. */
  readonly definition: string;
}

/** A kind that the definitions of a package use, and that neither the package nor Kubernetes has. */
export interface RequiredKind {
  readonly group: string;
  readonly kind: string;
  readonly versions: readonly string[];
}

/** A kind with its API group and versions, for people. */
export const kindWithVersions = ({ group, kind, versions }: RequiredKind): string =>
  `${kind}  ${group === '' ? '' : `${group}/`}${versions.join(', ')}`;

/** A need as `typekro.package.json` has it. */
export interface DeclaredNeed extends PackageNeed {
  /** The required kinds that the other package provided when this one was pushed, for people. */
  readonly kinds: readonly RequiredKind[];
}

/** The content of `typekro.package.json`. */
export interface PackageInfo {
  readonly name: string;
  /** A semantic version. */
  readonly version: string;
  /** What the package needs to be used. */
  readonly engine: {
    /** The smallest version of typekro. */
    readonly typekro: string;
    /** The feature gates that the controller needs. */
    readonly features: readonly string[];
  };
  readonly provides: readonly ProvidedKind[];
  readonly requires: readonly RequiredKind[];
  /** Other packages, at most one need for a repository. Absent in the file if there is none. */
  readonly needs: readonly DeclaredNeed[];
  readonly rights: {
    /** The digest of the roles and bindings in `manifests/`. */
    readonly digest: string;
  };
}

const MAX_INFO_BYTES = 1024 * 1024;
const MAX_ITEMS = 1000;
const MAX_NEEDS = 50;
const MAX_PROBLEMS = 5;
const DIGEST = /^sha256:[\da-f]{64}$/;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;
const DNS_NAME = /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/;
const DNS_LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;
const NAME = /^[a-z\d]+(?:[._-]+[a-z\d]+)*(?:\/[a-z\d]+(?:[._-]+[a-z\d]+)*)*$/;
/** Such a name leaves room for the prefix of a ClusterRole, whose name has at most 253 characters. */
const MAX_NAME_LENGTH = 200;
const MAX_VERSION_LENGTH = 128;

/** Is it a semantic version? */
export const isVersion = (text: string): boolean =>
  text.length <= MAX_VERSION_LENGTH && !(parseSemver(text) instanceof Failure);

/** The version that a tag names, which may have a leading `v`. It need not be a version. */
export const versionOfTag = (tag: string): string => tag.replace(/^v(?=\d)/, '');

/** Can a package have this name? */
export const isPackageName = (text: string): boolean => text.length <= MAX_NAME_LENGTH && NAME.test(text);

/** Is the first version older than the second one? False for a text that is not a version. */
export function isOlder(one: string, other: string): boolean {
  const [left, right] = [parseSemver(one), parseSemver(other)];
  return !(left instanceof Failure) && !(right instanceof Failure) && compareSemver(left, right) < 0;
}

/** The text of the file, with equal bytes for equal content. */
export function infoText({ name, version, engine, provides, requires, needs, rights }: PackageInfo): string {
  const needed = needs.length === 0 ? {} : { needs };
  const info = { formatVersion: FORMAT_VERSION, name, version, engine, provides, requires, ...needed, rights };
  return `${stringifyJson(info, 2)}\n`;
}

/**
 * Reads the file. Fields that this version does not know are ignored: a package whose fields an older version must not
 * ignore names a newer engine.
 *
 * @throws TypeKroError `oci/package` with the paths of the fields that are wrong
 */
export function readInfo(bytes: Uint8Array): PackageInfo {
  if (bytes.length > MAX_INFO_BYTES) throw badPackage(`${INFO_FILE} has more than ${MAX_INFO_BYTES} bytes`);
  const value = parsed(bytes);
  if (isJsonObject(value) && typeof value['formatVersion'] === 'number' && value['formatVersion'] > FORMAT_VERSION) {
    throw badPackage(
      `${INFO_FILE} has the format ${value['formatVersion']}, and this version of typekro reads the format ${FORMAT_VERSION}`,
    );
  }
  const problems: string[] = [];
  INFO(value, '', problems);
  if (problems.length > 0) {
    const more = problems.length > MAX_PROBLEMS ? `; and ${problems.length - MAX_PROBLEMS} more` : '';
    throw badPackage(`${INFO_FILE}: ${problems.slice(0, MAX_PROBLEMS).join('; ')}${more}`);
  }
  const info = value as unknown as Omit<PackageInfo, 'needs'> & Partial<PackageInfo>;
  return { ...info, needs: info.needs ?? [] };
}

function parsed(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw badPackage(`${INFO_FILE} is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** Adds what is wrong with the value at a path. */
type Check = (value: JsonValue | undefined, path: string, problems: string[]) => void;

const textLike =
  (what: string, isRight: (text: string) => boolean): Check =>
  (value, path, problems) => {
    if (typeof value !== 'string' || !isRight(value)) problems.push(`${path} is not ${what}`);
  };

const listOf =
  (item: Check, maximum = MAX_ITEMS): Check =>
  (value, path, problems) => {
    if (!Array.isArray(value)) problems.push(`${path} is not a list`);
    else if (value.length > maximum) problems.push(`${path} has more than ${maximum} items`);
    else value.forEach((each, index) => item(each, `${path}[${index}]`, problems));
  };

const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value, path, problems) => {
    if (!isJsonObject(value)) problems.push(path === '' ? 'it is not an object' : `${path} is not an object`);
    else for (const [name, check] of Object.entries(members)) check(getOwn(value, name), join(path, name), problems);
  };

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const semver = textLike('a semantic version such as 1.2.0', isVersion);
const kind = {
  group: textLike('an API group', (text) => text === '' || DNS_NAME.test(text)),
  kind: textLike('the name of a kind', (text) => KIND.test(text)),
  versions: listOf(textLike('the version of an API', (text) => DNS_LABEL.test(text))),
};

const NEEDS = listOf(
  objectOf({
    reference: textLike('a repository such as oci://HOST/REPOSITORY', isRepository),
    range: textLike('a range of versions such as ^1.2.0', isRange),
    kinds: listOf(objectOf(kind)),
  }),
  MAX_NEEDS,
);

const INFO = objectOf({
  formatVersion: (value, path, problems) => {
    if (value !== FORMAT_VERSION) problems.push(`${path} is not ${FORMAT_VERSION}`);
  },
  name: textLike('the name of a package', isPackageName),
  version: semver,
  engine: objectOf({
    typekro: semver,
    features: listOf(textLike('the name of a feature gate', (text) => KIND.test(text))),
  }),
  provides: listOf(
    objectOf({ ...kind, definition: textLike('the name of a definition', (text) => DNS_NAME.test(text)) }),
  ),
  requires: listOf(objectOf(kind)),
  needs: (value, path, problems) => {
    if (value === undefined) return;
    NEEDS(value, path, problems);
    const repositories = Array.isArray(value) ? value.map((each) => isJsonObject(each) && each['reference']) : [];
    if (new Set(repositories).size < repositories.length) problems.push(`${path} has a repository twice`);
  },
  rights: objectOf({ digest: textLike('a SHA-256 digest', (text) => DIGEST.test(text)) }),
});
