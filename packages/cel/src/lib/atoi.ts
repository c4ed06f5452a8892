import { failure, type Failure, goQuote, parseInt64 } from '@typekro/kit/golang';

/** An integer as Go's `strconv.Atoi` reads it, or Go's error. */
export function atoi(text: string): bigint | Failure {
  const value = parseInt64(text);
  if (typeof value === 'bigint') return value;
  const reason = value === 'syntax' ? 'invalid syntax' : 'value out of range';
  return failure(`strconv.Atoi: parsing ${goQuote(text)}: ${reason}`);
}
