/** Programs that run concurrently, each as a list of words. */
export type Pipeline = readonly (readonly string[])[];

/** Pipelines that are joined by `&&` and `||`. */
export interface CommandList {
  readonly pipelines: readonly { readonly operator: '&&' | '||' | undefined; readonly pipeline: Pipeline }[];
  /** True when the list ends with `&`, so that the shell does not wait for it. */
  readonly isBackground: boolean;
}

/** Matches the tokens of simple commands. Any other character begins a construct that the parser does not support. */
const TOKEN = new RegExp(
  [
    /(?<continuation>\\\n)/,
    /(?<blank>[ \t\r]+)/,
    /(?<comment>(?<![^\s;&|])#[^\n]*)/,
    /(?<redirection>(?:(?<![^\s;&|])\d)?(?:&>>?|>>|>&|<&|>\||[<>])(?!<)[ \t]*)/,
    /(?<operator>&&|\|\||[;&|\n])/,
    /'(?<single>[^']*)'/,
    /"(?<double>(?:[^"\\`$]|\\[^]|\$(?!\())*)"/,
    /\\(?<escaped>[^])/,
    /(?<plain>\$\{[^{}`]*\}|\$(?![({])|[^\s;&|<>'"\\`$(){}])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

/** Words that begin or end a compound command, or negate a pipeline, when a command begins with them. */
const RESERVED = new Set(
  '! [[ case coproc do done elif else esac fi for function if in select then time until while'.split(' '),
);

/**
 * Parses a shell script of simple commands, with quotes, comments and redirections. A command of redirections alone is
 * an empty list of words. Returns `undefined` for a script with any other construct, e.g. a loop, a subshell, a group or
 * a command substitution.
 */
export function parseScript(script: string): readonly CommandList[] | undefined {
  const lists: CommandList[] = [];
  let pipelines: { operator: '&&' | '||' | undefined; pipeline: string[][] }[] = [];
  let operator: '&&' | '||' | undefined;
  let commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  let isTarget = false;
  let isRedirected = false;
  let isCompound = false;

  const endWord = (): void => {
    // The word after a redirection is a file instead of an argument.
    if (word !== undefined && !isTarget) words.push(word);
    if (word !== undefined) isTarget = false;
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (RESERVED.has(words[0] ?? '')) isCompound = true;
    if (words.length > 0 || isRedirected) commands.push(words);
    words = [];
    isRedirected = false;
  };
  const endPipeline = (next?: '&&' | '||'): void => {
    endCommand();
    if (commands.length > 0) pipelines.push({ operator, pipeline: commands });
    commands = [];
    operator = next;
  };
  const endList = (isBackground: boolean): void => {
    endPipeline();
    if (pipelines.length > 0) lists.push({ pipelines, isBackground });
    pipelines = [];
  };

  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < script.length) {
    const found = TOKEN.exec(script)?.groups;
    if (found === undefined) return undefined;
    const double = found['double']?.replaceAll(
      /\\(?:\n|(["$\\`]))/g,
      (_, escaped: string | undefined) => escaped ?? '',
    );
    const part = found['single'] ?? double ?? found['escaped'] ?? found['plain'];
    if (part !== undefined) word = (word ?? '') + part;
    else if (found['continuation'] !== undefined) continue;
    else if (found['comment'] !== undefined && word !== undefined) {
      // After an escaped blank, `#` is a character of the word.
      word += '#';
      TOKEN.lastIndex -= found['comment'].length - 1;
    } else if (found['redirection'] !== undefined) {
      endWord();
      isTarget = true;
      isRedirected = true;
    } else if (found['operator'] === undefined) endWord();
    else if (found['operator'] === '&&' || found['operator'] === '||') endPipeline(found['operator']);
    else if (found['operator'] === '|') endCommand();
    else if (found['operator'] !== '\n' || !isOpen()) endList(found['operator'] === '&');
  }
  endList(false);
  return isCompound ? undefined : lists;

  /** Does the list continue on the next line, because this line ends with an operator? */
  function isOpen(): boolean {
    endWord();
    return words.length === 0 && !isRedirected && (commands.length > 0 || operator !== undefined);
  }
}
