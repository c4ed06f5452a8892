import type { JsonValue } from '../core/index.ts';
import type { PathStep } from '../graph/index.ts';

/** Members whose values are quantities in Kubernetes' own types. Elsewhere texts are compared as texts. */
const MAPS_OF_QUANTITIES = new Set(['limits', 'requests', 'hard', 'capacity', 'overhead', 'default', 'defaultRequest']);
const QUANTITIES = new Set(['sizeLimit', 'divisor', 'averageValue', 'storage', 'cpu', 'memory']);

const QUANTITY = /^([+-]?)(\d{1,30})(?:\.(\d{0,20}))?(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d{1,2}))?$/;
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/**
 * Are two values at this path the same amount, written differently? The server stores `1000m` as `1` and
 * `1024Mi` as `1Gi`; only at places where Kubernetes has quantities.
 */
export function sameQuantity(path: readonly PathStep[], a: JsonValue, b: JsonValue | undefined): boolean {
  const [above, last] = [path.at(-2), path.at(-1)];
  if (path[0] !== 'spec') return false;
  const isQuantity =
    (typeof last === 'string' && QUANTITIES.has(last)) || (typeof above === 'string' && MAPS_OF_QUANTITIES.has(above));
  if (!isQuantity || b === undefined) return false;
  const left = nanos(a);
  return left !== undefined && left === nanos(b);
}

/** The amount in billionths; undefined for what is no quantity, or one finer than that. */
function nanos(value: JsonValue): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const match = QUANTITY.exec(String(value));
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = '', exponent] = match;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const binary = BINARY.indexOf(suffix);
  const scaled = binary < 0 ? digits : digits * 1024n ** BigInt(binary + 1);
  const power = 9 - fraction.length + (DECIMAL[suffix] ?? 0) + Number(exponent ?? 0);
  if (power >= 0) return scaled * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return scaled % divisor === 0n ? scaled / divisor : undefined;
}
