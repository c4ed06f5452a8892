/**
 * Reports second copies of small sets of functions, here called vocabularies. Only `packages/kit/src/golang` and `packages/kit/src/kubernetes`
 * may contain the functions of Go's and Kubernetes' libraries for strings, numbers and names. Only `packages/sdk/src/javascript` may
 * interpret JavaScript syntax trees. Only `packages/kit/src/core` may contain the function that sets own properties, and the retry
 * policies. The script finds a copy by a regular expression for code that every implementation needs. There is no list
 * of exceptions.
 *
 * The script also reports two exported functions of one name.
 */
import { readFileSync } from 'node:fs';
import { repeatedNames } from './exported-names.mjs';
import { handWrittenFiles, roomOf } from './workspace.mjs';

const VOCABULARIES = [
  {
    name: 'the setter of own members',
    use: 'setOwn of packages/kit/src/core',
    home: 'core',
    pattern: /[!=]== '__proto__'\)\s*\{?\s*(?:Object\.defineProperty|\w+\[\w+\] = )/,
  },
  { name: '%q', use: 'goQuote of packages/kit/src/golang', home: 'golang', pattern: /\\U\$\{/ },
  {
    name: '%q, written as JSON',
    use: 'goQuote of packages/kit/src/golang',
    home: 'golang',
    only: 'cluster',
    pattern:
      /(?:field|in|is|kind|label|path|User|user|value|version) \$\{JSON\.stringify\(|\$\{JSON\.stringify\([\w.]+\)\} (?:already|is|not) /,
  },
  {
    name: 'names of JavaScript patterns',
    use: 'boundNames and analyseScopes of packages/sdk/src/javascript',
    home: 'javascript',
    pattern: /case 'ArrayPattern':\s+return .*flatMap/,
  },
  { name: 'booleans of Go', use: 'parseBool of packages/kit/src/golang', home: 'golang', pattern: /'1', 't', 'T'/ },
  {
    name: 'durations of Go',
    use: 'goParseDuration of packages/kit/src/golang',
    home: 'golang',
    pattern: /ms\|s\|m\|h\)+[+?]?\)?\$?\/|\['ns', 1/,
  },
  {
    name: 'FNV-1a',
    use: 'fnv32a and fnv64a of packages/kit/src/golang',
    home: 'golang',
    pattern: /0x811c9dc5|0xcbf29ce4|0x01000193|0x100000001b3/i,
  },
  {
    name: 'the order of texts',
    use: 'compareText of packages/kit/src/golang',
    home: 'golang',
    pattern: /\b(\w+) < (\w+) \? -1 : \1 > \2 \? 1 : 0/,
    texts: /\((?:a|left|x): string/,
  },
  {
    name: 'quantities',
    use: 'parseQuantity of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /Ki\|Mi\|Gi|\bKi: ?\d|'Ki', ?\d|'Ki', 'Mi'/,
  },
  {
    name: 'rules of names',
    use: 'dnsLabel, dnsSubdomain, dns1035Label, … of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /must be no more than (?:\d+|\$\{\w+\}) (?:bytes|characters)|RFC 1123 label must|DNS-1035 label must/,
  },
  {
    name: 'rules of labels',
    use: 'qualifiedName and labelValue of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /\[-A-Za-z0-9_\.\]\*\)\?\[A-Za-z0-9\]|a valid label (?:key )?must/,
  },
  {
    name: 'a value as a text',
    use: 'asText or textAt of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern:
      /\((?:value|parent\w*): (?:JsonValue|JsonObject) \| undefined[^;{]*\{?\s*(?:return |\()typeof value === 'string' \? value : ''/,
  },
  {
    name: 'a value as an object',
    use: 'asObject or objectAt of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /\(value: JsonValue \| undefined[^;{]*\{?\s*(?:return |\()isJsonObject\(value\) \? value : \{\}/,
  },
  {
    name: 'the objects of a list',
    use: 'asObjects or objectsAt of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /\bArray\.isArray\([^?;]+\) \? [^:;]+\.filter\(isJsonObject\) : \[\]/,
  },
  {
    name: 'the value below a path of names',
    use: 'valueAt of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern:
      /for \(const (\w+) of [^)]+(?:\(\W*\w*\W*\))?\)\s*\{?\s*(\w+) = isJsonObject\(\2\) && Object\.hasOwn\(\2, \1\)/,
  },
  {
    name: 'the form of metav1.Time',
    use: 'formatTime of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /slice\(0, 19\)\}|\.slice\(0, -5\)\}Z|replace\(\/\\\.\\d\{3\}Z/,
  },
  {
    name: 'HTTP servers, whose defaults drop headers',
    use: 'createHttpServer of packages/kit/src/core',
    home: 'core',
    pattern: /Library\(\)\s*\.create(?:Secure)?Server\(|import \{[^}]*\bcreate(?:Secure)?Server\b/,
  },
  {
    name: 'reads of files, which wait for ever at a pipe',
    use: 'readUserFile or readRegularFile of packages/kit/src/core',
    home: 'core',
    pattern: /import \{[^}]*\b(?:readFile|readFileSync|createReadStream)\b[^}]*\} from 'node:fs/,
  },
  {
    name: 'pauses between tries',
    use: 'a row of RETRY_POLICIES of packages/kit/src/core',
    home: 'core',
    pattern: /\b(?:RETRY|BACKOFF)\w* = \{? ?\w*:? ?\d|\binitialMs: \d/,
  },
  {
    name: 'errors of fields',
    use: 'fieldErrors of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /[`']Required value['`]|[`']Unsupported value: |Too long: may not be more than/,
  },
  {
    name: 'the names of limits',
    use: 'MAX_… or MIN_…, with the unit at the end',
    home: '',
    pattern: /\bconst (?:MOST|LONGEST|LEAST|SHORTEST|WIDEST|FEWEST|DEEPEST)(?:_|\b)/,
  },
  {
    name: 'classes of failed requests',
    use: 'classify of packages/kit/src/kubernetes',
    home: 'kubernetes',
    pattern: /^(?!\s*(?:\*|\/\/|\/\*)).*\b(?:408|409|429|503)\b(?:[^;\n]*\b(?:503|504)\b|[^;\n]*>= 500)/m,
  },
];

const found = repeatedNames();
for (const file of handWrittenFiles().filter((name) => name.endsWith('.ts'))) {
  const room = roomOf(file);
  const text = readFileSync(file, 'utf8');
  for (const { name, use, home, only, pattern, texts } of VOCABULARIES) {
    if (room === home || (only !== undefined && room !== only)) continue;
    const match = pattern.exec(text);
    if (match === null || (texts !== undefined && !texts.test(text))) continue;
    const line = text.slice(0, match.index).split('\n').length;
    found.push(`${file}:${line}: a second copy of ${name}; use ${use}`);
  }
}
for (const problem of found) console.error(problem);
console.log(found.length === 0 ? `${VOCABULARIES.length} vocabularies exist once each.` : `${found.length} problems`);
process.exit(found.length === 0 ? 0 : 1);
