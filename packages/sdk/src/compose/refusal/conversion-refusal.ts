import { Refusal, refusalOf } from './refusal.ts';

/** The refusal of a function that throws for some object, or for all. */
export const CONVERSION_THROWS = [
  'a conversion cannot throw, because each stored object must have a form in each version',
  'refuse the value in the schema of the version, or return a value for it',
] as const;

/** The refusal of an exception that leaves a conversion. */
export function thrownByConversion(error: unknown): Refusal {
  const thrown = refusalOf(error);
  const refusal = new Refusal('unsupported', `${CONVERSION_THROWS[0]}: ${thrown.message}`, CONVERSION_THROWS[1]);
  refusal.site = thrown.site;
  refusal.cause = error;
  return refusal;
}

/**
 * The refusal in the words of conversions. What a composition can compute before it runs, and take from outside, a
 * conversion cannot: it runs for each object whenever a client reads it.
 */
export function inConversion(refusal: Refusal): Refusal {
  const { code, message, hint, site, path, cause } = refusal;
  const isFromOutside =
    hint !== undefined &&
    /\b(?:before|outside|above|inside) the composition\b|\bwith the spec\b|\bCel\.expr\b/.test(hint);
  const words = (text: string) => text.replaceAll(/\b(?:composition|graph)\b/g, 'conversion');
  const ownHint =
    code === 'read-only' ? COPY : isFromOutside ? SPEC_ALONE : hint === undefined ? undefined : words(hint);
  const own = new Refusal(code, words(message), ownHint);
  return Object.assign(own, { site, path, cause });
}

const SPEC_ALONE =
  'the result may depend only on the spec: it must be the same for each request; use fields of the spec and constants';

const COPY =
  'return the fields that change: { field: spec.other }, or a changed copy: { ...spec.part, field: spec.other }';
