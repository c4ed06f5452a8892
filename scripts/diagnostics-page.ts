import { exampleDiagnostics } from '@typekro/sdk/test-support/example-diagnostics';
import { type CodeInfo, formatDiagnostic } from '@typekro/kit/core';
import { documentedCodes } from '../packages/cli/src/lint/file-codes.ts';

interface Chapter {
  readonly area: string;
  readonly title: string;
  readonly text: string;
}

const CHAPTERS: readonly Chapter[] = [
  { area: 'yaml', title: 'Files', text: 'Problems of the YAML itself, found before the file is read as a definition.' },
  {
    area: 'input',
    title: 'Objects',
    text: 'Problems of single objects in files, and of references between them. `typekro validate` and `typekro lint` print them with the place in the file.',
  },
  {
    area: 'simpleschema',
    title: 'SimpleSchema',
    text: 'Problems of `spec.schema.spec` and `spec.schema.types`, where fields are types with markers.',
  },
  {
    area: 'graph',
    title: 'Definitions',
    text: 'Problems of the parts of a definition and of their relations. Warnings are not errors for kro; without them the problems would appear only in a cluster.',
  },
  { area: 'cel', title: 'Expressions', text: 'Problems inside `${…}`.' },
  {
    area: 'schema',
    title: 'Types of compositions',
    text: 'Problems of a type from arktype, zod, valibot, TypeBox or JSON Schema that becomes the spec of an API. Examples are JSON Schemas unless they say otherwise.',
  },
  {
    area: 'trace',
    title: 'Compositions',
    text: `Problems of the function of a composition. The examples are functions of a spec. They use:

- the fields of the spec: \`name\`, \`size\`, \`env\` (\`dev\` or \`prod\`), \`on\`, \`tag?\`, \`tags\` (a list of strings) and
  \`parts\` (a list of objects with \`key\` and \`count\`),
- the \`opaque\` functions \`isLong\` and \`twice\` of the module, and its variable \`total\`,
- for the codes \`status-extra\`, \`status-field\`, \`status-missing\` and \`status-type\`, the declared status
  \`{ phase, size? }\`.

\`trace/provider\` has no example, because it occurs only on hosts where the function's source or its variables cannot be
read. There, run with \`--import typekro/register\`, add \`typekro/plugin\` to the bundler, or pass the \`scope\` option.`,
  },
];

const HEAD = `# Diagnostics

This page lists the codes of problems in files, definitions and compositions: for each one its meaning, an example,
usually the output for the example, and the remedy. Programs and editors switch on the code; it does not change when
the text does. An **error** stops the work; a **warning** does not.

This page is written by \`npm run docs\` from the lists in the code; the outputs are those of the compiler.
`;

/** The page of all diagnostic codes as Markdown. */
export async function diagnosticsPage(): Promise<string> {
  const codes = documentedCodes();
  const unplaced = codes.filter((info) => !CHAPTERS.some(({ area }) => areaOf(info) === area));
  if (unplaced.length > 0) throw new Error(`no chapter for ${unplaced.map(({ code }) => code).join(', ')}`);
  const chapters = CHAPTERS.map((chapter) => ({
    chapter,
    infos: codes.filter((info) => areaOf(info) === chapter.area).toSorted((a, b) => (a.code < b.code ? -1 : 1)),
  }));
  const contents = chapters.map(({ chapter, infos }) => contentsOf(chapter, infos));
  const sections = await Promise.all(
    chapters.map(async ({ chapter, infos }) => {
      const texts = await Promise.all(infos.map(sectionOf));
      return `## ${chapter.title}\n\n${chapter.text}\n\n${texts.join('\n')}`;
    }),
  );
  return `${HEAD}\n${contents.join('\n')}\n\n${sections.join('\n')}`;
}

const areaOf = ({ code }: CodeInfo): string => code.slice(0, code.indexOf('/'));

/** The anchor that Markdown renderers give to the heading of a code. */
const anchorOf = (code: string): string => code.replaceAll(/[^a-z-]/g, '');

function contentsOf(chapter: Chapter, infos: readonly CodeInfo[]): string {
  const links = infos.map(({ code }) => `[${code.slice(chapter.area.length + 1)}](#${anchorOf(code)})`);
  return `- **${chapter.title}** (\`${chapter.area}/…\`): ${links.join(' · ')}`;
}

async function sectionOf(info: CodeInfo): Promise<string> {
  return `### ${info.code}

**${info.severity === 'error' ? 'Error' : 'Warning'}.** ${info.summary}

${fenced(info.language === 'composition' ? 'ts' : (info.language ?? 'yaml'), shortened(info.example))}
${areaOf(info) === 'input' ? '' : `\n${await outputOf(info)}\n`}
**Remedy.** ${info.remedy}
`;
}

/** The output for the example, as a code block. */
async function outputOf(info: CodeInfo): Promise<string> {
  const diagnostics = await exampleDiagnostics(info);
  const own = diagnostics.find(({ code }) => code === info.code);
  if (own === undefined) throw new Error(`the example of ${info.code} does not produce this diagnostic`);
  const others = diagnostics.length - 1;
  const text = info.language === undefined ? info.example : undefined;
  const more = others === 0 ? '' : `\n… and ${others} more`;
  return fenced('text', shortened(formatDiagnostic(own, text)) + more);
}

const MAX_LINES = 60;
const MAX_COLUMNS = 160;

/** Shortens long texts for the page. An ellipsis marks a cut line or text. */
function shortened(text: string): string {
  const lines = text.trimEnd().split('\n', MAX_LINES + 1);
  const shown = lines.slice(0, MAX_LINES).map((line) => {
    const characters = Array.from(line);
    return characters.length <= MAX_COLUMNS ? line : `${characters.slice(0, MAX_COLUMNS).join('')} …`;
  });
  return (lines.length > MAX_LINES ? [...shown.slice(0, 5), '…'] : shown).join('\n');
}

function fenced(language: string, text: string): string {
  const fence = text.includes('```') ? '````' : '```';
  return `${fence}${language}\n${text}\n${fence}`;
}
