import { mkdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { definition, DevHarness, instance, second } from '../../test-support/dev-harness.ts';

let loop: DevHarness;
beforeEach(() => {
  loop = new DevHarness();
  loop.write('pots.yaml', definition());
  loop.write('shop.yaml', instance('shop'));
});
afterEach(() => loop.end());

const SERVING = /serving revision \d of pots, applied in [\d.]+ s\n/;

test('a save is applied, and objects that are no longer in the files are deleted', async () => {
  loop.start();
  expect(await loop.until(SERVING)).toMatch(/Pot default\/shop +ACTIVE/);
  expect(await loop.names()).toEqual(['shop']);
  loop.save('pots.yaml', definition(second));
  expect(await loop.until(SERVING)).toMatch(/^[^]*changed: pots\.yaml\n[^]*serving revision 2 of pots/);
  expect(await loop.names()).toEqual(['shop', 'shop-second']);
  loop.save('shop.yaml', instance('store'));
  const out = await loop.until(SERVING);
  expect(out).toContain('changed: shop.yaml');
  expect(out).toMatch(/deleted Pot default\/shop, which the files no longer contain/);
  expect(await loop.names()).toEqual(['store', 'store-second']);
  loop.press('q');
  expect(await loop.code).toBe(0);
  expect(loop.isListening).toBe(false);
  expect(loop.watched.size).toBe(0);
});

test('when a kind moves to another definition, even over several saves, an empty cluster starts', async () => {
  const renamed = definition().replace('name: pots', 'name: dishes');
  loop.start();
  await loop.until(SERVING);
  loop.save('pots.yaml', renamed);
  const out = await loop.until(/serving revision 1 of dishes, .*\n|refuses .*\n/);
  expect(out).toContain('the kind Pot moved from the definition pots to dishes: starting again with an empty cluster');
  expect(out).toContain('serving revision 1 of dishes');
  expect(await loop.names()).toEqual(['shop']);
  // The first save removes the instance. The second save removes the definition of the kind. The third save adds
  // another definition of the kind.
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n';
  loop.save('shop.yaml', map);
  await loop.until(/serving .*\n/);
  loop.save('pots.yaml', map.replace('other', 'more'));
  await loop.until(/serving the objects of the files.*\n/);
  loop.save('pots.yaml', definition(second));
  await loop.until(SERVING);
  expect(loop.sessions).toHaveLength(3);
  expect(await loop.names()).toEqual(['other']);
});

test('an import is read again if it is saved after it was read but before the loop knows the import', async () => {
  const part = join(loop.cwd, 'part.ts');
  let reads = 0;
  loop.onRead = (paths) => {
    reads += 1;
    paths.add(part);
    if (reads > 2) return;
    writeFileSync(part, `export const read = ${reads};`);
    // Saves the file repeatedly until its ctime is later than the start of the read, because the resolution of file
    // times may be coarse.
    for (const began = Date.now(); statSync(part).ctimeMs <= began + 1;) writeFileSync(part, 'export {};');
  };
  loop.start();
  // The import is new for the first read, and known for the second read.
  expect((await loop.until(SERVING)).match(/changed: .*/g)).toEqual(['changed: part.ts', 'changed: part.ts']);
  expect(reads).toBe(3);
});

test('an error in a file is reported with its location, and the last good state is served', async () => {
  loop.start();
  await loop.until(SERVING);
  loop.save('pots.yaml', definition('', '${schema.spec.txt}'));
  const broken = await loop.until(/still serving .*\n/);
  expect(broken).toMatch(/pots\.yaml:8:\d+: error: .*txt/);
  expect(broken).toContain('still serving revision 1 of pots; the files are read again when they change');
  expect(await loop.names()).toEqual(['shop']);
  rmSync(join(loop.cwd, 'pots.yaml'));
  loop.event();
  const gone = await loop.until(/still serving .*\n/);
  expect(gone).toContain('there is no file pots.yaml');
  expect(await loop.names()).toEqual(['shop']);
  loop.save('pots.yaml', definition(second));
  await loop.until(SERVING);
  expect(await loop.names()).toEqual(['shop', 'shop-second']);
});

test('if a file is a link to a file in another folder, that folder is watched, too', async () => {
  mkdirSync(join(loop.cwd, 'shared'));
  loop.write('shared/shop.yaml', instance('shop'));
  rmSync(join(loop.cwd, 'shop.yaml'));
  symlinkSync('shared/shop.yaml', join(loop.cwd, 'shop.yaml'));
  loop.start();
  await loop.until(SERVING);
  expect([...loop.watched.values()].flatMap((folders) => [...folders])).toContain(
    realpathSync(join(loop.cwd, 'shared')),
  );
  loop.save('shared/shop.yaml', instance('store'));
  expect(await loop.until(SERVING)).toContain('changed: shop.yaml');
});

test('an event without a change of any loaded file does not count as a save', async () => {
  loop.start();
  await loop.until(SERVING);
  loop.write('notes.txt', 'mine');
  loop.event();
  loop.save('shop.yaml', instance('store'));
  expect((await loop.until(SERVING)).match(/changed: .*/g)).toEqual(['changed: shop.yaml']);
});

test('keys print why instances wait, the plan of the last save and the help, and restart the cluster', async () => {
  loop.start();
  await loop.until(SERVING);
  loop.press('w');
  expect(await loop.until(/ACTIVE\.\n/)).toContain('1 instance, all ACTIVE.');
  loop.save('pots.yaml', definition(second));
  await loop.until(SERVING);
  loop.press('p');
  const plan = await loop.until(/From cluster.*\n/);
  expect(plan).toContain('+ second  (ConfigMap)');
  expect(plan).toMatch(/default\/shop +\+ ConfigMap shop-second/);
  loop.press('?');
  expect(await loop.until(/q {2}quit.*\n/)).toContain('w  why instances');
  loop.press('r');
  expect(await loop.until(SERVING)).toMatch(/^[^]*started\n[^]*serving revision 1 of pots/);
  expect(loop.sessions).toHaveLength(2);
  loop.stop.abort();
  expect(await loop.code).toBe(130);
  expect(loop.isListening).toBe(false);
});

test('the key f injects a fault, and prints the fault and the events of the graph until the graph is at rest', async () => {
  loop.start();
  await loop.until(SERVING);
  const fault = async (key: string): Promise<string> => {
    loop.press('f');
    expect(await loop.until(/any other key: none\n/)).toContain('k  kill the controller, and start it again');
    loop.press(key);
    return loop.until(/at rest after [\d.]+ s: .*\n|no fault\n/);
  };
  const rest = /at rest after [\d.]+ s: Pot default\/shop ACTIVE\n$/;
  const deleted = await fault('d');
  expect(deleted).toContain('fault: ConfigMap default/shop was deleted, and exists again');
  expect(deleted).toContain('\n  map: created\n');
  expect(deleted).toMatch(rest);
  const killed = await fault('k');
  expect(killed).toContain('fault: the controller was killed and started again\n  the controller wrote nothing');
  expect(killed).toMatch(rest);
  const dropped = await fault('w');
  expect(dropped).toContain('fault: all watches ended, and the next one broke');
  expect(dropped).toMatch(rest);
  expect(await fault('b')).toMatch(/fault: \d+ requests? got 429 Too Many Requests in 5 s\n/);
  expect(await fault('x')).toContain('no fault');
  // The controller that replaced the killed one works.
  loop.save('pots.yaml', definition(second));
  expect(await loop.until(SERVING)).toMatch(/serving revision 2 of pots/);
  expect(await loop.names()).toEqual(['shop', 'shop-second']);
}, 30_000);

test('the command ends when one of several files is missing at the start', async () => {
  loop.start(['pots.yaml', 'shp.yaml']);
  expect(await loop.until(/shp\.yaml:1:1: error: .*\n/)).toContain('there is no file shp.yaml');
  expect(await loop.code).toBe(3);
});

test('the command ends when the only file is missing at the start', async () => {
  loop.start(['shp.yaml']);
  await expect(loop.code).rejects.toThrow(/there is no file shp\.yaml/);
  loop.code = Promise.resolve(1);
});
