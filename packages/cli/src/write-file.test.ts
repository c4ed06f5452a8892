import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceFile, requireFolder, writeFile } from './write-file.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'typekro-folder-'));
fs.writeFileSync(join(folder, 'file'), '');
fs.symlinkSync('circle', join(folder, 'circle'));

test.each([
  [
    'none/prod.json',
    'the folder FOLDER/none does not exist',
    'create the folder (mkdir -p FOLDER/none), or correct the name',
  ],
  [
    'none/more/prod.json',
    'the folder FOLDER/none/more does not exist',
    'create the folder (mkdir -p FOLDER/none/more), or correct the name',
  ],
  ['file/prod.json', 'FOLDER/file is a file, not a folder', 'name another place'],
  ['circle/prod.json', 'its symbolic links lead in a circle', 'name another place'],
  [`${'n'.repeat(300)}/prod.json`, 'a name in the path is too long', 'name another place'],
])('requireFolder refuses the path %s', (name, why, remedy) => {
  const text = (each: string) => each.replaceAll('FOLDER', folder);
  const path = join(folder, name);
  expect(() => requireFolder(path, 'snapshot/not-written')).toThrow(
    expect.objectContaining({ message: `${path} cannot be written: ${text(why)}`, remedy: text(remedy) }),
  );
});

test('requireFolder accepts a file in an existing folder, and a device', () => {
  expect(() => requireFolder(join(folder, 'prod.json'), 'snapshot/not-written')).not.toThrow();
  expect(() => requireFolder('/dev/stdout', 'snapshot/not-written')).not.toThrow();
});

const DETAILS = { code: 'snapshot/not-written', remedy: 'name another place' };
const WHOLE = { ...DETAILS, mode: 0o600 };

test('a file is written through links, which stay, also to a target that is missing', async () => {
  const own = fs.mkdtempSync(join(folder, 'links-'));
  fs.writeFileSync(join(own, 'target'), 'before');
  const links = [
    ['target', 'link'],
    ['second', 'first'],
    ['./made', 'second'],
  ] as const;
  for (const [target, link] of links) fs.symlinkSync(target, join(own, link));
  for (const [link, target] of [
    ['link', 'target'],
    ['first', 'made'],
  ] as const) {
    await writeFile(join(own, link), Buffer.from('after'), WHOLE);
    const { mode } = fs.statSync(join(own, target));
    expect([fs.readFileSync(join(own, target), 'utf8'), mode & 0o777]).toEqual(['after', 0o600]);
    expect(fs.lstatSync(join(own, link)).isSymbolicLink()).toBe(true);
  }
});

test('a file that the user names is not written through a link out of its folder', async () => {
  const root = fs.mkdtempSync(join(folder, 'named-'));
  fs.mkdirSync(join(root, 'repository'));
  const [outside, link] = [join(root, 'outside'), join(root, 'repository/prod.json')];
  fs.writeFileSync(outside, 'mine');
  fs.symlinkSync('../outside', link);
  await expect(writeFile(link, 'after', DETAILS)).rejects.toThrow('a symbolic link leads out of');
  expect(fs.readFileSync(outside, 'utf8')).toBe('mine');
});

test.skipIf(process.platform === 'win32').each([0o664, 0o775, 0o600])(
  'a replaced file keeps its mode %o under any umask',
  async (mode) => {
    const path = join(folder, 'shared.yaml');
    fs.writeFileSync(path, 'before');
    fs.chmodSync(path, mode);
    const umask = process.umask(0o077);
    try {
      await replaceFile(path, 'after', DETAILS);
    } finally {
      process.umask(umask);
    }
    expect([fs.readFileSync(path, 'utf8'), fs.statSync(path).mode & 0o7777]).toEqual(['after', mode]);
  },
);

test('a temporary file of another process is kept, and does not prevent the write', async () => {
  const own = fs.mkdtempSync(join(folder, 'drafts-'));
  const path = join(own, 'app.yaml');
  const other = `${path}.typekro-${process.pid}`;
  fs.writeFileSync(path, 'before');
  fs.writeFileSync(other, 'of another process');
  await replaceFile(path, 'after', DETAILS);
  await writeFile(join(own, 'whole'), Buffer.from('bytes'), WHOLE);
  expect(fs.readFileSync(other, 'utf8')).toBe('of another process');
  expect(fs.readdirSync(own).toSorted()).toEqual(['app.yaml', `app.yaml.typekro-${process.pid}`, 'whole']);
});

test('a failed write removes its temporary file', async () => {
  const own = fs.mkdtempSync(join(folder, 'failed-'));
  fs.mkdirSync(join(own, 'taken'));
  await expect(writeFile(join(own, 'taken'), Buffer.from('x'), WHOLE)).rejects.toThrow(
    'cannot be written: a folder of that name already exists',
  );
  expect(fs.readdirSync(own)).toEqual(['taken']);
});

test('the error of a failed write says whether the file or the target of a link is missing', async () => {
  const lost = join(folder, 'lost.yaml');
  fs.symlinkSync(join(folder, 'nowhere', 'target'), join(folder, 'into-nowhere'));
  await expect(replaceFile(lost, 'x', DETAILS)).rejects.toThrow(`${lost} cannot be written: it no longer exists`);
  for (const write of [replaceFile, writeFile]) {
    await expect(write(join(folder, 'into-nowhere'), 'x', DETAILS)).rejects.toThrow(
      'cannot be written: it is a link whose target does not exist',
    );
  }
  expect(fs.existsSync(join(folder, 'nowhere'))).toBe(false);
});

test.each([
  ['a link to a file outside', 'out/link.ts'],
  ['a link to a new file outside', 'out/dangling.ts'],
  ['a file below a link to a folder outside', 'out/up/new.ts'],
  ['a name with dots', 'out/../new.ts'],
])('a file of an output folder is not written through %s', async (_title, name) => {
  const root = fs.mkdtempSync(join(folder, 'within-'));
  const outside = join(root, 'outside');
  fs.mkdirSync(join(root, 'out'));
  fs.writeFileSync(outside, 'mine');
  fs.symlinkSync(outside, join(root, 'out/link.ts'));
  fs.symlinkSync(join(root, 'absent'), join(root, 'out/dangling.ts'));
  fs.symlinkSync(root, join(root, 'out/up'));
  const details = { code: 'generate/not-written', remedy: '', within: join(root, 'out') };
  const before = fs.readdirSync(root);
  await expect(writeFile(join(root, 'out', '..', name), 'text', details)).rejects.toThrow(
    expect.objectContaining({ code: 'generate/not-written', message: expect.stringContaining('leads out of') }),
  );
  expect([fs.readdirSync(root), fs.readFileSync(outside, 'utf8')]).toEqual([before, 'mine']);
});

test('a file of an output folder is written through links that stay in the folder, and the folder may be a link', async () => {
  const root = fs.mkdtempSync(join(folder, 'within-'));
  fs.mkdirSync(join(root, 'real/sub'), { recursive: true });
  fs.symlinkSync('real', join(root, 'out'));
  fs.symlinkSync('sub', join(root, 'real/down'));
  const details = { code: 'generate/not-written', remedy: '', within: join(root, 'out') };
  await writeFile(join(root, 'out/down/a.ts'), '// \u202e', details);
  await writeFile(join(root, 'out/new/b.yaml'), '# \u202e', { ...details, isSource: true });
  expect(fs.readFileSync(join(root, 'real/sub/a.ts'), 'utf8')).toBe('// \\u202e');
  expect(fs.readFileSync(join(root, 'real/new/b.yaml'), 'utf8')).toBe('# \u202e');
});
