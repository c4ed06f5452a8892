import type { GraphFeatures } from '../options.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import type { Problems } from '../problems.ts';

/** The gate of `spec.schema.versions`. */
const GATE = 'APIVersions';

const VERSION_NAME = /^v[0-9]+(?:alpha[0-9]+|beta[0-9]+)?$/;

/** Checks the names of the versions, and the gate. Are the versions usable? */
export function checkVersionBlocks(
  { schema: { versions, apiVersion } }: ParsedDefinition,
  features: GraphFeatures,
  problems: Problems,
): boolean {
  if (features.versions !== true) {
    const message = `versions requires the ${GATE} feature gate to be enabled`;
    problems.error({
      phase: 'structure',
      code: 'graph/feature-gate',
      message,
      hint: `start the controller with --feature-gates=${GATE}=true`,
      place: { path: ['spec', 'schema', 'versions'], key: true },
      kro: message,
    });
    return false;
  }
  const seen = new Map([[apiVersion, 'the version of apiVersion, to which all others are converted']]);
  const errors = problems.errors;
  for (const { name, path, deprecated, deprecationWarning } of versions) {
    const known = seen.get(name);
    const [message, hint] =
      known !== undefined
        ? [`the version ${name} is listed twice: it is also ${known}`, 'remove one of the two, or rename it']
        : VERSION_NAME.test(name)
          ? []
          : [
              name === '' ? 'a version needs a name' : `"${name}" is not the name of a version`,
              'write v1, v1alpha1, v2beta3 or the like',
            ];
    if (message !== undefined)
      problems.error({
        phase: 'structure',
        code: 'graph/api-version',
        message,
        hint,
        place: { path: [...path, 'name'] },
      });
    seen.set(name, 'another entry of versions');
    if (deprecationWarning === '' || deprecated) continue;
    problems.error({
      phase: 'structure',
      code: 'graph/api-version',
      message: `${name} has a deprecationWarning, and is not deprecated`,
      hint: 'write deprecated: true in the same entry, or remove the warning',
      place: { path: [...path, 'deprecationWarning'], key: true },
    });
  }
  return problems.errors === errors;
}
