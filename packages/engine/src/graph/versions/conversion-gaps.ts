import { getOwn } from '@typekro/kit/core';
import { isKept, isOnOnePath } from '../../conversion/field-steps.ts';
import { innerOf, isCopied } from '../../conversion/target-parts.ts';
import type { Schema } from '../../schema/index.ts';

type Field = readonly string[];

/** What is known about one direction of a conversion. */
export interface DirectionFacts {
  /** The schemas of whole objects. */
  readonly from: Schema;
  readonly to: Schema;
  /** The fields that have a rule. */
  readonly rules: readonly Field[];
  /** Does one expression make the whole object? Its fields are then known only for objects. */
  readonly isWhole: boolean;
  /** The fields whose rule may give no value. */
  readonly optional: readonly Field[];
  /** The fields that the expressions read. */
  readonly reads: readonly Field[];
  readonly lossy: readonly Field[];
  /** Is the source the hub? Only there has a status something to convert, because the controller writes it. */
  readonly isFromHub: boolean;
}

/** A field that is wrong without running anything. */
export interface ConversionGap {
  /** `lost`: no part of the result has the value. `missing`: a required field may have no value. `type`: types differ. */
  readonly kind: 'lost' | 'missing' | 'type';
  readonly field: Field;
  /** What a list or map loses when it is copied. */
  readonly part?: LostPart;
}

/** The first part of the elements that a copy loses, such as `[].name`: one that is absent there, or has another type. */
interface LostPart {
  readonly steps: string;
  readonly isAbsent: boolean;
}

/** The depth at which the comparison of recursive schemas ends. */
const MAX_DEPTH = 60;

/**
 * Fields of the spec that a conversion loses, fields that it leaves without a value, and fields that it cannot copy, also
 * in the status. A field without a rule is copied if both versions have it.
 */
export function conversionGaps(facts: DirectionFacts): ConversionGap[] {
  const finder = new GapFinder(facts);
  const { properties: from = {} } = facts.from;
  const { properties: to = {} } = facts.to;
  finder.visit(from['spec'] ?? {}, to['spec'] ?? {}, ['spec']);
  if (!facts.isFromHub) return finder.found;
  const status = new GapFinder(facts);
  status.visit(from['status'] ?? {}, to['status'] ?? {}, ['status']);
  return [...finder.found, ...status.found.filter(({ kind }) => kind === 'type')];
}

class GapFinder {
  readonly found: ConversionGap[] = [];
  readonly #facts: DirectionFacts;

  constructor(facts: DirectionFacts) {
    this.#facts = facts;
  }

  /** Compares an object that both versions have. */
  visit(from: Schema, to: Schema, path: Field): void {
    if (path.length > MAX_DEPTH) return;
    const [fields, others] = [from.properties ?? {}, to.properties ?? {}];
    const isOpen = to['x-kubernetes-preserve-unknown-fields'] === true;
    for (const [name, field] of Object.entries(fields)) {
      if (!isOpen || Object.hasOwn(others, name)) this.#source(field, getOwn(others, name), [...path, name]);
    }
    if (this.#facts.isWhole) return;
    for (const [name, field] of Object.entries(others))
      this.#target(field, getOwn(fields, name), [...path, name], {
        isRequired: to.required?.includes(name) === true && field.default === undefined,
        isSure: from.required?.includes(name) === true || getOwn(fields, name)?.default !== undefined,
      });
  }

  /** A field of the source: is its value in the result? */
  #source(field: Schema, other: Schema | undefined, path: Field): void {
    const { isWhole, rules } = this.#facts;
    const isSet = isWhole || rules.some((rule) => rule.length <= path.length && isOnOnePath(path, rule));
    if (isSet || other === undefined || this.#isMade(field, other, path)) {
      if (!this.#isRead(field, path)) this.found.push({ kind: 'lost', field: path });
      return;
    }
    if (!isCopied(field, other)) {
      this.found.push({ kind: 'type', field: path });
      return;
    }
    if (field.properties !== undefined) {
      if (other.properties !== undefined) this.visit(field, other, path);
      return;
    }
    if (innerOf(field) === undefined || this.#isRead(field, path)) return;
    const part = lostPart(field, other, 0);
    if (part !== undefined) this.found.push({ kind: 'lost', field: path, part });
  }

  /** Do rules make the parts of the other field, because the value cannot be copied? */
  #isMade(field: Schema, other: Schema, path: Field): boolean {
    return !isCopied(field, other) && other.properties !== undefined && this.#hasInner(path);
  }

  #hasInner(path: Field): boolean {
    return this.#facts.rules.some((rule) => rule.length > path.length && isOnOnePath(path, rule));
  }

  /** Does an expression read the field or all of its parts, or is it kept? */
  #isRead(field: Schema, path: Field): boolean {
    const { reads, lossy } = this.#facts;
    if (isKept(path, lossy) || reads.some((read) => read.length <= path.length && isOnOnePath(path, read))) return true;
    const parts = Object.entries(field.properties ?? {});
    return (
      parts.length > 0 && path.length < MAX_DEPTH && parts.every(([name, part]) => this.#isRead(part, [...path, name]))
    );
  }

  /** A field of the target: does it get a value if it needs one? */
  #target(
    field: Schema,
    other: Schema | undefined,
    path: Field,
    { isRequired, isSure }: { readonly isRequired: boolean; readonly isSure: boolean },
  ): void {
    const { rules, optional } = this.#facts;
    const isRuled = rules.some((rule) => isOnOnePath(path, rule) && rule.length <= path.length);
    if (isRuled) {
      if (isRequired && optional.some((each) => each.length === path.length && isOnOnePath(path, each)))
        this.found.push({ kind: 'missing', field: path });
      return;
    }
    const hasInner = this.#hasInner(path);
    if (isRequired && !hasInner && !(other !== undefined && isSure)) {
      this.found.push({ kind: 'missing', field: path });
      return;
    }
    // The parts of an object that only rules make. An object that both versions have is visited from the source.
    if (hasInner && field.properties !== undefined && (other === undefined || !isCopied(other, field)))
      this.visit({}, field, path);
  }
}

/** What a copy of the value, pruned by the other schema, loses first. */
function lostPart(from: Schema, to: Schema, depth: number): LostPart | undefined {
  if (depth > MAX_DEPTH || to['x-kubernetes-preserve-unknown-fields'] === true) return undefined;
  const [inner, outer] = [innerOf(from), innerOf(to)];
  const parts: readonly (readonly [string, Schema, Schema | undefined])[] =
    inner !== undefined && outer !== undefined
      ? [[from.items === undefined ? '.*' : '[]', inner, outer]]
      : Object.entries(from.properties ?? {}).map(([name, field]) => [
          `.${name}`,
          field,
          getOwn(to.properties ?? {}, name),
        ]);
  for (const [step, field, other] of parts) {
    if (other === undefined || !isCopied(field, other)) return { steps: step, isAbsent: other === undefined };
    const rest = lostPart(field, other, depth + 1);
    if (rest !== undefined) return { ...rest, steps: `${step}${rest.steps}` };
  }
  return undefined;
}
