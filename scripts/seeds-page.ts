/** The page about the first programs of the project, from the table that `test/e2e/seeds` checks. */
import { type Outcome, programs } from '../test/e2e/seeds/outcomes.ts';

const HEAD = `# The first programs

These example programs are older than the engine. \`test/fixtures/seeds\` has them, unchanged. \`test/e2e/seeds\` runs the
TypeScript programs, and deploys their compositions in each way that the table names, each time to a new cluster. \`–\`:
the program is not deployed in this way.
Corrected copies that pass the strict type check are in \`examples/\`.

**direct** is \`factory('direct')\`, **ours** is this project's controller with all its features, **stock** is a controller that
accepts what kro 0.9.3 accepts. \`*\` stands for any text. \`npm run docs\` writes this page.

| program | direct | ours | stock |
|---|---|---|---|
`;

/** Returns the text of the page. */
export function seedsPage(): string {
  const rows = Object.entries(programs).map(([file, { direct, ours, stock }]) => {
    const cells = [direct, ours, stock].map(cell);
    return `| ${file} | ${cells.join(' | ')} |`;
  });
  return `${HEAD}${rows.join('\n')}\n`;
}

function cell(outcome: Outcome | null): string {
  if (outcome === null) return '–';
  const where = outcome.line === null ? '' : ` at line ${outcome.line}`;
  const texts = outcome.texts.length === 0 ? '' : `: ${outcome.texts.map(code).join(', ')}`;
  const status = outcome.status === null ? '' : `; status ${code(JSON.stringify(outcome.status))}`;
  const result =
    outcome.result === 'refused'
      ? `refused (${STAGES[outcome.stage ?? 'apply']})${where}${texts}`
      : outcome.result === 'warning'
        ? `runs, with a warning${where}${texts}`
        : 'runs';
  return result + status;
}

const STAGES = {
  parse: 'while it is read',
  compose: 'while it composes',
  compile: 'by the controller',
  apply: 'by the API server',
} as const;

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
