/**
 * Writes the documentation as a site into `site/`: `npm run site`. The pages are the Markdown files that
 * `scripts/site/navigation.ts` lists. The site needs no server and no network: open `site/index.html`. A broken link,
 * anchor or picture is an error. With `--check`, the script only looks for these errors and writes nothing.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSite } from './site/build-site.ts';

const target = fileURLToPath(new URL('../site', import.meta.url));
const isCheck = process.argv.includes('--check');
const { files, problems } = await buildSite();
for (const problem of problems) console.error(problem);
if (!isCheck) {
  rmSync(target, { recursive: true, force: true });
  for (const [name, content] of files) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, name), content);
  }
}
console.log(
  problems.length > 0
    ? `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
    : isCheck
      ? `${files.size} files of the site have no broken link, anchor or picture.`
      : `wrote ${files.size} files; open site/index.html`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
