import type { KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { LiveObject } from '../../runtime/index.ts';

/**
 * A copy that takes the least memory, for objects that are kept for long: the parser lays out an object for
 * exactly the members that it has, and texts that thousands of objects share are kept once.
 */
export function compact({ object, owned }: LiveObject): LiveObject {
  const copy = packed(object);
  share(copy, ['apiVersion', 'kind']);
  share(copy.metadata, ['namespace', 'creationTimestamp']);
  if (copy.metadata.labels !== undefined) share(copy.metadata.labels);
  if (copy.metadata.annotations !== undefined) share(copy.metadata.annotations);
  const conditions = copy.status?.['conditions'];
  if (Array.isArray(conditions)) for (const condition of conditions) if (isJsonObject(condition)) share(condition);
  const text = owned === undefined ? {} : { owned };
  return { object: copy, ...text };
}

function packed(object: KubeObject): KubeObject {
  try {
    return JSON.parse(JSON.stringify(object)) as KubeObject;
  } catch (thrown) {
    // Integers beyond 2⁵³: they are rare, and stay as they are.
    if (thrown instanceof TypeError) return object;
    throw thrown;
  }
}

/** Texts seen lately, by a hash; a newer text takes the place of an older one, so that it never grows. */
const SHARED: string[] = [];
const PLACES = 8192;
/** Longer ones are hardly ever shared, and would be held for nothing. */
const LONGEST = 128;

/** Takes the texts of these members, or of all, from those that were seen before. */
function share(holder: object, members: readonly string[] = Object.keys(holder)): void {
  for (const member of members) {
    const text: unknown = Reflect.get(holder, member);
    if (typeof text === 'string') Reflect.set(holder, member, shared(text));
  }
}

function shared(text: string): string {
  if (text.length > LONGEST) return text;
  let hash = text.length;
  for (let index = 0; index < text.length; index += 1) hash = (hash * 31 + text.charCodeAt(index)) | 0;
  const place = hash & (PLACES - 1);
  const known = SHARED[place];
  if (known === text) return known;
  SHARED[place] = text;
  return text;
}
