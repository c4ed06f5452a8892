import { type Environment, kroEnvironment } from '@typekro/cel';
import { type Schema, builtinSource, CelTypes } from '../schema/index.ts';

/** The schema of the whole object in one version, with the full ObjectMeta. */
export function objectSchema(version: Schema): Schema {
  const string: Schema = { type: 'string' };
  return {
    ...version,
    properties: {
      ...version.properties,
      apiVersion: string,
      kind: string,
      metadata: builtinSource().typeNamed('meta.v1.ObjectMeta'),
    },
  };
}

/** The language of conversions: kro's functions, and `self`, which is the object in the source version. */
export function conversionEnvironment(source: Schema): Environment {
  const { variables, types } = CelTypes.of({ self: { schema: source } });
  return kroEnvironment({ variables, types, features: { math: true, sets: true } });
}
