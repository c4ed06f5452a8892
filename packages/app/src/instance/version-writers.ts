import { type KubeObject, count, grouped } from '@typekro/kit/core';
import { asObjects, textAt } from '@typekro/kit/kubernetes';
import { instanceKey } from '@typekro/controller/controller';
import { OF_CONTROLLER } from './field-managers.ts';

/**
 * The field managers that have written instances in a version (`group/version`), except the controller itself. Each has
 * the number of instances and the day of the last write: `kubectl (2 instances, last 2026-11-30)`.
 */
export function writersIn(apiVersion: string, instances: readonly KubeObject[]): string[] {
  const entries = instances.flatMap((instance) =>
    asObjects(instance.metadata.managedFields)
      .filter((entry) => entry['apiVersion'] === apiVersion && !OF_CONTROLLER.test(textAt(entry, 'manager')))
      .map((entry) => ({ key: instanceKey(instance), manager: textAt(entry, 'manager'), time: textAt(entry, 'time') })),
  );
  const writers = [...grouped(entries, ({ manager }) => manager)].map(([manager, written]) => {
    const instancesOf = new Set(written.map(({ key }) => key)).size;
    const last = written
      .reduce((latest, { time }) => (time > latest ? time : latest), '')
      .slice(0, 'YYYY-MM-DD'.length);
    return {
      instancesOf,
      text: `${manager} (${count(instancesOf, 'instance')}${last === '' ? '' : `, last ${last}`})`,
    };
  });
  return limited(writers.sort((a, b) => b.instancesOf - a.instancesOf).map(({ text }) => text));
}

const MAX_NAMED = 5;

/** The first texts of a list, and how many others there are. */
export const limited = (texts: readonly string[]): string[] =>
  texts.length <= MAX_NAMED ? [...texts] : [...texts.slice(0, MAX_NAMED), `and ${texts.length - MAX_NAMED} more`];
