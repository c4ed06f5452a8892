import type { ObjectRef } from '@typekro/kit/core';
import { parseApiVersion, withGroup } from '@typekro/kit/core';
import { shellWord } from '../text/escapes.ts';

/** Formats an object as arguments of kubectl: `service shop-svc -n team-a`, `webapp.kro.run shop -n team-a`. */
export function kubectlObject({ apiVersion, kind, name, namespace }: ObjectRef): string {
  const { group } = parseApiVersion(apiVersion);
  const type = withGroup(kind.toLowerCase(), group);
  const option = namespace === undefined || namespace === '' ? '' : ` -n ${shellWord(namespace)}`;
  return `${shellWord(type)} ${shellWord(name)}${option}`;
}
