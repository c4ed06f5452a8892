/**
 * Conversions of custom resources between the versions of their API. A program has CEL expressions for each version. It
 * is stored in an annotation of the CRD, so that whoever reads the CRD can convert. Fields that a version cannot hold
 * are kept in an annotation of the object. All functions are pure.
 *
 * @packageDocumentation
 */
import { answerReview, refuseReview } from './answer-review.ts';
import { conversionFacts, conversionsOfField } from './conversion-facts.ts';
import { CONVERSIONS_ANNOTATION } from './conversion-program.ts';
import { conversionEffect, shownIn } from './conversion-problem.ts';
import { hasProgram } from './program-of-crd.ts';
import { ConversionError } from './conversion-rules.ts';
import { converterOf, inHub } from './converter.ts';
import { KEPT_FIELDS_ANNOTATION, keptFieldsOf } from './kept-fields.ts';
import {
  continuing,
  hasSameHub,
  leavingVersions,
  metadataWithout,
  storedVersion,
  withoutVersions,
} from './leaving-versions.ts';

/** Conversions of the objects of one CRD. */
export const Conversion = {
  /** The annotation of a CRD with the conversions between its versions. */
  ANNOTATION: CONVERSIONS_ANNOTATION,
  /** Does a CRD have conversions? */
  isIn: hasProgram,
  of: converterOf,
  inHub,
  /** The rules of the conversions of a CRD, as an author writes them. */
  facts: conversionFacts,
  factsOfField: conversionsOfField,
  effectOn: conversionEffect,
  shownIn,
  /** The values of an object that its version cannot hold, by the version that can. */
  keptFields: keptFieldsOf,
  /** The annotation of an object with its kept fields. */
  KEPT_FIELDS_ANNOTATION,
  leavingVersions,
  continuing,
  hasSameHub,
  storedVersion,
  withoutVersions,
  metadataWithout,
  answerReview,
  refuseReview,
  /** The error of an object that cannot be converted. */
  Error: ConversionError,
};
