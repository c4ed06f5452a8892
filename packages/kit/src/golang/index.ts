/**
 * Functions of Go's standard library that quote, parse, print, compare and sort. The API server, kro and cel-go are
 * written in Go, so their messages and sort orders are those of exactly these functions. All functions are pure.
 *
 * @packageDocumentation
 */
export { formatSeconds, goFormatDuration, goParseDuration, goParseDurationMs } from './duration.ts';
export { formatExponent, formatFixed, formatGeneral, formatJsonNumber, formatPlain, parseFloat64 } from './float.ts';
export { fnv32a, fnv64a } from './fnv.ts';
export { goJson, goJsonProblem, goQuoteJson, goQuoteJsonByte } from './go-json.ts';
export { goJsonKind, goTypeOf, isInteger64 } from './json-kind.ts';
export { goJsonSyntaxError } from './json-syntax.ts';
export type { IpAddress, IpPrefix } from './netip.ts';
export {
  containsAddress,
  containsPrefix,
  family,
  formatAddress,
  formatPrefix,
  is4In6,
  isGlobalUnicast,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopbackAddress,
  isUnspecified,
  maskedPrefix,
  parseAddress,
  parsePrefix,
  sameAddress,
  samePrefix,
} from './netip.ts';
export * from './strconv.ts';
export { goQuote, needsNoEscape } from './quote.ts';
export { goPemBlocks } from './pem.ts';
export { sortIndices } from './sort.ts';
export { CHARACTERS, goTrim, isGoSpace, TEMPLATE_ACTION, compareText } from './go-text.ts';
export { parseRequestUrl } from './url.ts';
export * as goUrl from './url.ts';
