import { rootsOf } from './analysis.ts';
import { callsGlobal } from './calls-global.ts';
import type { ParsedDefinition } from './parsed-definition.ts';
import type { Linked } from './link-resources.ts';
import type { Problems } from './problems.ts';

/** Refuses omit() in the fields of an object's identity, because these fields must have a value. */
export function checkOmitIdentity({ draft, fields }: Linked, definition: ParsedDefinition, problems: Problems): void {
  const needsNamespace = definition.schema.scope === 'Cluster' && draft.resolved?.info.namespaced === true;
  for (const field of fields) {
    const { site } = field;
    const identity = site.pathText === 'metadata.name' || (needsNamespace && site.pathText === 'metadata.namespace');
    if (!identity || !(site.text.template ?? site.text.cel).includes('omit')) continue;
    if (!rootsOf(field).some((root) => callsGlobal(root, 'omit'))) continue;
    problems.error({
      phase: 'omitIdentity',
      code: 'graph/omit',
      message: `${site.pathText} must have a value; it cannot be omitted`,
      place: { path: site.path, offset: site.text.toOriginal(0) },
      kro: `resource "${draft.id}": omit() cannot be used at path "${site.pathText}" — the field is required and must resolve to a concrete value`,
    });
  }
}
