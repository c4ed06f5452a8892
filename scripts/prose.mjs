/**
 * Checks the style rules for user documentation: README.md and `docs/`, except pages for authors of the project and
 * pages that a script writes. `npm run check -- prose` prints each violation with its line.
 *
 * - A sentence has at most 30 words. A code span, or a list of code spans, counts as one word. Tables and code blocks
 *   have no sentences.
 * - No word promises that a task is small ("simply", "just", "easy"). Such a word discourages readers who find the task
 *   hard.
 * - The present tense, without "will", and the imperative, without "please".
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const MAX_SENTENCE_WORDS = 30;

/** Refused words, each with the reason that the output prints. */
const REFUSED = [
  {
    pattern: /\b(?:simply|just|easy|easily|obviously|of course|trivial(?:ly)?)\b/i,
    reason: 'promises that a task is small',
  },
  { pattern: /\b(?:will|won't|shall)\b/i, reason: 'is the future; write the present tense' },
  { pattern: /\bplease\b/i, reason: 'is no instruction; write the imperative' },
];

/** Pages that a script writes from the code. Their sentences are in the code. */
const GENERATED = /^docs\/(?:diagnostics\.md|seeds\.md|reference\/)/;
/** Pages for authors of the project. */
const FOR_AUTHORS = /^docs\/(?:decisions\/|controller-figures\.md|simulation\.md|glossary\.md)/;

const pages = execFileSync('git', ['ls-files', 'README.md', 'docs/*.md'], { encoding: 'utf8' })
  .split('\n')
  .filter((name) => name !== '' && existsSync(name) && !FOR_AUTHORS.test(name) && !GENERATED.test(name));

/** The blocks of a page that have sentences, with the line in which each begins. */
function blocksOf(text) {
  const blocks = [];
  let block;
  let inCode = false;
  let isMade = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*```/.test(line)) inCode = !inCode;
    if (/^<!-- .* -->/.test(line)) isMade = /: written by|picture of/.test(line);
    const isProse = !inCode && !isMade && !/^(?:\s*```| {4}|\s*\||#|<!--|\s*$|!\[)/.test(line);
    const beginsItem = /^\s*(?:[-*]|\d+\.) /.test(line);
    if (!isProse || beginsItem) block = undefined;
    if (!isProse) continue;
    if (block === undefined) blocks.push((block = { line: index + 1, text: '' }));
    block.text += ` ${line.replace(/^\s*(?:[-*]|\d+\.) /, '')}`;
  }
  return blocks;
}

/** The sentences of a block without the signs of Markdown. A code span becomes one word. */
function sentencesOf(text) {
  return (
    text
      .replaceAll(/`[^`]*`/g, 'Code')
      // A list of names is as easy to read as one name.
      .replaceAll(/Code(?:,? (?:and |or )?Code)+/g, 'Code')
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[*_]{1,2}/g, '')
      .split(/(?<=[.!?:])\s+(?=[A-Z“"(]|kro\b)|(?<=;)\s+/)
      .map((sentence) => sentence.trim())
      .filter((sentence) => sentence !== '')
  );
}

const found = [];
for (const page of pages) {
  for (const { line, text } of blocksOf(readFileSync(page, 'utf8'))) {
    for (const sentence of sentencesOf(text)) {
      const words = sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
      if (words > MAX_SENTENCE_WORDS) {
        found.push(
          `${page}:${line}: a sentence of ${words} words; write at most ${MAX_SENTENCE_WORDS}: ${sentence.slice(0, 60)}…`,
        );
      }
      for (const { pattern, reason } of REFUSED) {
        const word = pattern.exec(sentence)?.[0];
        if (word !== undefined) found.push(`${page}:${line}: "${word}" ${reason}`);
      }
    }
  }
}
for (const problem of found) console.error(problem);
console.log(found.length === 0 ? `The prose of ${pages.length} pages keeps the rules.` : `${found.length} problems`);
process.exit(found.length === 0 ? 0 : 1);
