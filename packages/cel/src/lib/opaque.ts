import { opaqueType, structType, type CelType } from '../types.ts';
import { compareQuantities, formatQuantity, type ParsedQuantity } from '@typekro/kit/kubernetes';
import {
  goUrl,
  formatAddress,
  formatPrefix,
  sameAddress,
  samePrefix,
  type IpAddress,
  type IpPrefix,
} from '@typekro/kit/golang';
import { fail, OpaqueValue, type Value } from '../values.ts';
import { compareSemver, formatSemver, type SemanticVersion } from './semver.ts';

/**
 * The types that Kubernetes' libraries add, and their values. A comparison of such a value with a value of another type
 * is an error.
 */

/** A value of a library's type. Error messages show the value's text. */
export abstract class LibraryValue extends OpaqueValue {
  abstract override toString(): string;
}

export const QUANTITY: CelType = structType('kubernetes.Quantity');
export const URL_TYPE: CelType = structType('kubernetes.URL');
export const SEMVER: CelType = structType('kubernetes.Semver');
export const FORMAT: CelType = structType('kubernetes.NamedFormat');
export const IP: CelType = opaqueType('net.IP');
export const CIDR: CelType = opaqueType('net.CIDR');

export class QuantityValue extends LibraryValue {
  readonly quantity: ParsedQuantity;
  constructor(quantity: ParsedQuantity) {
    super();
    this.quantity = quantity;
  }
  get typeName(): string {
    return QUANTITY.name;
  }
  equals(other: Value): boolean {
    return other instanceof QuantityValue
      ? compareQuantities(this.quantity, other.quantity) === 0
      : fail('no such overload');
  }
  override toString(): string {
    return formatQuantity(this.quantity);
  }
}

export class UrlValue extends LibraryValue {
  readonly url: goUrl.GoUrl;
  constructor(url: goUrl.GoUrl) {
    super();
    this.url = url;
  }
  get typeName(): string {
    return URL_TYPE.name;
  }
  equals(other: Value): boolean {
    return other instanceof UrlValue
      ? goUrl.formatUrl(this.url) === goUrl.formatUrl(other.url)
      : fail('no such overload');
  }
  override toString(): string {
    return goUrl.formatUrl(this.url);
  }
}

export class SemverValue extends LibraryValue {
  readonly version: SemanticVersion;
  constructor(version: SemanticVersion) {
    super();
    this.version = version;
  }
  get typeName(): string {
    return SEMVER.name;
  }
  equals(other: Value): boolean {
    return other instanceof SemverValue ? compareSemver(this.version, other.version) === 0 : fail('no such overload');
  }
  override toString(): string {
    return formatSemver(this.version);
  }
}

export class IpValue extends LibraryValue {
  readonly address: IpAddress;
  constructor(address: IpAddress) {
    super();
    this.address = address;
  }
  get typeName(): string {
    return IP.name;
  }
  equals(other: Value): boolean {
    return other instanceof IpValue ? sameAddress(this.address, other.address) : fail('no such overload');
  }
  override toString(): string {
    return formatAddress(this.address);
  }
}

export class CidrValue extends LibraryValue {
  readonly prefix: IpPrefix;
  constructor(prefix: IpPrefix) {
    super();
    this.prefix = prefix;
  }
  get typeName(): string {
    return CIDR.name;
  }
  equals(other: Value): boolean {
    return other instanceof CidrValue ? samePrefix(this.prefix, other.prefix) : fail('no such overload');
  }
  override toString(): string {
    return formatPrefix(this.prefix);
  }
}

/** A named string format. */
export class FormatValue extends LibraryValue {
  readonly #name: string;
  /** Returns the problems of a string; empty when the string has the format. */
  readonly check: (text: string) => readonly string[];
  constructor(name: string, check: (text: string) => readonly string[]) {
    super();
    this.#name = name;
    this.check = check;
  }
  get typeName(): string {
    return FORMAT.name;
  }
  equals(other: Value): boolean {
    return other instanceof FormatValue ? this.#name === other.#name : fail('no such overload');
  }
  override toString(): string {
    return this.#name;
  }
}
