import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { parseSettings, renderSettings, settingFinder, withSettings } from './render-settings.ts';

const SPEC = { name: 'web', replicas: 2, zones: ['a', 'b'], image: { tag: 'x' }, empty: null };

const set = (text: string, spec: JsonValue = SPEC): JsonValue =>
  withSettings(spec, renderSettings(spec, parseSettings(text)));

describe('a setting', () => {
  test.each<readonly [text: string, changed: object]>([
    ['replicas=3', { replicas: 3 }],
    ['spec.replicas=3', { replicas: 3 }],
    ['zones[1]=c', { zones: ['a', 'c'] }],
    ['zones[3]=d', { zones: ['a', 'b', null, 'd'] }],
    ['zones=x\\,y', { zones: 'x,y' }],
    ['zones=[x\\,z]', { zones: ['x', 'z'] }],
    ...['{x,z}', '{x\\,z}', '[x,z]', '["x",\'z\']', ' [x, z]'].map(
      (text) => [`zones=${text},name=v`, { zones: ['x', 'z'], name: 'v' }] as const,
    ),
    ['image={tag: "a,]",b: [{c: 1,d: 2}]},name=v', { image: { tag: 'a,]', b: [{ c: 1, d: 2 }] }, name: 'v' }],
    [`name="a,\\"b",labels["a,b"]=it's,empty='c,d'`, { name: 'a,"b', labels: { 'a,b': "it's" }, empty: 'c,d' }],
    ["name=it's,empty=a[b,fresh=it's", { name: "it's", empty: 'a[b', fresh: "it's" }],
    ['image.tag=z,image.pull=Always', { image: { tag: 'z', pull: 'Always' } }],
    ['image={}', { image: {} }],
    ['empty.a.b=1', { empty: { a: { b: 1 } } }],
    ['empty[0]=1', { empty: [1] }],
    ['fresh.list[1].x=1', { fresh: { list: [null, { x: 1 }] } }],
    ['labels["app.io/x"]=1', { labels: { 'app.io/x': 1 } }],
    ['replicas=1,replicas=4', { replicas: 4 }],
    ['name={a: 1},name.b=2', { name: { a: 1, b: 2 } }],
    ['name=', { name: null }],
    ['name=NULL', { name: null }],
    ['name=~', { name: null }],
    ['name="#fff"', { name: '#fff' }],
    ['fresh["a."].b=1', { fresh: { 'a.': { b: 1 } } }],
    ['fresh.constructor.prototype=1', { fresh: { constructor: { prototype: 1 } } }],
    ['name={a: [&k {}\\, *k]},name.a[0].c=1', { name: { a: [{ c: 1 }, {}] } }],
    ['replicas=9007199254740993', { replicas: 9007199254740993n }],
    ['replicas=9223372036854775808', { replicas: 9223372036854775808n }],
    ['replicas=18446744073709551616', { replicas: 18446744073709551616 }],
    ...['1e999', '-1e999', '1e400', '${schema.x}', 'x\ty', '\u202ea', 'x\\'].map(
      (text) => [`name=${text}`, { name: text }] as const,
    ),
    ['name=".inf"', { name: '.inf' }],
    ['name=0777', { name: 511 }],
    ['name={a: &k {}\\, b: *k},name.a.c=1', { name: { a: { c: 1 }, b: {} } }],
    ['zones=[9007199254740993\\, 2\\, 1.5]', { zones: [9007199254740993n, 2, 1.5] }],
  ])('changes only the fields that it names: %s', (text, changed) => {
    expect(set(text)).toEqual({ ...SPEC, ...changed });
  });

  test('the path keeps its prefix spec when the spec has a field named spec', () => {
    expect(set('spec.a=1', { spec: { b: 2 } })).toEqual({ spec: { a: 1, b: 2 } });
  });

  test.each<readonly [text: string, message: string, remedy: string]>([
    ['zones.x=1', '--set zones.x=1: zones is a list', 'write the number of an item: --set zones[0].x=…'],
    ['image[0]=1', '--set image[0]=1: image is an object, not a list', '--set image.NAME=…'],
    ['replicas.x=1', '--set replicas.x=1: replicas is 2, and has no fields', 'set the whole value: --set replicas=…'],
    ['zones[0].x=1', '--set zones[0].x=1: zones[0] is the string "a", and has no fields', '--set zones[0]=…'],
    ['name[0]=1', '--set name[0]=1: name is the string "web", and has no fields', '--set name=…'],
    ['replicas=many,replicas.x=1', '--set replicas.x=1: replicas is the string "many", and has no fields', 'whole'],
    ['zones[-1]=x', '--set zones[-1]=x: -1 is not an index of a list', 'the first item has the index 0'],
    ['zones[1000]=x', '--set zones[1000]=x: the index 1000 is above 999', 'write a lower index'],
    ['[0]=x', '--set [0]=x: the spec is an object, not a list', 'write the name of a field: --set NAME=…'],
    ['spec=1', '--set spec=1 sets nothing', 'write the path of a field of the spec'],
    ['name', '--set name sets nothing', 'a comma in a value is written \\,'],
    ['=1', '--set =1 sets nothing', 'write the path'],
    ...['.inf', '-.inf', '.nan'].flatMap((value) =>
      [`name=${value}`, `zones[0]=${value}`, `image={tag: ${value}}`].map(
        (text) => [text, `--set ${text}: ${value} cannot be written in JSON`, 'quote it to make it a string'] as const,
      ),
    ),
    ['zones=[x\\,y]', '--set zones=[x\\,y]: y without quotes is the boolean true', 'write "y" for the string'],
    ['name={a: 1\\, a: 2}', '--set name={a: 1\\, a: 2}: this object has the key "a" twice', 'remove one of them'],
    ['name=!x y', '--set name=!x y: this tag has no meaning here', `remove the tag; --set 'PATH="TEXT"' sets`],
    ...['a[x]=1', 'image.=1', '.a=1', 'image..a=1', 'a[0.5]=1', 'a["x"y]=1', 'name=x,'].map(
      (text) => [text, `--set ${text.endsWith(',') ? '' : text} sets nothing`, 'write the path'] as const,
    ),
    ...`[x|{|"x|'x|* * *|*x|!!binary aGk=|	a|@|\`a|x: y: z|{a: 1|? [a|#fff| # c|---|...|%x|&x`
      .split('|')
      .map((value) => [`name=${value}`, `--set name=${value}: `, '; --set \'PATH="TEXT"\' sets a string'] as const),
    ['name=a\n---\nb', '--set name=a: this is not one value of YAML', 'correct it'],
    ['name=' + '['.repeat(250) + ']'.repeat(250), 'nested more than 200 levels deep', 'PATH="TEXT"'],
    ['name=' + '['.repeat(200) + ']'.repeat(200), 'nested more than 200 levels deep', 'write a shorter path'],
    [`a${'.a'.repeat(200)}=1`, 'values are nested more than 200 levels deep', 'write a shorter path'],
    [`a${'[0]'.repeat(200)}=1`, 'values are nested more than 200 levels deep', 'write a shorter path'],
  ])('%s is refused', (text, message, remedy) => {
    expect(() => set(text)).toThrow(
      expect.objectContaining({
        code: 'cli/usage',
        message: expect.stringContaining(message),
        remedy: expect.stringContaining(remedy),
      }),
    );
  });

  test.each<readonly [spec: JsonValue, message: string]>([
    [['a'], '--set a=1: the spec is a list'],
    ['text', '--set a=1: the spec is the string "text", and has no fields'],
  ])('is refused for the spec %j', (spec, message) => {
    expect(() => set('a=1', spec)).toThrow(message);
  });

  test('changes one of two fields that share a value', () => {
    const shared = {};
    expect(set('a.x=1', { a: shared, b: shared })).toEqual({ a: { x: 1 }, b: {} });
  });

  test('reads each field of the spec once, for any number of settings', () => {
    let reads = 0;
    const get = (fields: JsonObject, name: string | symbol): unknown => ((reads += 1), Reflect.get(fields, name));
    const many = new Proxy<JsonObject>(
      Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'v'])),
      { get },
    );
    const changed = set(Array.from({ length: 100 }, (_, index) => `m.k${index}=x`).join(','), { m: many });
    expect(changed).toMatchObject({ m: { k0: 'x', k99: 'x' } });
    expect(reads).toBeLessThanOrEqual(100);
  });

  test('does not change the given spec', () => {
    set('zones[0]=z,image.tag=z');
    expect(SPEC).toMatchObject({ zones: ['a', 'b'], image: { tag: 'x' } });
  });
});

test.each([
  ['the field itself', ['replicas'], true, 'replicas=3'],
  ['a field that two settings set, the last of both', ['image', 'tag'], true, 'image.tag=2'],
  ['a field inside the value of a setting', ['image', 'a', 0], true, 'image={}'],
  ['an object that a setting creates', ['fresh'], false, 'fresh.a=1'],
  ['an object that the file sets', ['fresh'], true, undefined],
  ['another field', ['zones'], true, undefined],
] as const)('settingFinder finds the expected setting for %s', (_name, path, isInFile, text) => {
  const settings = parseSettings('image={},replicas=3,image.tag=1,image.tag=2,fresh.a=1');
  expect(settingFinder(settings)(path, isInFile)?.text).toBe(text);
});
