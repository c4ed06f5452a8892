import { type KubeObject, isJsonObject } from '@typekro/kit/core';
import { readConditions } from '@typekro/engine/runtime';
import { HELD_TEXT, holdingDefinition, rigDefinition } from './rig.ts';
import { type UserAction, applyRig, rig, suspend } from './instance-actions.ts';

/**
 * Applies a definition whose `propagateWhen` is false for the items, and changes the instance: two items must change,
 * and a third item must be created. The user waits until the status says that these writes are held back. Until then,
 * no item may have the new text. Then the condition becomes true, and the user waits without a time limit until all
 * items have the new text.
 */
export function holdItems(name: string): UserAction {
  const instance = rig(name);
  const item = (part: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'default',
    name: `${name}-item-${part}`,
  });
  return {
    text: `hold the items of ${name} back`,
    async do(admin, _tries, memory) {
      const want = (text: string, names: string[]) =>
        applyRig(name, { text, names, extra: false }).do(admin, 0, memory);
      const items = await Promise.all(['a', 'b', 'c', 'd'].map((part) => admin.find(item(part))));
      const [a, b, c, d] = items;
      const stage = memory.get('stage') ?? 'new';
      if (stage === 'new') {
        if ((await want('open', ['a', 'b'])) === 'later') return 'later';
        await suspend(name, false).do(admin, 0, memory);
        memory.set('stage', 'made');
      } else if (stage === 'made') {
        // Waits for the deletion of the other items, because the held writes would also wait for them.
        if (textOf(a) !== 'open' || textOf(b) !== 'open' || c !== undefined || d !== undefined) return 'later';
        await admin.apply(holdingDefinition('hold'), { fieldManager: 'user', force: true });
        memory.set('stage', 'defined');
      } else if (stage === 'defined' && (await isPropagated(admin.find(instance), 'True'))) {
        await want(HELD_TEXT, ['a', 'b', 'c']);
        memory.set('stage', 'held');
      } else if (stage === 'held' && (await isPropagated(admin.find(instance), 'False'))) {
        // If the write of the node before the items fails, this node still has the text `open`. Therefore item `c` may
        // already exist with the text `open`.
        const found = [a, b, c].map(textOf);
        if (found.includes(HELD_TEXT)) throw new Error(`items that are held back: ${found.join(', ')}`);
        await want('freed', ['a', 'b', 'c']);
        memory.set('stage', 'freed');
      } else if (stage === 'freed' && [a, b, c].every((each) => textOf(each) === 'freed')) {
        return admin.apply(rigDefinition('hold'), { fieldManager: 'user', force: true });
      }
      return 'later';
    },
  };
}

/**
 * Does the condition `ResourcesPropagated` have this status for the current spec? `False` means that writes are held
 * back.
 */
async function isPropagated(found: Promise<KubeObject | undefined>, status: 'True' | 'False'): Promise<boolean> {
  const object = await found;
  const condition = readConditions(object?.status?.['conditions']).find(({ type }) => type === 'ResourcesPropagated');
  return condition?.status === status && condition.observedGeneration === object?.metadata.generation;
}

function textOf(object: KubeObject | undefined): unknown {
  const data = object?.['data'];
  return isJsonObject(data) && object?.metadata.deletionTimestamp === undefined ? data['text'] : undefined;
}
