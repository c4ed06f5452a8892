/** A challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** The parameters. Names are in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER_LENGTH = 8192;
/** Matches a parameter with its value as a token or as a quoted string. */
const PARAMETER = /[\t ,]*([\w!#$%&'*+.^`|~-]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~/:-]+))/y;
const SCHEME = /[\t ,]*([\w!#$%&'*+.^`|~-]+)(?:[\t ]+|$)/y;

/**
 * Reads the challenges of a header, in which several are separated by commas, as their parameters are. What cannot be
 * read ends the list, because the server is not trusted to write a valid one.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  if (header.length > MAX_HEADER_LENGTH) return challenges;
  for (let at = 0; ;) {
    SCHEME.lastIndex = at;
    const [, scheme] = SCHEME.exec(header) ?? [];
    if (scheme === undefined) return challenges;
    at = SCHEME.lastIndex;
    const parameters = new Map<string, string>();
    for (;;) {
      PARAMETER.lastIndex = at;
      const [, name, quoted, token = ''] = PARAMETER.exec(header) ?? [];
      if (name === undefined) break;
      at = PARAMETER.lastIndex;
      // A parameter must occur once (RFC 9110). The first one counts.
      const key = name.toLowerCase();
      if (!parameters.has(key)) parameters.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? token);
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
}
