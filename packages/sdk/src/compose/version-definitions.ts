import { type JsonObject, setOwn } from '@typekro/kit/core';
import type { SchemaInput } from './public-types.ts';
import { refuseUnknownOptions, servedParts, textList, wrongDefinition } from './served-kind.ts';
import type { FunctionLike } from './source/function-source.ts';

/** A version of an API beside the hub, as its author wrote it. */
export interface VersionDefinition {
  readonly name: string;
  readonly spec: SchemaInput;
  /** The members of the block in the definition that need no translation. */
  readonly members: JsonObject;
  readonly lossy: readonly string[];
  readonly toHub: FunctionLike | undefined;
  readonly fromHub: FunctionLike | undefined;
}

const FLAGS = ['served', 'deprecated'] as const;
const FUNCTIONS = ['toHub', 'fromHub'] as const;
const KEYS = ['spec', ...FLAGS, 'deprecationWarning', 'additionalPrinterColumns', 'lossy', ...FUNCTIONS];

/**
 * Reads `versions` of a definition. The compiler of the definition checks the names of the versions and of the fields.
 *
 * @throws TypeKroError `compose/definition` for a member of the wrong type, and for an unknown member.
 */
export function versionDefinitions(versions: unknown): VersionDefinition[] {
  if (versions === undefined) return [];
  if (typeof versions !== 'object' || versions === null || Array.isArray(versions))
    throw wrongDefinition('versions of a definition must be an object', 'write versions: { v1alpha1: { spec, … } }');
  return Object.entries(versions).map(([name, given]) => versionDefinition(name, given));
}

function versionDefinition(name: string, given: unknown): VersionDefinition {
  const what = `the version ${name}`;
  if (typeof given !== 'object' || given === null)
    throw wrongDefinition(`${what} must be an object: { spec, toHub, fromHub }`);
  refuseUnknownOptions(given, KEYS, what);
  const version = given as Readonly<Record<string, unknown>>;
  if (version['spec'] === undefined) throw wrongDefinition(`${what} has no spec`, 'add spec: type({ … })');
  const members: JsonObject = {};
  const take = (key: string, kind: 'boolean' | 'string') => {
    const value = version[key];
    if (value === undefined) return;
    if (typeof value !== kind) throw wrongDefinition(`${key} of ${what} must be a ${kind}`);
    setOwn(members, key, value as string | boolean);
  };
  for (const key of FLAGS) take(key, 'boolean');
  take('deprecationWarning', 'string');
  const [toHub, fromHub] = FUNCTIONS.map((key) => {
    const value = version[key];
    if (typeof value === 'function' && value.length > 1)
      throw wrongDefinition(
        `${key} of ${what} has ${value.length} parameters, but a conversion gets only the spec`,
        `write ${key}: (spec) => …; metadata is the same in each version`,
      );
    if (value === undefined || typeof value === 'function') return value as FunctionLike | undefined;
    throw wrongDefinition(`${key} of ${what} must be a function`, `write ${key}: (spec) => ({ field: spec.other })`);
  });
  return {
    name,
    spec: version['spec'] as SchemaInput,
    members: { ...members, ...servedParts({ additionalPrinterColumns: version['additionalPrinterColumns'] }).schema },
    lossy: textList(version, 'lossy', what),
    toHub,
    fromHub,
  };
}
