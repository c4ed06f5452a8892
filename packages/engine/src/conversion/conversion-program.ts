import { type JsonValue, stringifyJson } from '@typekro/kit/core';

/** The annotation of a CRD with the conversions between its versions (a `ConversionProgram` as JSON). */
export const CONVERSIONS_ANNOTATION = 'kro.run/conversions';

/** How one field of the converted object gets its value: by an expression over `self`, or by a constant. */
export interface FieldRule {
  /** The names of the fields from the root of the object, such as `['spec', 'width']`. */
  readonly to: readonly string[];
  /** The CEL text. Absent for a constant. */
  readonly cel?: string;
  readonly value?: JsonValue;
}

/** One direction of a conversion. Fields without a rule keep their value if the other version has them. */
export interface DirectionRules {
  readonly fields: readonly FieldRule[];
  /** The CEL text of the whole object, in place of rules for fields. */
  readonly whole?: string;
}

/** The conversions of one version to the hub and back. */
export interface VersionRules {
  readonly toHub: DirectionRules;
  readonly fromHub: DirectionRules;
  /** The fields of either version that the other one cannot hold. They are kept in an annotation. */
  readonly lossy: readonly (readonly string[])[];
}

/** All conversions of a CRD. The hub is the stored version; each other version has rules to it and from it. */
export interface ConversionProgram {
  readonly hub: string;
  readonly versions: Readonly<Record<string, VersionRules>>;
  /** The program before the last change of the hub, while objects are still stored in its hub or an earlier one. */
  readonly former?: ConversionProgram;
}

/** The program as the value of the annotation. Equal programs give equal texts. */
export const printProgram = (program: ConversionProgram): string => stringifyJson(inOrder(program));

const inOrder = ({ hub, versions, former }: ConversionProgram): object => ({
  hub,
  versions,
  ...(former === undefined ? {} : { former: inOrder(former) }),
});
